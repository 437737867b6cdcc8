import { API_KEYS, KAFKA_BROKERS, listenProblems, mysqlUrl, OPERATIONS_HOST, redisUrls } from '@tessera/platform';
import { optionalStarrocksUrls, setting, SETTINGS, STARROCKS_HTTP_URLS, STARROCKS_SETTINGS } from '@tessera/platform';
import { STARROCKS_TABLE_SETTINGS, text, wholeNumber } from '@tessera/platform';
import type {
  Program,
  StarrocksSettings,
  StarrocksTableSettings,
  StarrocksUrls,
  WorkerConfig,
} from '@tessera/platform';

/** How the tag store is written. */
export interface StoreConfig extends StarrocksSettings, StarrocksTableSettings {
  readonly starrocksHttpUrls: readonly [string, ...string[]] | null;
  readonly starrocksBatchRows: number;
  readonly starrocksBatchKb: number;
  readonly starrocksBatchMs: number;
  readonly starrocksBufferMb: number;
  readonly stringBytesMax: number;
  readonly futureHours: number;
}

export interface IngestWorkerConfig extends WorkerConfig, StoreConfig {
  /** Null: there is no tag store. */
  readonly starrocksUrls: StarrocksUrls | null;
  readonly brokers: readonly string[];
  readonly redisUrls: readonly [string, ...string[]];
  readonly mysqlUrl: string;
  readonly groupId: string;
  readonly idMemory: number;
  readonly cuidPattern: RegExp | null;
  readonly batchRecords: number;
  readonly batchKb: number;
  readonly batchMs: number;
  readonly commitMs: number;
  readonly waitingMb: number;
}

/** Everything the ingest worker can be told. */
export const INGEST_WORKER: Program<IngestWorkerConfig> = {
  title:
    "Tessera's ingest worker: applies the messages of tags.<type>, and erasures, to the online profiles in Redis and to the tables in StarRocks.",
  usage: 'npm run ingest-worker -- [--option value …]',
  settings: {
    port: setting('PORT', '3002', 'TCP port of health and metrics; 0 picks a free one', wholeNumber(0, 65_535)),
    host: OPERATIONS_HOST,
    apiKeys: API_KEYS,
    brokers: KAFKA_BROKERS,
    redisUrls: redisUrls('that holds the online profiles'),
    mysqlUrl: mysqlUrl('that holds the tag catalogue'),
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
    futureHours: SETTINGS.futureHours,
    cuidPattern: SETTINGS.cuidPattern,
    stringBytesMax: SETTINGS.stringBytesMax,
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
    starrocksUrls: optionalStarrocksUrls(
      'that sets of users are counted by',
      'the online profiles alone are written, and nothing can be counted',
    ),
    starrocksHttpUrls: STARROCKS_HTTP_URLS,
    ...STARROCKS_SETTINGS,
    starrocksTimeoutMs: setting(
      'STARROCKS_TIMEOUT_MS',
      '20000',
      'a statement that StarRocks has not answered after so many milliseconds is given up; who takes over from a worker that died waits twice as long before it writes',
      wholeNumber(1_000, 3_600_000),
    ),
    starrocksBatchRows: setting(
      'STARROCKS_BATCH_ROWS',
      '5000',
      'rows of one table that are written in one statement, at most',
      wholeNumber(1, 1_000_000),
    ),
    starrocksBatchKb: setting('STARROCKS_BATCH_KB', '4096', 'or so many KB of them', wholeNumber(1, 65_536)),
    starrocksBatchMs: setting(
      'STARROCKS_BATCH_MS',
      '5000',
      'how long the first of them waits for others, in milliseconds; StarRocks merges what many small statements write only so fast',
      wholeNumber(0, 600_000),
    ),
    starrocksBufferMb: setting(
      'STARROCKS_BUFFER_MB',
      '256',
      'applying waits while so many MB of records wait for StarRocks',
      wholeNumber(16, 65_536),
    ),
    ...STARROCKS_TABLE_SETTINGS,
    logLevel: SETTINGS.logLevel,
  },
  problemsOf: listenProblems,
};
