import { DECIMAL_ORDINAL_MAX } from './decimal';
import type { ValueSpec } from './value-type';

/**
 * The ordinal after `$inc`, or null if the result lies outside the range of the type (the message is then rejected).
 * @param current the ordinal so far, 0 for a field with no value.
 */
export function incrementOrdinal(spec: ValueSpec, current: number, by: number): number | null {
  const result = current + by;
  const max = spec.valueType === 'decimal' ? DECIMAL_ORDINAL_MAX : Number.MAX_SAFE_INTEGER;
  // Two safe integers add up to at most 2^54, where a sum outside the range may be rounded, but never to one inside it.
  if (result > max || result < -max) {
    return null;
  }
  return result === 0 ? 0 : result;
}
