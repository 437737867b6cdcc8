import { RoaringBitmap32 } from '@tessera/bitmap';

/** So few bitmaps are united faster one after the other than all at once. */
const PAIRWISE_MAX = 8;

/** Value → bitmap of the users (local positions) who have it. Bitmaps handed out are not to be changed. */
export class ValueBitmaps {
  readonly #bitmaps = new Map<number, RoaringBitmap32>();

  get size(): number {
    return this.#bitmaps.size;
  }

  get bytes(): number {
    let bytes = 0;
    for (const bitmap of this.#bitmaps.values()) {
      bytes += bitmap.getSerializationSizeInBytes('portable') + 200;
    }
    return bytes;
  }

  get(value: number): RoaringBitmap32 | undefined {
    return this.#bitmaps.get(value);
  }

  entries(): IterableIterator<[number, RoaringBitmap32]> {
    return this.#bitmaps.entries();
  }

  /** Users with any of the values. */
  union(values: Iterable<number>): RoaringBitmap32 {
    const found: RoaringBitmap32[] = [];
    for (const value of values) {
      const bitmap = this.#bitmaps.get(value);
      if (bitmap !== undefined) {
        found.push(bitmap);
      }
    }
    const [first, second, ...more] = found;
    if (first === undefined || second === undefined) {
      return first?.clone() ?? new RoaringBitmap32();
    }
    if (found.length > PAIRWISE_MAX) {
      return RoaringBitmap32.orMany(found);
    }
    const result = RoaringBitmap32.or(first, second);
    for (const bitmap of more) {
      result.orInPlace(bitmap);
    }
    return result;
  }

  addMany(value: number, positions: Iterable<number>): void {
    let bitmap = this.#bitmaps.get(value);
    if (bitmap === undefined) {
      bitmap = new RoaringBitmap32();
      this.#bitmaps.set(value, bitmap);
    }
    bitmap.addMany(positions);
  }

  removeMany(value: number, positions: Iterable<number>): void {
    const bitmap = this.#bitmaps.get(value);
    if (bitmap !== undefined) {
      bitmap.removeMany(positions);
      if (bitmap.isEmpty) {
        this.#bitmaps.delete(value);
      }
    }
  }

  set(value: number, bitmap: RoaringBitmap32): void {
    this.#bitmaps.set(value, bitmap);
  }
}
