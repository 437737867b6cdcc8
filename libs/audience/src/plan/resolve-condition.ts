import { DAY_MS, INSTANT_MIN_MS } from '@tessera/tag-catalog';
import type { TagValue, ValueSpec } from '@tessera/tag-catalog';
import type { Operand, TagOperator } from '../expression/expression';
import type { AsOf } from './as-of';
import type { Bound, ExactCondition, ValueCondition } from './plan';
import { ordinalLimits } from './value-limits';
import { lastDayStartedBy, upcomingMonthDays } from './zone-time';

/** What a condition of an expression says, before "now" is known. */
export interface RelativeCondition {
  /** Of the values compared: of the tag or property; of a measure, that of its results. */
  readonly spec: ValueSpec;
  readonly op: TagOperator;
  readonly operand: Operand;
  readonly timeZone: string | null;
}

/**
 * Resolves a bound condition at as-of: operators become lists, ranges and texts; durations, zones and "the next days" become
 * plain values. Nothing is simplified. As-of is read for withinLast and anniversary only.
 *
 * @throws Error if the operand is not of the operator's kind, which a bound expression never has.
 */
export function resolveCondition(condition: RelativeCondition, asOf: AsOf): ValueCondition {
  const { op, operand } = condition;
  switch (op) {
    case 'eq':
    case 'ne':
      return { kind: 'oneOf', values: [scalarOf(op, operand)], negated: op === 'ne' };
    case 'in':
    case 'notIn':
      return { kind: 'oneOf', values: listOf(op, operand), negated: op === 'notIn' };
    case 'gt':
    case 'after':
      return { kind: 'range', low: boundOf(op, operand, false), high: null };
    case 'gte':
      return { kind: 'range', low: boundOf(op, operand, true), high: null };
    case 'lt':
    case 'before':
      return { kind: 'range', low: null, high: boundOf(op, operand, false) };
    case 'lte':
      return { kind: 'range', low: null, high: boundOf(op, operand, true) };
    case 'between':
      return resolveBetween(operand);
    case 'exists':
      if (operand.kind !== 'exists') {
        throw unsuitable(op, operand);
      }
      return operand.exists ? { kind: 'present' } : { kind: 'absent' };
    case 'contains':
    case 'startsWith':
    case 'endsWith':
    case 'matches':
      return { kind: 'text', op, text: String(scalarOf(op, operand)) };
    case 'withinLast':
      return resolveWithinLast(condition, asOf.asOfMs);
    case 'anniversary':
      return resolveAnniversary(condition, asOf.asOfMs);
    case 'hasAny':
    case 'hasAll':
    case 'hasNone':
      return { kind: 'set', op, values: listOf(op, operand).map(String) };
  }
}

/** Threshold of a sum or average. */
export function resolveExact(op: TagOperator, operand: Operand): ExactCondition {
  if (operand.kind !== 'exact' || !isExactOperator(op)) {
    throw unsuitable(op, operand);
  }
  return { op, scale: operand.scale, low: operand.low, high: operand.high };
}

const EXACT_OPERATORS: readonly TagOperator[] = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'between'];

function isExactOperator(op: TagOperator): op is ExactCondition['op'] {
  return EXACT_OPERATORS.includes(op);
}

function resolveBetween(operand: Operand): ValueCondition {
  if (operand.kind !== 'between') {
    throw unsuitable('between', operand);
  }
  const low = { value: comparable('between', operand.low), inclusive: true };
  const high = { value: comparable('between', operand.high), inclusive: true };
  return { kind: 'range', low, high };
}

/** (as-of − D, as-of]. A date counts as its first instant in the zone. */
function resolveWithinLast(condition: RelativeCondition, asOfMs: number): ValueCondition {
  const { spec, op, operand, timeZone } = condition;
  if (operand.kind !== 'duration') {
    throw unsuitable(op, operand);
  }
  const limits = ordinalLimits(spec);
  // Durations may reach back beyond any date that can be; two days clear the limit in every zone.
  const startMs = Math.max(asOfMs - operand.durationMs, INSTANT_MIN_MS - 2 * DAY_MS);
  const isDate = spec.valueType === 'date';
  const zone = timeZone ?? 'UTC';
  const low = isDate ? lastDayStartedBy(startMs, zone) : startMs;
  const high = isDate ? lastDayStartedBy(asOfMs, zone) : asOfMs;
  if (high < limits.low) {
    return { kind: 'never' };
  }
  return {
    kind: 'range',
    low: low < limits.low ? null : { value: low, inclusive: false },
    high: { value: Math.min(high, limits.high), inclusive: true },
  };
}

function resolveAnniversary(condition: RelativeCondition, asOfMs: number): ValueCondition {
  const { spec, op, operand, timeZone } = condition;
  if (operand.kind !== 'nextDays') {
    throw unsuitable(op, operand);
  }
  const zone = timeZone ?? 'UTC';
  return {
    kind: 'anniversary',
    monthDays: upcomingMonthDays(asOfMs, operand.nextDays, zone),
    // A date has a month and day of its own; one zone for all makes equal conditions equal.
    timeZone: spec.valueType === 'date' ? 'UTC' : zone,
  };
}

function scalarOf(op: TagOperator, operand: Operand): boolean | number | string {
  if (operand.kind !== 'value' || typeof operand.value === 'object') {
    throw unsuitable(op, operand);
  }
  return operand.value;
}

function listOf(op: TagOperator, operand: Operand): readonly (boolean | number | string)[] {
  if (operand.kind !== 'list') {
    throw unsuitable(op, operand);
  }
  return operand.values;
}

function boundOf(op: TagOperator, operand: Operand, inclusive: boolean): Bound {
  if (operand.kind !== 'value') {
    throw unsuitable(op, operand);
  }
  return { value: comparable(op, operand.value), inclusive };
}

function comparable(op: TagOperator, value: TagValue): number | string {
  if (typeof value !== 'number' && typeof value !== 'string') {
    throw new Error(`${op} compares numbers, dates and texts, not ${JSON.stringify(value)}`);
  }
  return value;
}

function unsuitable(op: TagOperator, operand: Operand): Error {
  return new Error(`the operator ${op} takes no operand of kind ${operand.kind}: the expression was not bound`);
}
