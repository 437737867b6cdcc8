import { compareUtf8 } from '@tessera/tag-catalog';
import type { TagValue, ValueSpec } from '@tessera/tag-catalog';
import type { Bound, ValueCondition } from './plan';
import { ordinalLimits } from './value-limits';
import type { OrdinalLimits } from './value-limits';

export const PRESENT: ValueCondition = Object.freeze({ kind: 'present' });
export const ABSENT: ValueCondition = Object.freeze({ kind: 'absent' });
export const NEVER: ValueCondition = Object.freeze({ kind: 'never' });

/** Every month-day there is, 29 February included. */
const MONTH_DAYS_COUNT = 366;

/**
 * The same condition in its simplest form, given what values of the type can be: ranges closed at both ends or open (of
 * ordinals), `present` for what every value satisfies, `never` for what none does. Returns the very same object if there is
 * nothing to simplify. Enums are left alone: values may be added to them while a plan is in use.
 *
 * @param limits of the ordinals, where they are narrower than the type's.
 */
export function simplifyCondition(
  condition: ValueCondition,
  spec: ValueSpec,
  limits: OrdinalLimits = ordinalLimits(spec),
): ValueCondition {
  switch (condition.kind) {
    case 'present':
    case 'absent':
    case 'never':
    case 'set':
      return condition;
    case 'text':
      // Every text begins with, ends with, contains and (as a pattern) matches the empty one.
      return condition.text === '' ? PRESENT : condition;
    case 'anniversary':
      return condition.monthDays.length >= MONTH_DAYS_COUNT ? PRESENT : condition;
    case 'oneOf':
      return simplifyOneOf(condition, spec);
    case 'range':
      return isTextRange(condition) ? simplifyTextRange(condition) : simplifyOrdinalRange(condition, limits);
  }
}

type OneOf = Extract<ValueCondition, { kind: 'oneOf' }>;
type Range = Extract<ValueCondition, { kind: 'range' }>;

function simplifyOneOf(condition: OneOf, spec: ValueSpec): ValueCondition {
  const { values, negated } = condition;
  if (values.length === 0) {
    return negated ? PRESENT : NEVER;
  }
  if (spec.valueType !== 'bool') {
    return condition;
  }
  const holds = [false, true].filter((value) => values.includes(value) !== negated);
  if (holds.length !== 1) {
    return holds.length === 2 ? PRESENT : NEVER;
  }
  return negated ? oneOf(holds) : condition;
}

export function oneOf(values: OneOf['values'], negated = false): ValueCondition {
  return { kind: 'oneOf', values, negated };
}

function isTextRange(range: Range): boolean {
  return typeof (range.low ?? range.high)?.value === 'string';
}

function simplifyTextRange(range: Range): ValueCondition {
  const { low, high } = range;
  if (low?.inclusive === true && low.value === '') {
    return high === null ? PRESENT : simplifyTextRange({ ...range, low: null });
  }
  if (high?.inclusive === false && high.value === '') {
    return NEVER;
  }
  if (low === null && high?.value === '') {
    return oneOf(['']);
  }
  if (low === null || high === null) {
    return low === high ? PRESENT : range;
  }
  const order = compareUtf8(String(low.value), String(high.value));
  if (order > 0 || (order === 0 && !(low.inclusive && high.inclusive))) {
    return NEVER;
  }
  return order === 0 ? oneOf([low.value]) : range;
}

/** Ordinals are integers: an exclusive end is the next one, inclusive. */
function simplifyOrdinalRange(range: Range, limits: OrdinalLimits): ValueCondition {
  const low = range.low === null ? limits.low : leastOf(range.low);
  const high = range.high === null ? limits.high : mostOf(range.high);
  if (low > high || low > limits.high || high < limits.low) {
    return NEVER;
  }
  const openLow = low <= limits.low;
  const openHigh = high >= limits.high;
  if (openLow && openHigh) {
    return PRESENT;
  }
  if (low === high) {
    return oneOf([low]);
  }
  return tightened(range, openLow ? null : low, openHigh ? null : high);
}

function leastOf(bound: Bound): number {
  return Number(bound.value) + (bound.inclusive ? 0 : 1);
}

function mostOf(bound: Bound): number {
  return Number(bound.value) - (bound.inclusive ? 0 : 1);
}

function tightened(range: Range, low: number | null, high: number | null): ValueCondition {
  if (isSameEnd(range.low, low) && isSameEnd(range.high, high)) {
    return range;
  }
  return {
    kind: 'range',
    low: low === null ? null : { value: low, inclusive: true },
    high: high === null ? null : { value: high, inclusive: true },
  };
}

function isSameEnd(bound: Bound | null, value: number | null): boolean {
  return bound === null ? value === null : bound.inclusive && bound.value === value;
}

/** Whether a value that is there satisfies a condition on ordinals; for counts, which are known to be 0 with no row. */
export function holdsForOrdinal(condition: ValueCondition, value: number): boolean {
  switch (condition.kind) {
    case 'present':
      return true;
    case 'oneOf':
      return condition.values.includes(value) !== condition.negated;
    case 'range':
      return isInRange(value, condition);
    case 'absent':
    case 'never':
    case 'text':
    case 'set':
    case 'anniversary':
      return false;
  }
}

/** Whether a value lies in a range: numbers by value, texts by UTF-8 bytes. */
export function isInRange(value: TagValue, range: Range): boolean {
  const { low, high } = range;
  const overLow = low === null ? 1 : compareValues(value, low.value);
  const underHigh = high === null ? 1 : compareValues(high.value, value);
  return (
    (overLow > 0 || (overLow === 0 && low?.inclusive === true)) &&
    (underHigh > 0 || (underHigh === 0 && high?.inclusive === true))
  );
}

/** Numbers by value, everything else by the UTF-8 bytes of its text. */
export function compareValues(one: TagValue, other: TagValue): number {
  if (typeof one === 'number' && typeof other === 'number') {
    return one - other;
  }
  return compareUtf8(String(one), String(other));
}
