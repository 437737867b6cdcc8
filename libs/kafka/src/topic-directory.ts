import type { KafkaClient } from './kafka-client';
import { KeptAdmin } from './kept-admin';

/** Which topics the brokers have. */
export class TopicDirectory {
  readonly #admin: KeptAdmin;

  constructor(client: KafkaClient) {
    this.#admin = new KeptAdmin(client);
  }

  /** As the brokers say now. @throws KafkaFailure */
  list(): Promise<ReadonlySet<string>> {
    return this.#admin.use(async (admin) => new Set(await admin.listTopics()));
  }

  close(): Promise<void> {
    return this.#admin.close();
  }
}
