import type { Producer, Transaction } from 'kafkajs';
import type { KafkaClient } from './kafka-client';
import { KafkaFailure } from './kafka-failure';
import type { NewRecord } from './records';
import { ALL_REPLICAS, topicMessagesOf } from './topic-messages';

/** Where the records of a transaction come from, and how far it got there. */
export interface InputPosition {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  /** Of the first record that is not part of it. */
  readonly nextOffset: number;
}

/**
 * Transactions one after the other under one transactional id. After any failure it is not to be used again, but closed: what it has written may be
 * there or not, and only a new one (which ends the open transaction first) knows where to go on.
 */
export class PartitionTransaction {
  readonly #producer: Producer;
  #transaction: Transaction | null = null;

  private constructor(producer: Producer) {
    this.#producer = producer;
  }

  /**
   * From now on nobody else can write or commit under this id; a transaction that was open is aborted, one about to be committed is, by the time this
   * resolves.
   * @throws KafkaFailure
   */
  static async open(client: KafkaClient, transactionalId: string): Promise<PartitionTransaction> {
    const producer = client.transactionalProducer(transactionalId);
    const opened = new PartitionTransaction(producer);
    try {
      await producer.connect();
      opened.#transaction = await producer.transaction();
      return opened;
    } catch (error) {
      await opened.close();
      throw KafkaFailure.of(error);
    }
  }

  /** Writes records, in order for equal keys; visible with the commit. @throws KafkaFailure */
  async write(records: readonly NewRecord[]): Promise<void> {
    for (const topicMessages of topicMessagesOf(records)) {
      await this.#do((transaction) => transaction.sendBatch({ acks: ALL_REPLICAS, topicMessages }));
    }
  }

  /** What was written and the position become visible together. @throws KafkaFailure */
  async commit({ groupId, topic, partition, nextOffset }: InputPosition): Promise<void> {
    await this.#do(async (transaction) => {
      const partitions = [{ partition, offset: String(nextOffset) }];
      await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions }] });
      await transaction.commit();
      this.#transaction = null;
    });
  }

  /** What was written since the last commit is dropped, as far as it can be told to the broker; else the next one under this id does so. */
  async close(): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = null;
    if (transaction?.isActive() === true) await transaction.abort().catch(() => undefined);
    await this.#producer.disconnect().catch(() => undefined);
  }

  async #do<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    try {
      this.#transaction ??= await this.#producer.transaction();
      return await work(this.#transaction);
    } catch (error) {
      throw KafkaFailure.of(error);
    }
  }
}
