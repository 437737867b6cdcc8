import {
  KAFKA_BROKERS,
  listenProblems,
  mysqlUrl,
  optionalStarrocksUrls,
  redisUrls,
  setting,
  SETTINGS,
  STARROCKS_SETTINGS,
  STARROCKS_SQL_SHAPE,
  STARROCKS_TABLE_SETTINGS,
  text,
} from '@tessera/platform';
import type {
  Program,
  StarrocksSettings,
  StarrocksSqlShape,
  StarrocksTableSettings,
  StarrocksUrls,
  TesseraConfig,
} from '@tessera/platform';

/** Settings that mean the same in the standalone service. */
type CommonConfig = Pick<
  TesseraConfig,
  | 'port'
  | 'host'
  | 'timeZone'
  | 'apiKeys'
  | 'futureHours'
  | 'cuidPattern'
  | 'stringBytesMax'
  | 'messagesConcurrency'
  | 'requestsConcurrency'
  | 'cursorsMb'
  | 'logLevel'
>;

export interface SegmentationApiConfig extends CommonConfig, StarrocksSettings {
  readonly brokers: readonly string[];
  readonly mysqlUrl: string;
  readonly redisUrls: readonly [string, ...string[]];
  /** Null: the tag types, messages and tags of single users alone. */
  readonly starrocksUrls: StarrocksUrls | null;
  readonly sqlShape: StarrocksSqlShape;
  /** As the ingest workers are told: what these would refuse is refused here. */
  readonly starrocksProfileModel: StarrocksTableSettings['starrocksProfileModel'];
  readonly mappingGroupId: string;
  readonly ingestGroupId: string;
}

/** Everything the API of the distributed shape can be told. */
export const SEGMENTATION_API: Program<SegmentationApiConfig> = {
  title:
    "Tessera's HTTP API in the distributed shape: tag types in MySQL, messages to Kafka, single users from Redis, questions to StarRocks.",
  usage: 'npm run segmentation-api -- [--option value …]',
  settings: {
    port: SETTINGS.port,
    host: SETTINGS.host,
    brokers: KAFKA_BROKERS,
    mysqlUrl: mysqlUrl('that holds the tag catalogue'),
    redisUrls: redisUrls('that holds the identity and the online profiles'),
    starrocksUrls: optionalStarrocksUrls(
      'that answers questions about sets of users',
      'those are refused, and of single users only tags are shown',
    ),
    ...STARROCKS_SETTINGS,
    sqlShape: STARROCKS_SQL_SHAPE,
    starrocksProfileModel: STARROCKS_TABLE_SETTINGS.starrocksProfileModel,
    mappingGroupId: setting(
      'MAPPING_GROUP_ID',
      'tessera-mapping',
      'GROUP_ID of the mapping workers, for reads that wait for messages',
      text('a name'),
    ),
    ingestGroupId: setting('INGEST_GROUP_ID', 'tessera-ingest', 'GROUP_ID of the ingest workers', text('a name')),
    timeZone: SETTINGS.timeZone,
    apiKeys: SETTINGS.apiKeys,
    futureHours: SETTINGS.futureHours,
    cuidPattern: SETTINGS.cuidPattern,
    stringBytesMax: SETTINGS.stringBytesMax,
    messagesConcurrency: SETTINGS.messagesConcurrency,
    requestsConcurrency: SETTINGS.requestsConcurrency,
    cursorsMb: SETTINGS.cursorsMb,
    logLevel: SETTINGS.logLevel,
  },
  problemsOf: listenProblems,
};
