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

  close(): Promise<void> {
    return this.#admin.close();
  }
}
