import type { KafkaClient } from './kafka-client';
import { KeptAdmin } from './kept-admin';

/** What one partition holds: the offsets from `low` to before `high`. */
export interface OffsetRange {
  readonly low: number;
  readonly high: number;
}

/** Asks over one connection, again and again, what the partitions of a topic hold. */
export class TopicRanges {
  readonly #admin: KeptAdmin;

  constructor(
    client: KafkaClient,
    private readonly topic: string,
  ) {
    this.#admin = new KeptAdmin(client);
  }

  /** By partition, as the brokers say now. @throws KafkaFailure */
  read(): Promise<ReadonlyMap<number, OffsetRange>> {
    return this.#admin.use(async (admin) => {
      const offsets = await admin.fetchTopicOffsets(this.topic);
      return new Map(offsets.map(({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }]));
    });
  }

  /** By partition, the first offset of a record with this timestamp (ms) or a later one; the end where there is none. @throws KafkaFailure */
  readFrom(timestampMs: number): Promise<ReadonlyMap<number, number>> {
    return this.#admin.use(async (admin) => {
      const offsets = await admin.fetchTopicOffsetsByTimestamp(this.topic, timestampMs);
      return new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)]));
    });
  }

  close(): Promise<void> {
    return this.#admin.close();
  }
}
