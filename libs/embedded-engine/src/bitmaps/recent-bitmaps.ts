import type { RoaringBitmap32 } from '@tessera/bitmap';

/** Kept for each index: with dense bitmaps of one shard at most 1 MiB. */
const KEPT_MAX = 8;

/**
 * The last few bitmaps an index computed, so that rules in use need not compute them again. They belong to the index: not to be changed.
 * `clear` when the index changes.
 */
export class RecentBitmaps {
  /** Least recently used first. */
  readonly #bitmaps = new Map<string, RoaringBitmap32>();

  get bytes(): number {
    let bytes = 0;
    for (const bitmap of this.#bitmaps.values()) {
      bytes += bitmap.getSerializationSizeInBytes('portable');
    }
    return bytes;
  }

  /** The bitmap under the key, computed if it is not kept. */
  get(key: string, compute: () => RoaringBitmap32): RoaringBitmap32 {
    let bitmap = this.#bitmaps.get(key);
    if (bitmap === undefined) {
      bitmap = compute();
      const [oldest] = this.#bitmaps.keys();
      if (this.#bitmaps.size >= KEPT_MAX && oldest !== undefined) {
        this.#bitmaps.delete(oldest);
      }
    } else {
      this.#bitmaps.delete(key);
    }
    this.#bitmaps.set(key, bitmap);
    return bitmap;
  }

  clear(): void {
    this.#bitmaps.clear();
  }
}
