import { randomUUID } from 'node:crypto';
import type { KafkaClient } from './kafka-client';
import { KafkaFailure } from './kafka-failure';
import { readRecord } from './read-record';
import type { ReadRecord } from './records';

/** Partition → position behind its last record. */
export type TopicEnds = ReadonlyMap<number, number>;

type Take = (partition: number, records: readonly ReadRecord[]) => void | Promise<void>;

/**
 * Reads a topic from its beginning to where committed records end now, the records of each partition in order. What stands behind the beginning of a
 * transaction that is open now is left out: see `markEnds`.
 * @param take given the records batch by batch. A throw ends it.
 * @throws KafkaFailure
 */
export async function readToEnd(client: KafkaClient, topic: string, take: Take): Promise<void> {
  await readTo(client, topic, await committedEnds(client, topic), take);
}

/**
 * Appends a record to each partition, outside of any transaction. Reading committed records up to these ends waits for every transaction that wrote to
 * the topic before its mark, so nothing that was written by then and counts is missed.
 * @throws KafkaFailure
 */
export async function markEnds(client: KafkaClient, topic: string, value: Buffer): Promise<TopicEnds> {
  const partitions = await client.withAdmin(async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics.flatMap((one) => one.partitions.map(({ partitionId }) => partitionId));
  });
  const producer = client.producer();
  try {
    await producer.connect();
    const messages = partitions.map((partition) => ({ partition, key: null, value }));
    const marks = await producer.send({ topic, acks: -1, messages });
    return new Map(marks.map(({ partition, baseOffset }) => [partition, Number(baseOffset) + 1]));
  } catch (error) {
    throw KafkaFailure.of(error);
  } finally {
    await producer.disconnect().catch(() => undefined);
  }
}

/** Reads each partition from its beginning to the given end; waits for ends that are not there yet. @throws KafkaFailure */
export async function readTo(client: KafkaClient, topic: string, to: TopicEnds, take: Take): Promise<void> {
  const ends = new Map(to);
  if (ends.size === 0) return;
  // Positions are not committed, so the group leaves nothing behind.
  const consumer = client.consumer(`${topic}-to-end-${randomUUID()}`);
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const reach = (partition: number, next: number): void => {
        if (next >= (ends.get(partition) ?? 0)) ends.delete(partition);
        if (ends.size === 0) resolve();
      };
      // Told of batches too that hold nothing but marks and dropped records.
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
        reach(payload.partition, Number(payload.lastOffset) + 1);
      });
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        if (!payload.restart) reject(payload.error);
      });
      consumer
        .run({
          autoCommit: false,
          eachBatch: async ({ batch }) => {
            try {
              await take(batch.partition, batch.messages.map(readRecord));
            } catch (error) {
              reject(error instanceof Error ? error : new Error(String(error)));
            }
          },
        })
        .catch(reject);
    });
  } catch (error) {
    throw KafkaFailure.of(error);
  } finally {
    await consumer.disconnect().catch(() => undefined);
  }
}

/** Whether nothing that is committed was ever written to a topic, or nothing of it is left. @throws KafkaFailure */
export async function isTopicEmpty(client: KafkaClient, topic: string): Promise<boolean> {
  return (await committedEnds(client, topic)).size === 0;
}

/** Where each partition that holds anything ends: the client asks for the last stable offset, before which no transaction is open. */
function committedEnds(client: KafkaClient, topic: string): Promise<TopicEnds> {
  return client.withAdmin(async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic);
    const filled = offsets.filter(({ low, high }) => Number(high) > Number(low));
    return new Map(filled.map(({ partition, high }) => [partition, Number(high)]));
  });
}
