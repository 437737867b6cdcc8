import { KAFKA_BROKERS, listenProblems, mysqlUrls, SETTINGS } from '@tessera/platform';
import type { Program, TesseraConfig } from '@tessera/platform';

/** Settings that mean the same in the standalone service. */
type CommonConfig = Pick<
  TesseraConfig,
  | 'port'
  | 'host'
  | 'apiKeys'
  | 'futureHours'
  | 'cuidPattern'
  | 'stringBytesMax'
  | 'messagesConcurrency'
  | 'requestsConcurrency'
  | 'logLevel'
>;

export interface SegmentationApiConfig extends CommonConfig {
  readonly brokers: readonly string[];
  readonly mysqlUrls: readonly [string, ...string[]];
}

/** Everything the API of the distributed shape can be told. */
export const SEGMENTATION_API: Program<SegmentationApiConfig> = {
  title: "Tessera's HTTP API in the distributed shape: tag types in MySQL, messages to Kafka.",
  usage: 'npm run segmentation-api -- [--option value …]',
  settings: {
    port: SETTINGS.port,
    host: SETTINGS.host,
    brokers: KAFKA_BROKERS,
    mysqlUrls: mysqlUrls('that holds the tag catalogue'),
    apiKeys: SETTINGS.apiKeys,
    futureHours: SETTINGS.futureHours,
    cuidPattern: SETTINGS.cuidPattern,
    stringBytesMax: SETTINGS.stringBytesMax,
    messagesConcurrency: SETTINGS.messagesConcurrency,
    requestsConcurrency: SETTINGS.requestsConcurrency,
    logLevel: SETTINGS.logLevel,
  },
  problemsOf: listenProblems,
};
