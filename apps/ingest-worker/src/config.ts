import { addresses, API_KEYS, listenProblems, LOG_LEVELS, oneOf, pattern, setting } from '@tessera/platform';
import { text, urls, wholeNumber } from '@tessera/platform';
import type { Program, WorkerConfig } from '@tessera/platform';

export interface IngestWorkerConfig extends WorkerConfig {
  readonly brokers: readonly string[];
  readonly redisUrls: readonly [string, ...string[]];
  readonly mysqlUrls: readonly [string, ...string[]];
  readonly groupId: string;
  readonly idMemory: number;
  readonly futureHours: number;
  readonly cuidPattern: RegExp | null;
  readonly stringBytesMax: number;
  readonly batchRecords: number;
  readonly batchKb: number;
  readonly batchMs: number;
  readonly commitMs: number;
  readonly waitingMb: number;
}

const SECRET = { flag: null, secret: true } as const;

/** Everything the ingest worker can be told. */
export const INGEST_WORKER: Program<IngestWorkerConfig> = {
  title: "Tessera's ingest worker: applies the messages of tags.<type>, and erasures, to the online profiles in Redis.",
  usage: 'npm run ingest-worker -- [--option value …]',
  settings: {
    port: setting('PORT', '3002', 'TCP port of health and metrics; 0 picks a free one', wholeNumber(0, 65_535)),
    host: setting('HOST', '127.0.0.1', 'address of health and metrics', text('an address such as 127.0.0.1')),
    apiKeys: API_KEYS,
    brokers: setting('KAFKA_BROKERS', '127.0.0.1:9092', 'brokers of Kafka, separated by commas', addresses),
    redisUrls: {
      ...setting(
        'REDIS_URL',
        'redis://127.0.0.1:6379',
        'the Redis that holds the online profiles; of a Cluster some nodes, separated by commas',
        urls(['redis:', 'rediss:']),
      ),
      ...SECRET,
    },
    mysqlUrls: {
      ...setting(
        'MYSQL_URL',
        'mysql://root@127.0.0.1:3306/tessera',
        'the MySQL that holds the tag catalogue',
        urls(['mysql:']),
      ),
      ...SECRET,
    },
    groupId: setting(
      'GROUP_ID',
      'tessera-ingest',
      'consumer group; all ingest workers of one Tessera share it',
      text('a name'),
    ),
    idMemory: setting(
      'ID_MEMORY',
      '50000000',
      'message ids remembered against repeats (7 days, at most so many); the same for all workers',
      wholeNumber(1, 1_000_000_000),
    ),
    futureHours: setting(
      'FUTURE_HOURS',
      '24',
      'how far ahead of its arrival the time of a message may lie',
      wholeNumber(0, 87_600),
    ),
    cuidPattern: setting('CUID_PATTERN', '', 'regular expression that every cuid must match; empty: any cuid', pattern),
    stringBytesMax: setting(
      'STRING_BYTES_MAX',
      '4096',
      'longest string value, in bytes of UTF-8',
      wholeNumber(1, 1_048_576),
    ),
    batchRecords: setting(
      'BATCH_RECORDS',
      '1000',
      'records of a Kafka partition that are applied in one go, at most: Redis does nothing else meanwhile',
      wholeNumber(1, 10_000),
    ),
    batchKb: setting('BATCH_KB', '1024', 'or so many KB of them', wholeNumber(1, 16_384)),
    batchMs: setting(
      'BATCH_MS',
      '20',
      'how long the first of them waits for others, in milliseconds',
      wholeNumber(0, 10_000),
    ),
    commitMs: setting(
      'COMMIT_MS',
      '2000',
      'positions are committed every so many milliseconds; a Kafka partition with news costs Redis 32 short calls then',
      wholeNumber(10, 60_000),
    ),
    waitingMb: setting(
      'WAITING_MB',
      '128',
      'reading waits while so many MB of records wait for Redis',
      wholeNumber(16, 65_536),
    ),
    logLevel: setting(
      'LOG_LEVEL',
      'info',
      `least severe log line written: ${LOG_LEVELS.join(', ')}`,
      oneOf(LOG_LEVELS),
    ),
  },
  problemsOf: listenProblems,
};
