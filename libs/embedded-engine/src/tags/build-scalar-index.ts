import type { NumberColumn } from '../columns/number-vector';
import { CodeIndex } from './code-index';
import { RangeIndex } from './range-index';
import type { ScalarIndex, ScalarIndexParts } from './scalar-index';

/** @param ordinal values are numbers to compare, not codes. */
export function buildScalarIndex(column: NumberColumn, ordinal: boolean): ScalarIndex {
  return ordinal ? RangeIndex.build(column) : CodeIndex.build(column);
}

export function scalarIndexOf(parts: ScalarIndexParts): ScalarIndex {
  return parts.kind === 'range' ? new RangeIndex(parts) : new CodeIndex(parts);
}
