import type { ExactCondition } from '../plan/plan';

/**
 * Whether the sum or average of one user's values meets a threshold, exactly: nothing is divided or rounded.
 *
 * @param measure `avg` compares `sum` with threshold × `rows`.
 * @param sum sum of the values × 10^`propertyScale`.
 * @param rows how many values were summed; with none there is no value and no comparison holds.
 * @param propertyScale fraction digits of the property summed.
 */
export function meetsExact(
  exact: ExactCondition,
  measure: 'sum' | 'avg',
  sum: bigint,
  rows: number,
  propertyScale: number,
): boolean {
  if (rows <= 0) {
    return false;
  }
  const scale = Math.max(propertyScale, exact.scale);
  const times = measure === 'avg' ? BigInt(rows) : 1n;
  const raise = 10n ** BigInt(scale - exact.scale) * times;
  const actual = sum * 10n ** BigInt(scale - propertyScale);
  const low = exact.low * raise;
  switch (exact.op) {
    case 'eq':
      return actual === low;
    case 'ne':
      return actual !== low;
    case 'gt':
      return actual > low;
    case 'gte':
      return actual >= low;
    case 'lt':
      return actual < low;
    case 'lte':
      return actual <= low;
    case 'between':
      return actual >= low && actual <= exact.high * raise;
  }
}
