import { BitmapPacker, PackedBitmaps, RoaringBitmap32 } from '@tessera/bitmap';
import { unionOf } from '../bitmaps/arena';
import { ScannedSet } from '../bitmaps/filtered-set';
import { type LazySet, nobody, PlainSet } from '../bitmaps/lazy-set';
import { RangeTest, ValuesTest } from '../bitmaps/position-test';
import { RecentBitmaps } from '../bitmaps/recent-bitmaps';
import { bitmapWhere } from '../bitmaps/scratch';
import type { NumberColumn } from '../columns/number-vector';
import { nextIndexId } from './index-id';
import type { CodeIndexParts, ScalarIndex } from './scalar-index';

/** With more distinct values in a shard than this, an equality is answered by scanning the column: a bitmap a value would outweigh it. */
const VALUE_BITMAPS_MAX = 4096;
/** Unions of more values are not kept for the next question: their key would outweigh the work. */
const RECENT_VALUES_MAX = 64;
/** So few bitmaps are united faster one after the other than all at once. */
const PAIRWISE_MAX = 8;

/** Of bool, string and enum: a bitmap a value, as long as they are few. */
export class CodeIndex implements ScalarIndex {
  readonly id = nextIndexId();
  readonly #packed: PackedBitmaps;
  readonly #places: ReadonlyMap<number, number>;
  readonly #recent = new RecentBitmaps();

  constructor(readonly parts: CodeIndexParts) {
    this.#packed = new PackedBitmaps(parts.bitmaps);
    this.#places = new Map(Array.from(parts.codes ?? [], (code, place) => [code, place + 1]));
  }

  get present(): RoaringBitmap32 {
    return this.#packed.at(0);
  }

  get bytes(): number {
    return this.#packed.bytes + this.#places.size * 40 + this.#recent.bytes;
  }

  static build(column: NumberColumn): CodeIndex {
    const packer = new BitmapPacker();
    const { data, missing, length } = column;
    const present = bitmapWhere(length, (position) => data[position] !== missing);
    present.runOptimize();
    packer.add(present);
    const counts = countCodes(column);
    if (counts === null) {
      return new CodeIndex({ kind: 'codes', codes: null, bitmaps: packer.finish().parts });
    }
    const codes = Float64Array.from(counts.keys()).sort();
    const { positions, ends } = groupByCode(column, codes, counts);
    codes.forEach((code, place) => {
      const end = ends[place]!;
      packer.add(new RoaringBitmap32(positions.subarray(end - counts.get(code)!, end)));
    });
    return new CodeIndex({ kind: 'codes', codes, bitmaps: packer.finish().parts });
  }

  oneOf(codes: readonly number[], column: NumberColumn): LazySet {
    if (this.parts.codes === null) {
      return new ScannedSet(column, new ValuesTest(column, codes));
    }
    const places: number[] = [];
    for (const code of codes) {
      const place = this.#places.get(code);
      if (place !== undefined) {
        places.push(place);
      }
    }
    if (places.length <= 1) {
      return places.length === 0
        ? nobody()
        : new PlainSet(this.#packed.at(places[0]!), false, this.#packed.sizeOf(places[0]!));
    }
    if (places.length > RECENT_VALUES_MAX) {
      return new PlainSet(this.#union(places), true);
    }
    const operand = this.#recent.get(places.join(), () => this.#union(places));
    return new PlainSet(operand.bitmap, operand.owned);
  }

  between(low: number, high: number, column: NumberColumn): LazySet {
    return new ScannedSet(column, new RangeTest(column, low, high));
  }

  #union(places: readonly number[]): RoaringBitmap32 {
    if (places.length > PAIRWISE_MAX) {
      return RoaringBitmap32.orMany(places.map((place) => this.#packed.at(place)));
    }
    // Largest first: the others are then merged into what is there.
    const ordered = [...places].sort((a, b) => this.#packed.sizeOf(b) - this.#packed.sizeOf(a));
    const union = unionOf(this.#packed.at(ordered[0]!), this.#packed.at(ordered[1]!));
    for (const place of ordered.slice(2)) {
      union.orInPlace(this.#packed.at(place));
    }
    return union;
  }
}

/** Users of each code; null: too many codes. */
function countCodes({ data, missing, length }: NumberColumn): Map<number, number> | null {
  const counts = new Map<number, number>();
  // Most columns hold small codes: counted in an array, which takes a tenth of the time.
  const small = new Uint32Array(VALUE_BITMAPS_MAX);
  for (let position = 0; position < length; position++) {
    const code = data[position]!;
    if (code === missing) {
      continue;
    }
    if (code >= 0 && code < VALUE_BITMAPS_MAX) {
      small[code]!++;
      continue;
    }
    counts.set(code, (counts.get(code) ?? 0) + 1);
    if (counts.size > VALUE_BITMAPS_MAX) {
      return null;
    }
  }
  small.forEach((count, code) => {
    if (count > 0) {
      counts.set(code, count);
    }
  });
  return counts.size > VALUE_BITMAPS_MAX ? null : counts;
}

/** All positions with a value, grouped by code, ascending within a group; and where each group ends. */
function groupByCode(
  { data, missing, length }: NumberColumn,
  codes: Float64Array,
  counts: ReadonlyMap<number, number>,
): { readonly positions: Uint32Array; readonly ends: Uint32Array } {
  const ends = new Uint32Array(codes.length);
  const placeOfSmall = new Uint16Array(VALUE_BITMAPS_MAX);
  const placeOfOther = new Map<number, number>();
  let total = 0;
  codes.forEach((code, place) => {
    ends[place] = total;
    total += counts.get(code)!;
    if (code >= 0 && code < VALUE_BITMAPS_MAX) {
      placeOfSmall[code] = place;
    } else {
      placeOfOther.set(code, place);
    }
  });
  const positions = new Uint32Array(total);
  for (let position = 0; position < length; position++) {
    const code = data[position]!;
    if (code === missing) {
      continue;
    }
    const place = code >= 0 && code < VALUE_BITMAPS_MAX ? placeOfSmall[code]! : placeOfOther.get(code);
    if (place !== undefined) {
      positions[ends[place]!++] = position;
    }
  }
  return { positions, ends };
}
