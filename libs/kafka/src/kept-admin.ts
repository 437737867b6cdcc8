import type { Admin } from 'kafkajs';
import type { KafkaClient } from './kafka-client';
import { KafkaFailure } from './kafka-failure';

/** An administrator that is connected at its first use and stays so. */
export class KeptAdmin {
  readonly #admin: Admin;
  #connecting: Promise<void> | null = null;

  constructor(client: KafkaClient) {
    this.#admin = client.admin();
  }

  /** @throws KafkaFailure for whatever the work throws; the next use connects anew. */
  async use<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    try {
      this.#connecting ??= this.#admin.connect();
      await this.#connecting;
      return await work(this.#admin);
    } catch (error) {
      this.#connecting = null;
      throw KafkaFailure.of(error);
    }
  }

  async close(): Promise<void> {
    await this.#admin.disconnect();
  }
}
