import { BitmapPacker, PackedBitmaps, type PackedParts, RoaringBitmap32 } from '@tessera/bitmap';
import { EdgedSet, type Ring, ScannedSet } from '../bitmaps/filtered-set';
import { type LazySet, nobody, PlainSet, unite, Without } from '../bitmaps/lazy-set';
import { RangeTest, ValuesTest } from '../bitmaps/position-test';
import type { NumberColumn } from '../columns/number-vector';
import { binsOf, groupByBin } from './range-bins';
import type { ScalarIndex } from './scalar-index';

/** Up to this many values are looked up one by one; more are found by one scan of the column. */
const LOOKUPS_MAX = 8;

export interface RangeIndexParts {
  readonly kind: 'range';
  /** Least value of each bin, ascending; a bin ends where the next begins. */
  readonly starts: Float64Array;
  /** 1: all values of the bin are its least one. */
  readonly single: Uint8Array;
  /** Bitmap j: users whose value lies in one of the bins 0 to j; the last one: users with a value. */
  readonly bitmaps: PackedParts;
}

/**
 * Of int, decimal, date and datetime: cumulative bitmaps over bins of values (range encoding: Chan and Ioannidis, "An Efficient Bitmap Encoding
 * Scheme for Selection Queries", 1999). A column of few different values has a bin for each, so that any range is the difference of two
 * bitmaps, or one; otherwise bins have about equally many users, and those of the one or two bins that a range cuts through are looked up
 * in the column.
 */
export class RangeIndex implements ScalarIndex {
  readonly #upTo: PackedBitmaps;
  readonly #bins: number;

  constructor(readonly parts: RangeIndexParts) {
    this.#upTo = new PackedBitmaps(parts.bitmaps);
    this.#bins = parts.starts.length;
  }

  /** Users with a value; not to be changed. */
  get present(): RoaringBitmap32 {
    return this.#upTo.at(this.#upTo.length - 1);
  }

  get bytes(): number {
    return this.#upTo.bytes + this.parts.starts.byteLength + this.parts.single.byteLength;
  }

  static build(column: NumberColumn): RangeIndex {
    const { starts, single } = binsOf(column);
    const { positions, ends } = groupByBin(column, starts);
    const packer = new BitmapPacker();
    const upTo = new RoaringBitmap32();
    let begin = 0;
    for (const end of ends) {
      upTo.orInPlace(new RoaringBitmap32(positions.subarray(begin, end)));
      begin = end;
      if (end === positions.length) {
        // Often everybody: a few runs.
        upTo.runOptimize();
      }
      packer.add(upTo);
    }
    if (starts.length === 0) {
      packer.add(upTo);
    }
    return new RangeIndex({ kind: 'range', starts, single, bitmaps: packer.finish().parts });
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
    if (low > high || this.#bins === 0) {
      return nobody();
    }
    const { starts } = this.parts;
    // The bins that hold the ends, and those that lie wholly inside: first … end − 1.
    const lowBin = this.#binOf(low);
    const highBin = this.#binOf(high);
    const lowCuts = lowBin >= 0 && low > starts[lowBin]!;
    const first = lowCuts ? lowBin + 1 : Math.max(0, lowBin);
    const highCuts = highBin >= 0 && !this.#endsBin(highBin, high);
    const end = highCuts ? highBin : highBin + 1;
    const rings: Ring[] = [];
    if (lowCuts && this.parts.single[lowBin] === 0) {
      rings.push(this.#ring(lowBin));
    }
    if (highCuts && !(lowCuts && lowBin === highBin)) {
      rings.push(this.#ring(highBin));
    }
    const sure = this.#binsBetween(first, end);
    return rings.length === 0 ? sure : new EdgedSet(sure, rings, new RangeTest(column, low, high));
  }

  /** The last bin that begins at or below the value; −1: none. */
  #binOf(value: number): number {
    const { starts } = this.parts;
    let from = 0;
    let to = starts.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (starts[middle]! <= value) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from - 1;
  }

  /** No value of the bin is above this one, which lies in it. */
  #endsBin(bin: number, value: number): boolean {
    return (
      this.parts.single[bin] === 1 ||
      (bin + 1 < this.#bins ? value + 1 >= this.parts.starts[bin + 1]! : value === Infinity)
    );
  }

  #ring(bin: number): Ring {
    return { outer: this.#upTo.at(bin), inner: bin === 0 ? undefined : this.#upTo.at(bin - 1) };
  }

  /** Users in the bins `first` to `end` − 1. */
  #binsBetween(first: number, end: number): LazySet {
    if (end <= first) {
      return nobody();
    }
    const outer = new PlainSet(this.#upTo.at(end - 1));
    return first === 0 ? outer : new Without(outer, new PlainSet(this.#upTo.at(first - 1)), false);
  }
}
