import type { TagValue, ValueSpec } from '@tessera/tag-catalog';
import { DateTime } from 'luxon';
import { RE2JS } from 're2js';
import type { TimedValue, ExactCondition, TagTest, ValueCondition } from '../plan/plan';
import { compareByCodePoint } from './replay-field';

const DAY_MS = 86_400_000;

/** Whether a value that is there (undefined: it is not) satisfies the condition. Written for obviousness, apart from the engines' own. */
export function satisfies(condition: ValueCondition, spec: ValueSpec, value: TagValue | undefined): boolean {
  if (value === undefined) return condition.kind === 'absent';
  switch (condition.kind) {
    case 'present':
      return true;
    case 'absent':
    case 'never':
      return false;
    case 'oneOf':
      return condition.values.some((listed) => listed === value) !== condition.negated;
    case 'range':
      return isAbove(condition.low, value) && isBelow(condition.high, value);
    case 'text':
      return typeof value === 'string' && hasText(condition.op, condition.text, value);
    case 'anniversary':
      return typeof value === 'number' && condition.monthDays.includes(monthDay(spec, value, condition.timeZone));
    case 'set':
      return typeof value === 'object' && hasElements(condition.op, condition.values, value);
  }
}

type RangeEnd = Extract<ValueCondition, { kind: 'range' }>['low'];

function isAbove(low: RangeEnd, value: TagValue): boolean {
  if (low === null) return true;
  const order = compareValues(value, low.value);
  return order > 0 || (order === 0 && low.inclusive);
}

function isBelow(high: RangeEnd, value: TagValue): boolean {
  if (high === null) return true;
  const order = compareValues(value, high.value);
  return order < 0 || (order === 0 && high.inclusive);
}

/** Order of values of one type: numbers by value, strings by UTF-8 bytes, false before true. */
export function compareValues(left: TagValue, right: TagValue): number {
  if (typeof left === 'string' && typeof right === 'string') return compareByCodePoint(left, right);
  return Number(left) - Number(right);
}

function hasText(op: 'contains' | 'startsWith' | 'endsWith' | 'matches', text: string, value: string): boolean {
  switch (op) {
    case 'contains':
      return value.includes(text);
    case 'startsWith':
      return value.startsWith(text);
    case 'endsWith':
      return value.endsWith(text);
    case 'matches':
      return RE2JS.compile(text).matcher(value).find();
  }
}

function hasElements(
  op: 'hasAny' | 'hasAll' | 'hasNone',
  wanted: readonly string[],
  value: readonly string[],
): boolean {
  switch (op) {
    case 'hasAny':
      return wanted.some((element) => value.includes(element));
    case 'hasAll':
      return wanted.every((element) => value.includes(element));
    case 'hasNone':
      return !wanted.some((element) => value.includes(element));
  }
}

function monthDay(spec: ValueSpec, value: number, timeZone: string): number {
  const local =
    spec.valueType === 'date'
      ? DateTime.fromMillis(value * DAY_MS, { zone: 'utc' })
      : DateTime.fromMillis(value, { zone: timeZone });
  return local.month * 100 + local.day;
}

/** Whether sum/rows (rows 1 for a sum) compares as asked, by whole numbers on both sides. */
export function satisfiesExact(exact: ExactCondition, sum: bigint, rows: bigint, propertyScale: number): boolean {
  // sum / 10^propertyScale / rows against threshold / 10^exact.scale, both sides times 10^propertyScale × 10^exact.scale × rows.
  const measured = sum * 10n ** BigInt(exact.scale);
  const low = exact.low * rows * 10n ** BigInt(propertyScale);
  const high = exact.high * rows * 10n ** BigInt(propertyScale);
  switch (exact.op) {
    case 'eq':
      return measured === low;
    case 'ne':
      return measured !== low;
    case 'gt':
      return measured > low;
    case 'gte':
      return measured >= low;
    case 'lt':
      return measured < low;
    case 'lte':
      return measured <= low;
    case 'between':
      return measured >= low && measured <= high;
  }
}

/** Whether a user with this stored value passes the test, TTL and `includeMissing` judged. */
export function passesTest(test: TagTest, stored: TimedValue | undefined): boolean {
  const value = validValue(stored, test.validAfterMs);
  if (value === undefined && test.includeMissing) return true;
  return satisfies(test.condition, test.tag, value);
}

/** The value if it has not expired. */
export function validValue(stored: TimedValue | undefined, validAfterMs: number | null): TagValue | undefined {
  if (stored === undefined) return undefined;
  const isValid = validAfterMs === null || stored.timeMs === null || stored.timeMs > validAfterMs;
  return isValid ? stored.value : undefined;
}
