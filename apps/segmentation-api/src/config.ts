import { addresses, listenProblems, setting, SETTINGS, urls } from '@tessera/platform';
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
    brokers: setting('KAFKA_BROKERS', '127.0.0.1:9092', 'brokers of Kafka, separated by commas', addresses),
    mysqlUrls: {
      ...setting(
        'MYSQL_URL',
        'mysql://root@127.0.0.1:3306/tessera',
        'the MySQL that holds the tag catalogue',
        urls(['mysql:']),
      ),
      flag: null,
      secret: true,
    },
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
