import type { RoaringBitmap32 } from '@tessera/bitmap';
import type { LazySet } from '../bitmaps/lazy-set';
import type { NumberColumn } from '../columns/number-vector';
import { CodeIndex, type CodeIndexParts } from './code-index';
import { RangeIndex, type RangeIndexParts } from './range-index';

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

/** @param ordinal values are numbers to compare, not codes. */
export function buildScalarIndex(column: NumberColumn, ordinal: boolean): ScalarIndex {
  return ordinal ? RangeIndex.build(column) : CodeIndex.build(column);
}

export function scalarIndexOf(parts: ScalarIndexParts): ScalarIndex {
  return parts.kind === 'range' ? new RangeIndex(parts) : new CodeIndex(parts);
}
