import path from 'node:path';
import { MysqlCatalogStore } from '@tessera/catalog-store';
import { KafkaClient } from '@tessera/kafka';
import { StarrocksPool } from '@tessera/starrocks-engine';
import { declareTagType } from '@tessera/tag-catalog';
import { KafkaServer } from '../support/services/kafka-server';
import { MariaDbServer } from '../support/services/mariadb-server';
import type { NativeServer } from '../support/services/native-server';
import { RedisServer } from '../support/services/redis-server';
import { StarrocksStandInServer } from '../support/starrocks-standin/standin-server';
import { TABLES_DATABASE } from './compare-tables';

const RAW_BYTES_MAX = 16 * 1024 * 1024;

const SETTINGS: Readonly<Record<string, { name: string; value: string }[]>> = {
  // More than what the worker takes and than its own topics do.
  'tags.raw': [{ name: 'max.message.bytes', value: String(RAW_BYTES_MAX) }],
  // Else the worker does not begin.
  sys_cguid_mapping: [{ name: 'retention.ms', value: '-1' }],
};

/** A Kafka, a Redis and a MariaDB for one run. */
export class StreamServers {
  readonly client: KafkaClient;

  private constructor(
    readonly kafka: KafkaServer,
    readonly redis: RedisServer,
    readonly mariadb: MariaDbServer,
    readonly starrocks: StarrocksStandInServer | null,
  ) {
    this.client = new KafkaClient({ brokers: [kafka.broker], clientId: 'test', log: () => undefined });
  }

  /** Why this machine can't run them; null: it can. */
  static lacks(): string | null {
    return KafkaServer.lacks() ?? RedisServer.lacks() ?? MariaDbServer.lacks();
  }

  static create(folder: string): Promise<StreamServers> {
    return StreamServers.#create(folder, null);
  }

  /** And the stand-in for StarRocks. */
  static async createWithStarrocks(folder: string): Promise<StreamServers> {
    return StreamServers.#create(folder, await StarrocksStandInServer.create(path.join(folder, 'starrocks')));
  }

  static async #create(folder: string, starrocks: StarrocksStandInServer | null): Promise<StreamServers> {
    return new StreamServers(
      await KafkaServer.create(path.join(folder, 'kafka')),
      await RedisServer.create(path.join(folder, 'redis')),
      await MariaDbServer.create(path.join(folder, 'mariadb')),
      starrocks,
    );
  }

  /** One after the other: packages may have to be installed. */
  async start(): Promise<void> {
    for (const server of this.all) await server.start();
    if (this.starrocks === null) return;
    const pool = new StarrocksPool({ urls: [this.starrocks.mysqlUrl], database: null });
    await pool.run(`CREATE DATABASE IF NOT EXISTS \`${TABLES_DATABASE}\``);
    await pool.close();
  }

  get settings(): Readonly<Record<string, string>> {
    return { KAFKA_BROKERS: this.kafka.broker, REDIS_URL: this.redis.url, MYSQL_URL: this.mariadb.url };
  }

  /** Of ingest workers; rows are written soon. */
  get storeSettings(): Readonly<Record<string, string>> {
    if (this.starrocks === null) return this.settings;
    return {
      ...this.settings,
      STARROCKS_URL: this.starrocks.mysqlUrl,
      STARROCKS_DATABASE: TABLES_DATABASE,
      STARROCKS_REPLICATION: '1',
      STARROCKS_BUCKETS: '1',
      STARROCKS_BATCH_MS: '200',
      STARROCKS_TIMEOUT_MS: '2000',
    };
  }

  async createTopics(topics: Readonly<Record<string, number>>): Promise<void> {
    const admin = this.client.admin();
    await admin.connect();
    await admin.createTopics({
      waitForLeaders: true,
      topics: Object.entries(topics).map(([topic, numPartitions]) => ({
        topic,
        numPartitions,
        replicationFactor: 1,
        configEntries: SETTINGS[topic] ?? [],
      })),
    });
    await admin.disconnect();
  }

  /** Declares tag types in the catalogue, each with one tag. */
  async declare(...names: readonly string[]): Promise<void> {
    const store = await MysqlCatalogStore.open(this.mariadb.url);
    for (const name of names) {
      await store.update((catalog) => {
        const tags = [{ name: `${name}_n`, valueType: 'int' }];
        const declared = declareTagType(catalog, { name, kind: 'profile', tags });
        if (!declared.ok) throw new Error(declared.errors.map(({ message }) => message).join());
        return declared.value;
      });
    }
    await store.close();
  }

  /** Stops them and deletes their data. */
  async remove(): Promise<void> {
    for (const server of this.all) await server.remove();
  }

  private get all(): readonly NativeServer[] {
    const { kafka, redis, mariadb, starrocks } = this;
    return [kafka, redis, mariadb, ...(starrocks === null ? [] : [starrocks])];
  }
}
