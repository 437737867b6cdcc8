import { type ExactCondition, meetsExact } from '@tessera/audience';
import type { NumberRange } from './event-goal';

// Taken once: globals are slow inside the test runner's context.
const { abs } = Math;
const SAFE_MAX = Number.MAX_SAFE_INTEGER;

/** Whether the average of a user's values, at least one, meets the condition. The sum is in the property's scale. */
export type AverageTest = (sum: number, rows: number) => boolean;

const NOTHING: NumberRange = { low: Infinity, high: -Infinity, negated: false };

/**
 * The sums (in the property's scale) that meet a condition: sums are integers, so every comparison is one with whole limits. Exact as long as
 * the sum is a safe integer. `meetsExact` is the meaning; this is the same for many users.
 */
export function sumRange(exact: ExactCondition, propertyScale: number): NumberRange {
  const scale = Math.max(propertyScale, exact.scale);
  const raise = 10n ** BigInt(scale - exact.scale);
  const unit = 10n ** BigInt(scale - propertyScale);
  const low = exact.low * raise;
  const high = exact.high * raise;
  switch (exact.op) {
    case 'eq':
      return low % unit === 0n ? within(low / unit, low / unit) : NOTHING;
    case 'ne':
      return { ...sumRange({ ...exact, op: 'eq' }, propertyScale), negated: true };
    case 'gt':
      return within(floorOf(low, unit) + 1n, null);
    case 'gte':
      return within(-floorOf(-low, unit), null);
    case 'lt':
      return within(null, -floorOf(-low, unit) - 1n);
    case 'lte':
      return within(null, floorOf(low, unit));
    case 'between':
      return within(-floorOf(-low, unit), floorOf(high, unit));
  }
}

function floorOf(value: bigint, unit: bigint): bigint {
  const quotient = value / unit;
  return value < 0n && quotient * unit !== value ? quotient - 1n : quotient;
}

/** Limits past the safe integers are met by every sum or by none; as doubles they still lie on the right side. */
function within(least: bigint | null, most: bigint | null): NumberRange {
  return {
    low: least === null ? -Infinity : Number(least),
    high: most === null ? Infinity : Number(most),
    negated: false,
  };
}

/**
 * Compiles a condition on averages, sum × unit against threshold × rows: in doubles where all products are safe integers, else in BigInt.
 * The sum must be a safe integer.
 */
export function compileAverage(exact: ExactCondition, propertyScale: number): AverageTest {
  const scale = Math.max(propertyScale, exact.scale);
  const unit = 10 ** (scale - propertyScale);
  const low = Number(exact.low * 10n ** BigInt(scale - exact.scale));
  const high = Number(exact.high * 10n ** BigInt(scale - exact.scale));
  const limit = Math.max(Math.abs(low), Math.abs(high));
  const compare = comparison(exact.op);
  return (sum, rows) =>
    abs(sum) * unit <= SAFE_MAX && limit * rows <= SAFE_MAX
      ? compare(sum * unit, low * rows, high * rows)
      : meetsExact(exact, 'avg', BigInt(sum), rows, propertyScale);
}

function comparison(op: ExactCondition['op']): (actual: number, low: number, high: number) => boolean {
  switch (op) {
    case 'eq':
      return (actual, low) => actual === low;
    case 'ne':
      return (actual, low) => actual !== low;
    case 'gt':
      return (actual, low) => actual > low;
    case 'gte':
      return (actual, low) => actual >= low;
    case 'lt':
      return (actual, low) => actual < low;
    case 'lte':
      return (actual, low) => actual <= low;
    case 'between':
      return (actual, low, high) => actual >= low && actual <= high;
  }
}
