import { randomUUID } from 'node:crypto';
import type { KafkaClient } from './kafka-client';
import { KafkaFailure } from './kafka-failure';
import { readRecord } from './read-record';
import type { ReadRecord } from './records';

/**
 * Reads a topic from its beginning to where it ends now, committed records only, the records of each partition in order. Where a
 * transaction is open at this moment it waits for its end: no record that was written before the call and counts is missed.
 * @param take given the records batch by batch. A throw ends it.
 * @throws KafkaFailure
 */
export async function readToEnd(
  client: KafkaClient,
  topic: string,
  take: (partition: number, records: readonly ReadRecord[]) => void | Promise<void>,
): Promise<void> {
  const ends = await endsOf(client, topic);
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

/** Whether nothing was ever written to a topic, or nothing of it is left. @throws KafkaFailure */
export async function isTopicEmpty(client: KafkaClient, topic: string): Promise<boolean> {
  return (await endsOf(client, topic)).size === 0;
}

/** Where each partition that holds anything ends, open transactions included. */
async function endsOf(client: KafkaClient, topic: string): Promise<Map<number, number>> {
  const admin = client.admin();
  try {
    await admin.connect();
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(
      offsets
        .filter(({ low, high }) => Number(high) > Number(low))
        .map(({ partition, high }) => [partition, Number(high)]),
    );
  } catch (error) {
    throw KafkaFailure.of(error);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
