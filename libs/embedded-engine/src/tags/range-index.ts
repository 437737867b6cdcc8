import { BitmapPacker, PackedBitmaps, RoaringBitmap32 } from '@tessera/bitmap';
import { AdjustedSet, EdgedSet, type Piece, ScannedSet } from '../bitmaps/filtered-set';
import { type LazySet, nobody, PlainSet, unite, Without } from '../bitmaps/lazy-set';
import { RangeTest, ValuesTest } from '../bitmaps/position-test';
import type { NumberColumn } from '../columns/number-vector';
import { binsOf, groupByBin, lastAtMost } from './range-bins';
import { nextIndexId } from './index-id';
import type { RangeIndexParts, ScalarIndex } from './scalar-index';

/** Up to this many values are looked up one by one; more are found by one scan of the column. */
const LOOKUPS_MAX = 8;

/**
 * Of int, decimal, date and datetime: cumulative bitmaps over bins of values (range encoding: Chan and Ioannidis, "An Efficient Bitmap Encoding
 * Scheme for Selection Queries", 1999). A column of few different values has a bin for each, so that any range is the difference of two
 * bitmaps, or one. Otherwise there are many bins with about equally many users each, a cumulative bitmap every few bins and a bitmap a
 * bin in between; only users of the one or two bins that a range cuts through are looked up in the column.
 */
export class RangeIndex implements ScalarIndex {
  readonly id = nextIndexId();
  readonly #upTo: PackedBitmaps;
  readonly #bins: PackedBitmaps;

  constructor(readonly parts: RangeIndexParts) {
    this.#upTo = new PackedBitmaps(parts.upTo);
    this.#bins = new PackedBitmaps(parts.bins);
  }

  get present(): RoaringBitmap32 {
    return this.#upTo.at(this.#upTo.length - 1);
  }

  get bytes(): number {
    return this.#upTo.bytes + this.#bins.bytes + this.parts.starts.byteLength + this.parts.single.byteLength;
  }

  static build(column: NumberColumn): RangeIndex {
    const { starts, single, step } = binsOf(column);
    const { positions, ends } = groupByBin(column, starts);
    const upToPacker = new BitmapPacker();
    const binPacker = new BitmapPacker();
    const upTo = new RoaringBitmap32();
    ends.forEach((end, bin) => {
      const users = new RoaringBitmap32(positions.subarray(bin === 0 ? 0 : ends[bin - 1], end));
      upTo.orInPlace(users);
      if (step > 1) {
        binPacker.add(users);
      }
      if ((bin + 1) % step === 0 && bin + 1 < ends.length) {
        upToPacker.add(upTo);
      }
    });
    // Often everybody: a few runs.
    upTo.runOptimize();
    upToPacker.add(upTo);
    const bins = binPacker.finish().parts;
    return new RangeIndex({ kind: 'range', starts, single, step, upTo: upToPacker.finish().parts, bins });
  }

  oneOf(values: readonly number[], column: NumberColumn): LazySet {
    if (values.length === 1) {
      return this.between(values[0]!, values[0]!, column);
    }
    if (values.length > LOOKUPS_MAX) {
      return new ScannedSet(column, new ValuesTest(column, values));
    }
    const operand = unite(values.map((value) => this.between(value, value, column)));
    return new PlainSet(operand.bitmap, operand.owned);
  }

  between(low: number, high: number, column: NumberColumn): LazySet {
    const { starts, single } = this.parts;
    if (low > high || starts.length === 0) {
      return nobody();
    }
    // The bins that hold the ends, and those that lie wholly inside: first … end − 1.
    const lowBin = lastAtMost(starts, low);
    const highBin = lastAtMost(starts, high);
    const lowCuts = lowBin >= 0 && low > starts[lowBin]!;
    const first = lowCuts ? lowBin + 1 : Math.max(0, lowBin);
    const highCuts = highBin >= 0 && !this.#endsBin(highBin, high);
    const end = highCuts ? highBin : highBin + 1;
    const edges: Piece[] = [];
    if (lowCuts && single[lowBin] === 0) {
      edges.push(this.#usersOf(lowBin));
    }
    if (highCuts && !(lowCuts && lowBin === highBin)) {
      edges.push(this.#usersOf(highBin));
    }
    const sure = this.#binsBetween(first, end);
    return edges.length === 0 ? sure : new EdgedSet(sure, edges, new RangeTest(column, low, high));
  }

  /** No value of the bin is above this one, which lies in it. */
  #endsBin(bin: number, value: number): boolean {
    const { starts, single } = this.parts;
    return single[bin] === 1 || (bin + 1 < starts.length ? value + 1 >= starts[bin + 1]! : value === Infinity);
  }

  /** Of a bin that may be cut: where every bin has one value, none is. */
  #usersOf(bin: number): Piece {
    return this.#bins.piece(bin);
  }

  /** Users in the bins `first` to `end` − 1. */
  #binsBetween(first: number, end: number): LazySet {
    if (end <= first) {
      return nobody();
    }
    return first === 0 ? this.#below(end) : new Without(this.#below(end), this.#below(first), false);
  }

  /** Users in the bins before `end`, at least one: the nearest cumulative bitmap, and the bins between. */
  #below(end: number): LazySet {
    const { step, starts } = this.parts;
    if (end >= starts.length) {
      return this.#upToSet(this.#upTo.length - 1);
    }
    const nearest = Math.min(Math.round(end / step) * step, starts.length);
    const last = Math.ceil(nearest / step) - 1;
    if (nearest === end) {
      return this.#upToSet(last);
    }
    const base = last < 0 ? NOBODY : this.#upTo.piece(last);
    return new AdjustedSet(base, this.#usersOfAll(nearest, end), this.#usersOfAll(end, nearest));
  }

  #upToSet(place: number): LazySet {
    return new PlainSet(this.#upTo.at(place), false, this.#upTo.sizeOf(place));
  }

  #usersOfAll(first: number, end: number): Piece[] {
    return Array.from({ length: Math.max(0, end - first) }, (_, index) => this.#usersOf(first + index));
  }
}

const NOBODY: Piece = { size: 0, bitmap: new RoaringBitmap32() };
