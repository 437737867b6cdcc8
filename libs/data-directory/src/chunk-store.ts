import type { ByteChanges, SealedDatabase } from './lmdb-environment';

/** What one commit changes. A key stands at most once in all of it. */
export type ChunkChanges = ByteChanges;

/**
 * Checkpointed state: binary values by key. Made for few, large values, up to megabytes. Each carries a checksum that is
 * checked whenever it is read. Keys are 1 to 1,000 bytes of UTF-8.
 */
export class ChunkStore {
  readonly #database: SealedDatabase;

  /** @param database called `chunks`. */
  constructor(database: SealedDatabase) {
    this.#database = database;
  }

  /** A copy that the caller owns. @throws CorruptChunkError naming the key. */
  get(key: string): Buffer | undefined {
    return this.#database.get(key);
  }

  /** Those that begin with the prefix, in order of their UTF-8 bytes. */
  keys(prefix: string): string[] {
    return this.#database.keys(prefix);
  }

  /**
   * Those whose keys begin with the prefix, in order of the keys' UTF-8 bytes; the keys are those of the first step, a value is
   * the one at its own step. @throws CorruptChunkError naming the key.
   */
  entries(prefix: string): Iterable<[key: string, value: Buffer]> {
    return this.#database.entries(prefix);
  }

  /**
   * One atomic transaction, on disk once resolved; the calls' order is kept. Values must not change before.
   * @throws StoreUnavailableError (retriable) if nothing of it was written.
   */
  commit(changes: ChunkChanges): Promise<void> {
    return this.#database.commit(changes);
  }
}
