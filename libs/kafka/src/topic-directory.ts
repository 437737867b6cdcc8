import type { Admin } from 'kafkajs';
import type { KafkaClient } from './kafka-client';
import { KafkaFailure } from './kafka-failure';

/** Which topics the brokers have. */
export class TopicDirectory {
  readonly #admin: Admin;
  #connecting: Promise<void> | null = null;

  constructor(client: KafkaClient) {
    this.#admin = client.admin();
  }

  /** As the brokers say now. @throws KafkaFailure */
  async list(): Promise<ReadonlySet<string>> {
    try {
      this.#connecting ??= this.#admin.connect();
      await this.#connecting;
      return new Set(await this.#admin.listTopics());
    } catch (error) {
      this.#connecting = null;
      throw KafkaFailure.of(error);
    }
  }

  async close(): Promise<void> {
    await this.#admin.disconnect();
  }
}
