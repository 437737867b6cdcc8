import { ConfigResourceTypes } from 'kafkajs';
import type { KafkaClient } from './kafka-client';
import { KeptAdmin } from './kept-admin';

/** A topic to be made. */
export interface NewTopic {
  readonly topic: string;
  readonly partitions: number;
  /** Copies of each partition; -1: as the brokers have it set. */
  readonly replicationFactor: number;
  /** Beside those of the brokers, e.g. `retention.ms`. */
  readonly settings: Readonly<Record<string, string>>;
}

const CREATE_MS_MAX = 30_000;

/** Which topics the brokers have. */
export class TopicDirectory {
  readonly #admin: KeptAdmin;

  constructor(client: KafkaClient) {
    this.#admin = new KeptAdmin(client);
  }

  /** As the brokers say now. @throws KafkaFailure */
  list(): Promise<ReadonlySet<string>> {
    return this.#admin.use(async (admin) => new Set(await admin.listTopics()));
  }

  /** Partitions of a topic. @throws KafkaFailure if it is not there, too. */
  partitionsOf(topic: string): Promise<number> {
    return this.#admin.use(async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics.find((one) => one.name === topic)?.partitions.length ?? 0;
    });
  }

  /** Makes those that are not there; one that somebody else makes at the same time is as good. @throws KafkaFailure */
  async create(topics: readonly NewTopic[]): Promise<void> {
    if (topics.length === 0) return;
    await this.#admin.use((admin) =>
      admin.createTopics({
        waitForLeaders: true,
        timeout: CREATE_MS_MAX,
        topics: topics.map(({ topic, partitions, replicationFactor, settings }) => ({
          topic,
          numPartitions: partitions,
          replicationFactor,
          configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
        })),
      }),
    );
  }

  /** Settings of a topic as they are in force, those of the brokers included. @throws KafkaFailure */
  settingsOf(topic: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#admin.use(async (admin) => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: [...names] }],
      });
      const entries = resources.flatMap(({ configEntries }) => configEntries);
      return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
    });
  }

  close(): Promise<void> {
    return this.#admin.close();
  }
}
