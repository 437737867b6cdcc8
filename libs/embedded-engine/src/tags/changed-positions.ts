import { RoaringBitmap32 } from '@tessera/bitmap';
import { SHARD_SIZE } from '../shard';

const WORDS = SHARD_SIZE >>> 5;

/**
 * The positions of a shard whose values have changed since an index was built, one bit each in shared memory (128 KiB, made with the
 * first change). Grows only: an index built anew begins with an empty one.
 */
export class ChangedPositions {
  #words: Uint32Array | null = null;
  #count = 0;
  #end = 0;
  #bitmap: RoaringBitmap32 | null = null;

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#words?.byteLength ?? 0;
  }

  /** No bit is set at or after it. */
  get end(): number {
    return this.#end;
  }

  /** The bits, for other threads; null: none is set. */
  get words(): Uint32Array | null {
    return this.#words;
  }

  add(position: number): void {
    const words = (this.#words ??= new Uint32Array(new SharedArrayBuffer(WORDS * 4)));
    const index = position >>> 5;
    const before = words[index]!;
    const after = before | (1 << (position & 31));
    if (after !== (before | 0)) {
      words[index] = after;
      this.#count++;
      if (position >= this.#end) {
        this.#end = position + 1;
      }
    }
  }

  /** As a bitmap; not to be changed. */
  get bitmap(): RoaringBitmap32 {
    if (this.#bitmap?.size !== this.#count) {
      this.#bitmap = bitmapOfWords(this.#words, this.#count, this.#end);
    }
    return this.#bitmap;
  }
}

/** @param end no bit is set at or after it. */
export function bitmapOfWords(words: Uint32Array | null, count: number, end: number): RoaringBitmap32 {
  const positions = new Uint32Array(count);
  let filled = 0;
  for (let index = 0; words !== null && index << 5 < end; index++) {
    for (let word = words[index]!; word !== 0; word &= word - 1) {
      positions[filled++] = (index << 5) + (31 - Math.clz32(word & -word));
    }
  }
  return new RoaringBitmap32(positions);
}
