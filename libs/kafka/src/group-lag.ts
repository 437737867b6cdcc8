import { fetchCommitted } from './committed-offsets';
import type { KafkaClient } from './kafka-client';
import { KeptAdmin } from './kept-admin';

/** How far a group is behind a topic, whoever of its members reads it. */
export class GroupLag {
  readonly #admin: KeptAdmin;

  constructor(
    client: KafkaClient,
    private readonly groupId: string,
    private readonly topic: string,
  ) {
    this.#admin = new KeptAdmin(client);
  }

  /** By partition, committed records that the group has not committed yet. @throws KafkaFailure */
  read(): Promise<ReadonlyMap<number, number>> {
    return this.#admin.use(async (admin) => {
      const ends = await admin.fetchTopicOffsets(this.topic);
      const committed = await fetchCommitted(admin, this.groupId, this.topic);
      return new Map(
        ends.map(({ partition, low, high }) => {
          const done = Math.max(committed.get(partition) ?? 0, Number(low));
          return [partition, Math.max(0, Number(high) - done)];
        }),
      );
    });
  }

  close(): Promise<void> {
    return this.#admin.close();
  }
}
