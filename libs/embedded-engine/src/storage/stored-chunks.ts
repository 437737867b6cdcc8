import type { ChunkManifest } from './chunk-manifest';

interface Store {
  get(key: string): Buffer | undefined;
  /** In order. */
  keys(prefix: string): readonly string[];
}

/**
 * The chunks of a store, all of whose keys were listed in one go. The store's index has no checksums: damage in it may hide a key from a look-up by
 * name or by prefix and still show it in the list, or the other way round. Each key listed must be found by its name too.
 */
export class StoredChunks {
  readonly #keys: readonly string[];

  /** @throws Error if the store can't list them. */
  constructor(
    private readonly chunks: Store,
    manifest: ChunkManifest,
    metaKey: string,
  ) {
    this.#keys = reading(() => chunks.keys('').filter((key) => key !== metaKey));
    for (const key of this.#keys) {
      manifest.add(key);
    }
  }

  get(key: string): Buffer | undefined {
    return reading(() => this.chunks.get(key));
  }

  /** In order of the keys. @throws Error for a key that is listed but not found. */
  *entries(prefix: string): Generator<[string, Buffer]> {
    for (let index = this.#firstNotBelow(prefix); index < this.#keys.length; index++) {
      const key = this.#keys[index] ?? '';
      if (!key.startsWith(prefix)) {
        return;
      }
      const bytes = this.get(key);
      if (bytes === undefined) {
        throw damaged(`the entry ${key} is listed but not found`);
      }
      yield [key, bytes];
    }
  }

  #firstNotBelow(prefix: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] ?? '') < prefix) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}

/** Errors of the database's own say nothing about what to do; those of the data directory, which say whether to try again, do. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'retriable' in error) {
      throw error;
    }
    throw damaged(error instanceof Error ? error.message : String(error));
  }
}

function damaged(reason: string): Error {
  return new Error(`The store of the data directory is damaged (${reason}). Restore the data directory from a backup.`);
}
