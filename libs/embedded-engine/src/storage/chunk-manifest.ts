// Taken once: a look-up of a global a character is measurable.
const { imul } = Math;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** What a checkpoint puts and removes. */
interface Scope {
  readonly chunks: readonly { readonly key: string }[];
  readonly removes: readonly string[];
}

/** How many chunks a checkpoint has, and the exclusive or of their keys' FNV-1a hashes (32 bits, over UTF-16 code units). */
export type ManifestSum = readonly [chunks: number, hash: number];

/**
 * The keys of the stored chunks, summed up in `meta`: a key that the store no longer finds, for want of a checksum over its index, would else
 * be a chunk that nobody misses.
 */
export class ChunkManifest {
  #keys = new Set<string>();
  #hash = 0;

  get sum(): ManifestSum {
    return [this.#keys.size, this.#hash];
  }

  add(key: string): void {
    if (!this.#keys.has(key)) {
      this.#keys.add(key);
      this.#hash = (this.#hash ^ hashOf(key)) >>> 0;
    }
  }

  /** The sum once the checkpoint is stored. */
  sumAfter(scope: Scope): ManifestSum {
    let [count, hash] = this.sum;
    for (const { key } of scope.chunks) {
      if (!this.#keys.has(key)) {
        count++;
        hash ^= hashOf(key);
      }
    }
    for (const key of scope.removes) {
      if (this.#keys.has(key)) {
        count--;
        hash ^= hashOf(key);
      }
    }
    return [count, hash >>> 0];
  }

  /** The checkpoint is stored. */
  apply(scope: Scope): void {
    for (const key of scope.removes) {
      if (this.#keys.delete(key)) {
        this.#hash = (this.#hash ^ hashOf(key)) >>> 0;
      }
    }
    for (const { key } of scope.chunks) {
      this.add(key);
    }
  }
}

function hashOf(key: string): number {
  let hash = FNV_OFFSET;
  for (let index = 0; index < key.length; index++) {
    hash = imul(hash ^ key.charCodeAt(index), FNV_PRIME);
  }
  return hash;
}
