import { ConfigResourceTypes } from 'kafkajs';
import type { Admin } from 'kafkajs';
import type { KafkaClient } from './kafka-client';
import { KafkaFailure } from './kafka-failure';

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
  readonly #admin: Admin;
  #connecting: Promise<void> | null = null;

  constructor(client: KafkaClient) {
    this.#admin = client.admin();
  }

  /** As the brokers say now. @throws KafkaFailure */
  async list(): Promise<ReadonlySet<string>> {
    return this.#ask(async (admin) => new Set(await admin.listTopics()));
  }

  /** Partitions of a topic. @throws KafkaFailure if it is not there, too. */
  async partitionsOf(topic: string): Promise<number> {
    return this.#ask(async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics.find((one) => one.name === topic)?.partitions.length ?? 0;
    });
  }

  /** Makes those that are not there; one that somebody else makes at the same time is as good. @throws KafkaFailure */
  async create(topics: readonly NewTopic[]): Promise<void> {
    if (topics.length === 0) return;
    await this.#ask((admin) =>
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
  async settingsOf(topic: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#ask(async (admin) => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: [...names] }],
      });
      const entries = resources.flatMap(({ configEntries }) => configEntries);
      return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
    });
  }

  async close(): Promise<void> {
    await this.#admin.disconnect();
  }

  async #ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    try {
      this.#connecting ??= this.#admin.connect();
      await this.#connecting;
      return await question(this.#admin);
    } catch (error) {
      this.#connecting = null;
      throw KafkaFailure.of(error);
    }
  }
}
