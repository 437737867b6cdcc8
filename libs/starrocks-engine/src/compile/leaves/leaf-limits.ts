/** Values of one list that stand in the SQL itself; longer lists are read from `sys_values`. */
export const INLINE_VALUES_MAX = 1_000;
/**
 * Values that stand in the SQL of one leaf, all its lists together: StarRocks refuses an expression of more than 10,000 parts
 * ("Expression too complex"), and every leaf is one.
 */
export const INLINE_VALUES_PER_LEAF_MAX = 5_000;
/** Parts of an expression, those values among them, that one leaf may need where it has no other way; leaves room for its operators and for the guids that are asked about. */
export const LEAF_PARTS_MAX = 8_000;
/** Columns of one table that long lists are asked of, in one statement: each of them is a join. */
export const LISTED_COLUMNS_MAX = 50;
/** Leaves of one statement: planning takes 0.6 s then and is cut off at 3 s. */
export const LEAVES_MAX = 500;
/** Relations of one statement: every one is a scan and a join, and the planner's time grows faster than their number. */
export const RELATIONS_MAX = 100;
/** Distinct values that the patterns of `matches` are tried on, of one tag or property. */
export const PATTERN_VALUES_MAX = 1_000_000;
/** Bytes of the values that match the patterns of a question, all together: they are kept in memory until it is answered. */
export const PATTERN_BYTES_MAX = 268_435_456;

/** A leaf, or all the leaves of one statement together, are more than a statement can hold. */
export class LeafLimitError extends Error {
  override readonly name = 'LeafLimitError';

  constructor(
    readonly limit: 'leaves' | 'leafParts' | 'relations' | 'patternValues' | 'patternBytes' | 'zoneChanges',
    readonly most: number,
    detail: string,
  ) {
    super(detail);
  }
}
