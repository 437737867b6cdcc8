import type { TagValue, ValueSpec } from '@tessera/tag-catalog';
import { DAY_MS } from '@tessera/tag-catalog';
import { compileCondition } from '../engine/compile-condition';
import { meetsExact } from '../engine/meets-exact';
import type { ExactCondition, ValueCondition } from '../plan/plan';
import type { OrdinalLimits } from '../plan/value-limits';
import { ordinalLimits } from '../plan/value-limits';

const DAYS_OF_TWO_YEARS = 731;

/**
 * The ordinal nearest to `from` that satisfies the condition (or, if `wanted` is false, does not); of two equally near ones the lesser.
 * null: there is none. With no `from`: one that does, nearest to the condition's own bounds.
 */
export function nearestOrdinal(
  condition: ValueCondition,
  spec: ValueSpec,
  from: number | null,
  wanted: boolean,
  limits: OrdinalLimits = ordinalLimits(spec),
): number | null {
  const holds = compileCondition(condition, spec);
  let nearest: number | null = null;
  for (const candidate of turningPoints(condition, spec, from)) {
    if (candidate < limits.low || candidate > limits.high || holds(candidate) !== wanted) {
      continue;
    }
    if (nearest === null || (from !== null && isNearer(candidate, nearest, from))) {
      nearest = candidate;
    }
  }
  return nearest;
}

function isNearer(candidate: number, nearest: number, from: number): boolean {
  const difference = Math.abs(candidate - from) - Math.abs(nearest - from);
  return difference < 0 || (difference === 0 && candidate < nearest);
}

/** Where a condition on ordinals turns, and the ordinals beside: the nearest one that satisfies it is among them. */
function turningPoints(condition: ValueCondition, spec: ValueSpec, from: number | null): readonly number[] {
  switch (condition.kind) {
    case 'oneOf': {
      const values = condition.values.map(Number);
      return [...values, ...values.flatMap((value) => [value + 1, value - 1])];
    }
    case 'range': {
      const bounds = [condition.low, condition.high].flatMap((bound) => (bound === null ? [] : [Number(bound.value)]));
      return [...bounds, ...bounds.flatMap((bound) => [bound + 1, bound - 1])];
    }
    case 'anniversary': {
      if (from === null) {
        return [];
      }
      const step = spec.valueType === 'date' ? 1 : DAY_MS;
      return Array.from({ length: 2 * DAYS_OF_TWO_YEARS + 1 }, (_, at) => from + (at - DAYS_OF_TWO_YEARS) * step);
    }
    case 'present':
    case 'absent':
    case 'never':
    case 'text':
    case 'set':
      return [];
  }
}

/**
 * The sum (in the property's scale) nearest to `from` that meets the exact condition over `rows` values, or does not; null: none does.
 */
export function nearestSum(
  exact: ExactCondition,
  measure: { readonly kind: 'sum' | 'avg'; readonly scale: number },
  from: bigint,
  rows: number,
  wanted: boolean,
): bigint | null {
  const times = measure.kind === 'avg' ? BigInt(rows) : 1n;
  let nearest: bigint | null = null;
  for (const threshold of [exact.low, exact.high]) {
    // threshold / 10^exact.scale × times, in units of the property's scale, rounded down.
    const floor = floorDivide(threshold * times * 10n ** BigInt(measure.scale), 10n ** BigInt(exact.scale));
    for (const candidate of [floor - 1n, floor, floor + 1n]) {
      if (meetsExact(exact, measure.kind, candidate, rows, measure.scale) !== wanted) {
        continue;
      }
      if (nearest === null || distance(candidate, from) < distance(nearest, from)) {
        nearest = candidate;
      }
    }
  }
  return nearest;
}

function distance(left: bigint, right: bigint): bigint {
  return left > right ? left - right : right - left;
}

function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor !== 0n && dividend < 0n ? quotient - 1n : quotient;
}

/** Of a type with few values: those that satisfy the condition, or do not. */
export function choicesOf(condition: ValueCondition, spec: ValueSpec, wanted: boolean): readonly TagValue[] {
  const holds = compileCondition(condition, spec);
  const all: readonly TagValue[] = spec.valueType === 'bool' ? [true, false] : spec.values;
  return all.filter((value) => holds(value) === wanted);
}
