import { DECIMAL_ORDINAL_MAX } from './decimal';
import { SET_VALUES_MAX } from './parse-value';
import { compareUtf8 } from './utf8';
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

/**
 * The set after `$add`, or null if it would hold more than 1,000 strings (the message is then rejected). Arguments and result are
 * distinct and in UTF-8 byte order.
 */
export function addToSet(current: readonly string[], added: readonly string[]): readonly string[] | null {
  const result = [...new Set([...current, ...added])].sort(compareUtf8);
  return result.length > SET_VALUES_MAX ? null : result;
}

/** The set after `$remove`; strings it does not hold are ignored. */
export function removeFromSet(current: readonly string[], removed: readonly string[]): readonly string[] {
  const gone = new Set(removed);
  return current.filter((value) => !gone.has(value));
}
