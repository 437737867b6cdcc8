import { fetchCommitted } from './committed-offsets';
import type { KafkaClient } from './kafka-client';
import { KeptAdmin } from './kept-admin';

/** Topic and Kafka partition → position. */
export type GroupReachPositions = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** How far a group has come in topics, and where these end. */
export class GroupReach {
  readonly #admin: KeptAdmin;

  constructor(
    client: KafkaClient,
    private readonly groupId: string,
  ) {
    this.#admin = new KeptAdmin(client);
  }

  /** By topic and Kafka partition, the position committed; those without one are left out. @throws KafkaFailure */
  committed(topics: readonly string[]): Promise<GroupReachPositions> {
    return this.#admin.use(async (admin) => {
      const each = topics.map(async (topic) => [topic, await fetchCommitted(admin, this.groupId, topic)] as const);
      return new Map(await Promise.all(each));
    });
  }

  /** Where the committed records of each Kafka partition end that holds any. @throws KafkaFailure */
  ends(topics: readonly string[]): Promise<GroupReachPositions> {
    return this.#admin.use(async (admin) => {
      const each = topics.map(async (topic) => {
        const filled = (await admin.fetchTopicOffsets(topic)).filter(({ low, high }) => Number(high) > Number(low));
        return [topic, new Map(filled.map(({ partition, high }) => [partition, Number(high)]))] as const;
      });
      return new Map(await Promise.all(each));
    });
  }

  close(): Promise<void> {
    return this.#admin.close();
  }
}
