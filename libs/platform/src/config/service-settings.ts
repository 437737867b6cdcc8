import type { Setting } from './setting';
import { addresses, setting, text, url, urls } from './setting';

/** Where other services are, as every program that needs them is told. */

const SECRET = { flag: null, secret: true } as const;

/** Of a process that answers nothing but health and metrics. */
export const OPERATIONS_HOST: Setting<string> = setting(
  'HOST',
  '127.0.0.1',
  'address of health and metrics',
  text('an address such as 127.0.0.1'),
);

export const KAFKA_BROKERS: Setting<readonly string[]> = setting(
  'KAFKA_BROKERS',
  '127.0.0.1:9092',
  'brokers of Kafka, separated by commas',
  addresses,
);

/** @param use what it is for, e.g. `that holds the identity`. */
export function redisUrls(use: string): Setting<readonly [string, ...string[]]> {
  const meaning = `the Redis ${use}; of a Cluster some nodes, separated by commas`;
  return { ...setting('REDIS_URL', 'redis://127.0.0.1:6379', meaning, urls(['redis:', 'rediss:'])), ...SECRET };
}

/** @param use what it is for, e.g. `that holds the tag catalogue`. */
export function mysqlUrl(use: string): Setting<string> {
  return {
    ...setting('MYSQL_URL', 'mysql://root@127.0.0.1:3306/tessera', `the MySQL ${use}`, url(['mysql:'])),
    ...SECRET,
  };
}
