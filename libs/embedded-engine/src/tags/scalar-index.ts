import type { PackedParts, RoaringBitmap32 } from '@tessera/bitmap';
import type { LazySet } from '../bitmaps/lazy-set';
import type { NumberColumn } from '../columns/number-vector';

/**
 * What the values of one tag in one shard were when it was built. It never changes: `ScalarShard` remembers who has changed since, and
 * every thread may read it. Questions are given the column as it is now, for users whose value the bitmaps alone don't decide.
 */
export interface ScalarIndex {
  /** Of this object, in this process. */
  readonly id: number;
  /** Users with a value; not to be changed. */
  readonly present: RoaringBitmap32;
  readonly bytes: number;
  /** All it consists of, to be handed to another thread. */
  readonly parts: ScalarIndexParts;
  /** Users with one of the values (distinct). */
  oneOf(values: readonly number[], column: NumberColumn): LazySet;
  /** Users with low ≤ value ≤ high. */
  between(low: number, high: number, column: NumberColumn): LazySet;
}

export type ScalarIndexParts = CodeIndexParts | RangeIndexParts;

export interface CodeIndexParts {
  readonly kind: 'codes';
  /** Ascending; null: more than bitmaps are kept of. */
  readonly codes: Float64Array | null;
  /** Users with a value, then the users of each code. */
  readonly bitmaps: PackedParts;
}

export interface RangeIndexParts {
  readonly kind: 'range';
  /** Least value of each bin, ascending; a bin ends where the next begins. */
  readonly starts: Float64Array;
  /** 1: all values of the bin are its least one. */
  readonly single: Uint8Array;
  /** Bins that one cumulative bitmap reaches further than the one before. */
  readonly step: number;
  /** Bitmap j: users whose value lies in one of the first (j + 1) × step bins; the last one: users with a value. */
  readonly upTo: PackedParts;
  /** Where the step is more than 1, the users of each bin; otherwise empty. */
  readonly bins: PackedParts;
}
