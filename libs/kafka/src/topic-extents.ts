import { fetchCommitted } from './committed-offsets';
import type { KafkaClient } from './kafka-client';
import { KafkaFailure } from './kafka-failure';
import { KeptAdmin } from './kept-admin';

/** What a partition holds, and how far a group has come in it. Offsets. */
export interface PartitionExtent {
  /** Of the first record that is not done; 0 if nothing was ever committed. */
  readonly committed: number;
  /** Of the earliest record that is left. */
  readonly first: number;
  /** That the next committed record will get. */
  readonly end: number;
}

/** Partition → extent. */
type Extents = ReadonlyMap<number, PartitionExtent>;

/** Asks the brokers for extents, for all partitions of a topic at a time. */
export class TopicExtents {
  readonly #admin: KeptAdmin;
  readonly #asked = new Map<string, Promise<Extents>>();

  constructor(
    client: KafkaClient,
    private readonly groupId: string,
  ) {
    this.#admin = new KeptAdmin(client);
  }

  /** As it is after this call. @throws KafkaFailure */
  async of(topic: string, partition: number): Promise<PartitionExtent> {
    let asked = this.#asked.get(topic);
    if (asked === undefined) {
      asked = this.#read(topic);
      this.#asked.set(topic, asked);
    }
    const extent = (await asked).get(partition);
    if (extent !== undefined) return extent;
    throw new KafkaFailure('missingTopic', true, `${topic} has no Kafka partition ${partition}`);
  }

  close(): Promise<void> {
    return this.#admin.close();
  }

  async #read(topic: string): Promise<Extents> {
    // Who asks in the same turn is told of this reading, who asks later of one that begins later.
    await new Promise((resolve) => setImmediate(resolve));
    this.#asked.delete(topic);
    return this.#admin.use(async (admin) => {
      const committed = await fetchCommitted(admin, this.groupId, topic);
      const offsets = await admin.fetchTopicOffsets(topic);
      return new Map(
        offsets.map(({ partition, low, high }) => {
          const extent = { committed: committed.get(partition) ?? 0, first: Number(low), end: Number(high) };
          return [partition, extent] as const;
        }),
      );
    });
  }
}
