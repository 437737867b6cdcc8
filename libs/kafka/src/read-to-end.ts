import { randomUUID } from 'node:crypto';
import type { KafkaClient } from './kafka-client';
import { KafkaFailure } from './kafka-failure';
import { readRecord } from './read-record';
import type { ReadRecord } from './records';

/** Partition → offset of a record; those without one are left out. */
export type TopicPositions = ReadonlyMap<number, number>;

type Take = (partition: number, records: readonly ReadRecord[]) => void | Promise<void>;

/**
 * Reads a topic from its beginning to where committed records end now, the records of each partition in order. What stands behind the beginning of a
 * transaction that is open now is left out: see `markEnds`.
 * @param take given the records batch by batch. A throw ends it.
 * @throws KafkaFailure
 */
export async function readToEnd(client: KafkaClient, topic: string, take: Take): Promise<void> {
  await readRange(client, topic, { to: await committedEnds(client, topic) }, take);
}

/**
 * Appends a record to each partition, outside of any transaction. Reading committed records up to these ends waits for every transaction that wrote to
 * the topic before its mark, so nothing that was written by then and counts is missed.
 * @throws KafkaFailure
 */
export async function markEnds(client: KafkaClient, topic: string, value: Buffer): Promise<TopicPositions> {
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

/** What is to be read of a topic. */
export interface TopicRange {
  /** The first records; a partition without one is read from its beginning. */
  readonly from?: TopicPositions;
  /** The first records that are not read any more; waited for if they are not there yet. Partitions without one are not read. */
  readonly to: TopicPositions;
}

/** Reads committed records of a range, those of each partition in order. @throws KafkaFailure; what `take` throws. */
export async function readRange(client: KafkaClient, topic: string, range: TopicRange, take: Take): Promise<void> {
  const { from = new Map<number, number>() } = range;
  const ends = new Map([...range.to].filter(([partition, end]) => end > (from.get(partition) ?? 0)));
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
              const first = from.get(batch.partition) ?? 0;
              const end = range.to.get(batch.partition) ?? 0;
              const records = batch.messages.map(readRecord).filter(({ offset }) => offset >= first && offset < end);
              if (records.length > 0) await take(batch.partition, records);
            } catch (error) {
              reject(error instanceof Error ? error : new Error(String(error)));
            }
          },
        })
        .catch(reject);
      // Takes effect before the first records are fetched, or what was fetched by then is passed over.
      for (const [partition, offset] of from) consumer.seek({ topic, partition, offset: String(offset) });
    });
  } catch (error) {
    throw KafkaFailure.of(error);
  } finally {
    await consumer.disconnect().catch(() => undefined);
  }
}

/** By partition, the first record that is left. @throws KafkaFailure */
export function topicStarts(client: KafkaClient, topic: string): Promise<TopicPositions> {
  return client.withAdmin(async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(offsets.map(({ partition, low }) => [partition, Number(low)]));
  });
}

/** By partition, the first record that is not older than an instant (ms), else the end. @throws KafkaFailure */
export function positionsAt(client: KafkaClient, topic: string, instantMs: number): Promise<TopicPositions> {
  return client.withAdmin(async (admin) => {
    const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, instantMs);
    return new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)]));
  });
}

/** Where the committed records of each partition that holds anything end: the last stable offset, before which no transaction is open. @throws KafkaFailure */
export function committedEnds(client: KafkaClient, topic: string): Promise<TopicPositions> {
  return client.withAdmin(async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic);
    const filled = offsets.filter(({ low, high }) => Number(high) > Number(low));
    return new Map(filled.map(({ partition, high }) => [partition, Number(high)]));
  });
}
