import { fetchCommitted } from './committed-offsets';
import type { KafkaClient } from './kafka-client';
import { KeptAdmin } from './kept-admin';

/** How many records of a Kafka partition a group has not committed yet. */
export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
}

/** How far a group is behind topics, whoever of its members reads them. */
export class GroupLag {
  readonly #admin: KeptAdmin;

  /** @param topics asked each time. */
  constructor(
    client: KafkaClient,
    private readonly groupId: string,
    private readonly topics: () => Iterable<string>,
  ) {
    this.#admin = new KeptAdmin(client);
  }

  /** Of all Kafka partitions. @throws KafkaFailure */
  read(): Promise<readonly PartitionLag[]> {
    return this.#admin.use(async (admin) => {
      const lags: PartitionLag[] = [];
      for (const topic of this.topics()) {
        const ends = await admin.fetchTopicOffsets(topic);
        const committed = await fetchCommitted(admin, this.groupId, topic);
        for (const { partition, low, high } of ends) {
          const done = Math.max(committed.get(partition) ?? 0, Number(low));
          lags.push({ topic, partition, records: Math.max(0, Number(high) - done) });
        }
      }
      return lags;
    });
  }

  close(): Promise<void> {
    return this.#admin.close();
  }
}
