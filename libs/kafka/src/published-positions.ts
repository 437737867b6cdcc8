import type { Producer } from 'kafkajs';
import type { KafkaClient } from './kafka-client';
import { KafkaFailure } from './kafka-failure';

const EVERY_MS = 1_000;

/**
 * Commits positions to a consumer group that has no members, so that whoever watches the lag of groups sees it. Nothing depends on it: nobody reads
 * from there, and a commit that fails is made with the next one.
 */
export class PublishedPositions {
  readonly #changed = new Map<number, number>();
  #producer: Producer | null = null;
  #underWay: Promise<void> = Promise.resolve();
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly client: KafkaClient,
    private readonly groupId: string,
    private readonly topic: string,
    private readonly onFailure: (error: KafkaFailure) => void,
  ) {
    this.#timer = setInterval(() => this.#publishSoon(), EVERY_MS);
    this.#timer.unref();
  }

  /** @param nextOffset of the first record that is not done. */
  note(partition: number, nextOffset: number): void {
    this.#changed.set(partition, nextOffset);
  }

  /** Commits what has changed last. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#publishSoon();
    await this.#underWay;
    await this.#producer?.disconnect().catch(() => undefined);
  }

  #publishSoon(): void {
    this.#underWay = this.#underWay.then(() => this.#publish());
  }

  async #publish(): Promise<void> {
    if (this.#changed.size === 0) return;
    const noted = [...this.#changed];
    this.#changed.clear();
    try {
      await this.#commit(noted);
    } catch (error) {
      for (const [partition, offset] of noted) {
        if (!this.#changed.has(partition)) this.#changed.set(partition, offset);
      }
      await this.#producer?.disconnect().catch(() => undefined);
      this.#producer = null;
      this.onFailure(KafkaFailure.of(error));
    }
  }

  async #commit(noted: readonly (readonly [partition: number, offset: number])[]): Promise<void> {
    const { groupId, topic } = this;
    if (this.#producer === null) {
      this.#producer = this.client.transactionalProducer(`${groupId}/${topic}/positions`);
      await this.#producer.connect();
    }
    // Of a group without members only a transaction commits positions without joining it.
    const transaction = await this.#producer.transaction();
    const partitions = noted.map(([partition, offset]) => ({ partition, offset: String(offset) }));
    await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions }] });
    await transaction.commit();
  }
}
