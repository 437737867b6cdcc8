import type { JsonValue } from '@tessera/tag-catalog';
import type { SealedDatabase } from './lmdb-environment';

/** Small JSON documents by key: catalogue, lists, audiences. Keys are 1 to 1,000 bytes of UTF-8. */
export class DocumentStore {
  readonly #database: SealedDatabase;

  /** @param database called `documents`. */
  constructor(database: SealedDatabase) {
    this.#database = database;
  }

  /** The newest document that is durable, freshly parsed. @throws CorruptChunkError naming the key. */
  get(key: string): unknown {
    const bytes = this.#database.get(key);
    return bytes === undefined ? undefined : JSON.parse(bytes.toString('utf8'));
  }

  /** Durable and visible once resolved; the calls' order is kept. @throws StoreUnavailableError (retriable) */
  put(key: string, value: JsonValue): Promise<void> {
    return this.#database.commit({ puts: [[key, Buffer.from(JSON.stringify(value), 'utf8')]], removes: [] });
  }

  /** Durable and visible once resolved; no error if there is none. @throws StoreUnavailableError (retriable) */
  remove(key: string): Promise<void> {
    return this.#database.commit({ puts: [], removes: [key] });
  }

  /** Those that begin with the prefix, in order of their UTF-8 bytes. */
  keys(prefix: string): string[] {
    return this.#database.keys(prefix);
  }
}
