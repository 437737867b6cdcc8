import type { KafkaClient } from './kafka-client';
import { KeptAdmin } from './kept-admin';

/** A position of a group. */
export interface GroupPosition {
  readonly topic: string;
  readonly partition: number;
  /** Of the first record that is not done. */
  readonly offset: number;
}

/** What a group has committed, whoever of its members did so. */
export class GroupPositions {
  readonly #admin: KeptAdmin;

  constructor(
    client: KafkaClient,
    private readonly groupId: string,
  ) {
    this.#admin = new KeptAdmin(client);
  }

  /** In all topics that it ever committed in and that are there. @throws KafkaFailure */
  read(): Promise<readonly GroupPosition[]> {
    return this.#admin.use(async (admin) => {
      const found = await admin.fetchOffsets({ groupId: this.groupId });
      return found.flatMap(({ topic, partitions }) =>
        partitions
          .map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) }))
          .filter(({ offset }) => offset >= 0),
      );
    });
  }

  close(): Promise<void> {
    return this.#admin.close();
  }
}
