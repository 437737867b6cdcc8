import type { RoaringBitmap32 } from '@tessera/bitmap';
import { outsideArena } from './arena';
import { borrowed, type Operand, owned } from './operand';

/** Kept for each index: with dense bitmaps of one shard at most 1 MiB. */
const KEPT_MAX = 8;

/**
 * The bitmaps that an index, which never changes, was asked for more than once lately, so that rules in use need not compute them again. A
 * first question is only noted: a bitmap nobody asks for again is the asker's to change.
 */
export class RecentBitmaps {
  /** Least recently used first; null: asked for once. */
  readonly #bitmaps = new Map<string, RoaringBitmap32 | null>();

  get bytes(): number {
    let bytes = 0;
    for (const bitmap of this.#bitmaps.values()) {
      bytes += bitmap?.getSerializationSizeInBytes('portable') ?? 0;
    }
    return bytes;
  }

  /** The bitmap under the key, computed if it is not kept. */
  get(key: string, compute: () => RoaringBitmap32): Operand {
    const known = this.#bitmaps.get(key);
    this.#bitmaps.delete(key);
    if (known !== undefined) {
      const bitmap = known ?? outsideArena(compute);
      this.#bitmaps.set(key, bitmap);
      return borrowed(bitmap);
    }
    this.#bitmaps.set(key, null);
    const [oldest] = this.#bitmaps.keys();
    if (this.#bitmaps.size > KEPT_MAX && oldest !== undefined) {
      this.#bitmaps.delete(oldest);
    }
    return owned(compute());
  }
}
