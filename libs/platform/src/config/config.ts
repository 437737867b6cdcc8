import { availableParallelism, totalmem } from 'node:os';
import { addresses, instant, keys, oneOf, optional, pattern, setting, text, timeZone, wholeNumber } from './setting';
import type { Setting } from './setting';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How one Tessera process is set up; see the descriptions in `SETTINGS`. */
export interface TesseraConfig {
  readonly port: number;
  readonly host: string;
  readonly dataDirectory: string;
  readonly sample: 'shop' | 'none';
  readonly customers: number;
  readonly apiKeys: readonly string[];
  readonly timeZone: string;
  readonly logLevel: LogLevel;
  readonly idMemory: number;
  readonly threads: number;
  readonly memoryMb: number;
  readonly futureHours: number;
  readonly cuidPattern: RegExp | null;
  readonly stringBytesMax: number;
  readonly messagesConcurrency: number;
  readonly requestsConcurrency: number;
  readonly cursorsMb: number;
  /** Null: no stream is read. */
  readonly kafkaBrokers: readonly string[] | null;
  readonly groupId: string;
  readonly partitions: number;
  readonly streamBatchMessages: number;
  readonly streamBatchKb: number;
  readonly streamBatchMs: number;
  readonly streamEpoch: number;
  /** Ms since the epoch; null: the beginning. */
  readonly streamStart: number | null;
}

type Settings = { readonly [name in keyof TesseraConfig]: Setting<TesseraConfig[name]> };

/** Every setting, in the order in which `--help` prints them. */
/** Of every program that listens. */
export const API_KEYS: Setting<readonly string[]> = {
  ...setting(
    'API_KEYS',
    '',
    'bearer keys that callers must present, separated by commas; none: no key is asked for',
    keys,
  ),
  flag: null,
  secret: true,
};

export const SETTINGS: Settings = {
  port: setting('PORT', '3000', 'TCP port to listen on; 0 picks a free one', wholeNumber(0, 65_535)),
  host: setting(
    'HOST',
    '127.0.0.1',
    'address to listen on; beyond loopback only with API_KEYS',
    text('an address such as 127.0.0.1'),
  ),
  dataDirectory: setting('DATA_DIR', './data', 'the one directory that holds everything', text('a directory')),
  sample: setting('SAMPLE', 'shop', 'sample data loaded on the first start: shop or none', oneOf(['shop', 'none'])),
  customers: setting('CUSTOMERS', '200000', 'customers of the sample shop', wholeNumber(1, 50_000_000)),
  apiKeys: API_KEYS,
  timeZone: setting('TZ_DEFAULT', 'UTC', 'time zone of calendar windows and dates when a request names none', timeZone),
  logLevel: setting('LOG_LEVEL', 'info', `least severe log line written: ${LOG_LEVELS.join(', ')}`, oneOf(LOG_LEVELS)),
  idMemory: setting(
    'ID_MEMORY',
    '50000000',
    'message ids remembered against repeats (7 days, at most so many)',
    wholeNumber(1, 1_000_000_000),
  ),
  threads: setting(
    'THREADS',
    String(Math.min(8, availableParallelism())),
    'threads that evaluate large questions and build indexes; 0: the main one does it; by default one a core, at most 8',
    wholeNumber(0, 64),
  ),
  memoryMb: setting(
    'MEMORY_MB',
    String(Math.floor((totalmem() / 1_048_576) * 0.75)),
    'memory for users, tags and events, in MB; past it what is not in use is read from disk when needed, and if that is not enough writes are refused; by default three quarters of the machine',
    wholeNumber(1, 16_777_216),
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
  messagesConcurrency: setting(
    'MESSAGES_CONCURRENCY',
    '16',
    'requests to /v1/messages (and uploads to /v1/lists) served at once; more get 429',
    wholeNumber(1, 1_000),
  ),
  requestsConcurrency: setting(
    'REQUESTS_CONCURRENCY',
    '256',
    'requests with a JSON body served at once; more get 429',
    wholeNumber(1, 100_000),
  ),
  cursorsMb: setting(
    'CURSORS_MB',
    '256',
    'memory for the results that member cursors page through, in MB',
    wholeNumber(1, 65_536),
  ),
  kafkaBrokers: setting(
    'KAFKA_BROKERS',
    '',
    'brokers of Kafka, separated by commas: messages are read from its topic tags.raw; none: HTTP only',
    optional(addresses),
  ),
  groupId: setting(
    'GROUP_ID',
    'tessera-standalone',
    'consumer group to which positions in tags.raw are published, for those who watch its lag',
    text('a name'),
  ),
  partitions: setting(
    'PARTITIONS',
    '16',
    'Kafka partitions of tags.raw where it has to be made',
    wholeNumber(1, 100_000),
  ),
  streamBatchMessages: setting(
    'STREAM_BATCH_MESSAGES',
    '1000',
    'messages of a Kafka partition that are applied in one go, at most',
    wholeNumber(1, 1_000),
  ),
  streamBatchKb: setting('STREAM_BATCH_KB', '1024', 'or so many KB of them', wholeNumber(1, 16_384)),
  streamBatchMs: setting(
    'STREAM_BATCH_MS',
    '5',
    'how long the first of them waits for others, in milliseconds',
    wholeNumber(0, 10_000),
  ),
  streamEpoch: setting(
    'STREAM_EPOCH',
    '0',
    'raise it by one when tags.raw was deleted and made anew: it is then read as one that never was',
    wholeNumber(0, 1_000_000),
  ),
  streamStart: setting(
    'STREAM_START',
    '',
    'where a Kafka partition that was never read begins: with the first record of this instant or later; none: with the oldest',
    optional(instant),
  ),
};
