import { API_KEYS, KAFKA_BROKERS, listenProblems, mysqlUrl, OPERATIONS_HOST, redisUrls } from '@tessera/platform';
import { setting, SETTINGS, text, wholeNumber } from '@tessera/platform';
import type { LogLevel, Program, SettingValue } from '@tessera/platform';

export interface MappingWorkerConfig {
  readonly port: number;
  readonly host: string;
  readonly apiKeys: readonly string[];
  readonly brokers: readonly string[];
  readonly redisUrls: readonly [string, ...string[]];
  readonly mysqlUrl: string;
  readonly groupId: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly cacheMb: number;
  readonly leaseSize: number;
  readonly cuidPattern: RegExp | null;
  readonly commitRecords: number;
  readonly commitMs: number;
  readonly newGuidsAlarm: number;
  readonly logLevel: LogLevel;
}

/** -1, or 1 to 32,767. */
function copies(given: string): SettingValue<number> {
  return given === '-1' ? { ok: true, value: -1 } : wholeNumber(1, 32_767)(given);
}

/** Everything the mapping worker can be told. */
export const MAPPING_WORKER: Program<MappingWorkerConfig> = {
  title: "Tessera's mapping worker: stamps the messages of tags.raw with guids and sends them on to tags.<type>.",
  usage: 'npm run mapping-worker -- [--option value …]',
  settings: {
    port: setting('PORT', '3001', 'TCP port of health and metrics; 0 picks a free one', wholeNumber(0, 65_535)),
    host: OPERATIONS_HOST,
    apiKeys: API_KEYS,
    brokers: KAFKA_BROKERS,
    redisUrls: redisUrls('that holds the identity'),
    mysqlUrl: mysqlUrl('that hands out numbers and holds the tag catalogue'),
    groupId: setting(
      'GROUP_ID',
      'tessera-mapping',
      'consumer group; all mapping workers of one Tessera share it',
      text('a name'),
    ),
    partitions: setting(
      'PARTITIONS',
      '16',
      'Kafka partitions of tags.raw where it has to be made; the other topics get as many as it has',
      wholeNumber(1, 100_000),
    ),
    replicationFactor: setting(
      'REPLICATION_FACTOR',
      '-1',
      'copies of each Kafka partition of topics that are made; -1: as the brokers have it set',
      copies,
    ),
    cacheMb: setting(
      'CACHE_MB',
      '512',
      'memory for cuids seen lately, in MB; 24 to 31 bytes a cuid',
      wholeNumber(1, 1_048_576),
    ),
    leaseSize: setting('LEASE_SIZE', '10000', 'guids leased from MySQL at a time', wholeNumber(1, 10_000_000)),
    cuidPattern: SETTINGS.cuidPattern,
    commitRecords: setting(
      'COMMIT_RECORDS',
      '5000',
      'a transaction is committed after so many records of a Kafka partition',
      wholeNumber(1, 1_000_000),
    ),
    commitMs: setting('COMMIT_MS', '200', 'or after so many milliseconds', wholeNumber(1, 10_000)),
    newGuidsAlarm: setting(
      'NEW_GUIDS_ALARM',
      '10000000',
      'a warning in the log, and the limit of the alarm, when so many cuids are bound anew in a day; 0: none',
      wholeNumber(0, 4_294_967_294),
    ),
    logLevel: SETTINGS.logLevel,
  },
  problemsOf: listenProblems,
};
