import type { Admin } from 'kafkajs';
import type { KafkaClient } from './kafka-client';
import { KafkaFailure } from './kafka-failure';

/** What one partition holds: the offsets from `low` to before `high`. */
export interface OffsetRange {
  readonly low: number;
  readonly high: number;
}

/** Asks over one connection, again and again, what the partitions of a topic hold. */
export class TopicRanges {
  readonly #admin: Admin;
  #connecting: Promise<void> | null = null;

  constructor(
    client: KafkaClient,
    private readonly topic: string,
  ) {
    this.#admin = client.admin();
  }

  /** By partition, as the brokers say now. @throws KafkaFailure */
  async read(): Promise<ReadonlyMap<number, OffsetRange>> {
    try {
      this.#connecting ??= this.#admin.connect();
      await this.#connecting;
      const offsets = await this.#admin.fetchTopicOffsets(this.topic);
      return new Map(offsets.map(({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }]));
    } catch (error) {
      this.#connecting = null;
      throw KafkaFailure.of(error);
    }
  }

  async close(): Promise<void> {
    await this.#admin.disconnect();
  }
}
