import type { Producer } from 'kafkajs';
import type { KafkaClient } from './kafka-client';
import { KafkaFailure } from './kafka-failure';
import type { NewRecord } from './records';
import { ALL_REPLICAS, topicMessagesOf } from './topic-messages';

/** Writes records without transactions. It connects when it is first used. */
export class RecordWriter {
  #producer: Producer | null = null;

  constructor(private readonly client: KafkaClient) {}

  /** Resolves when all replicas have them. After a failure some may be there or not: written again, they stand twice. @throws KafkaFailure */
  async write(records: readonly NewRecord[]): Promise<void> {
    const producer = this.#producer ?? this.client.producer();
    this.#producer = producer;
    try {
      await producer.connect();
      for (const topicMessages of topicMessagesOf(records)) {
        await producer.sendBatch({ acks: ALL_REPLICAS, topicMessages });
      }
    } catch (error) {
      // One that gave a send up may not send again what it does not know the end of.
      if (this.#producer === producer) this.#producer = null;
      await producer.disconnect().catch(() => undefined);
      throw KafkaFailure.of(error);
    }
  }

  async close(): Promise<void> {
    await this.#producer?.disconnect().catch(() => undefined);
  }
}
