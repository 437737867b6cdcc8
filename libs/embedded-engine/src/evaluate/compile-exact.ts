import { type ExactCondition, meetsExact } from '@tessera/audience';

/** Whether the sum (or the average) of a user's values, at least one, meets the condition. The sum is in the property's scale. */
export type SumTest = (sum: number, rows: number) => boolean;

/**
 * Compiles a condition on sums or averages into comparisons of doubles, exact as long as the sum is a safe integer. `meetsExact` is the
 * meaning; this is the same for many users.
 */
export function compileExact(exact: ExactCondition, measure: 'sum' | 'avg', propertyScale: number): SumTest {
  return measure === 'sum' ? compileSum(exact, propertyScale) : compileAverage(exact, propertyScale);
}

/** Sums are integers, so every comparison is one of the sum with whole limits. */
function compileSum(exact: ExactCondition, propertyScale: number): SumTest {
  const scale = Math.max(propertyScale, exact.scale);
  const raise = 10n ** BigInt(scale - exact.scale);
  const unit = 10n ** BigInt(scale - propertyScale);
  const low = exact.low * raise;
  const high = exact.high * raise;
  switch (exact.op) {
    case 'eq':
      return low % unit === 0n ? within(low / unit, low / unit) : () => false;
    case 'ne': {
      const equal = compileSum({ ...exact, op: 'eq' }, propertyScale);
      return (sum, rows) => !equal(sum, rows);
    }
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
function within(least: bigint | null, most: bigint | null): SumTest {
  const from = least === null ? -Infinity : Number(least);
  const to = most === null ? Infinity : Number(most);
  return (sum) => sum >= from && sum <= to;
}

/** sum × unit against threshold × rows: in doubles where all products are safe integers, else in BigInt. */
function compileAverage(exact: ExactCondition, propertyScale: number): SumTest {
  const scale = Math.max(propertyScale, exact.scale);
  const unit = 10 ** (scale - propertyScale);
  const low = Number(exact.low * 10n ** BigInt(scale - exact.scale));
  const high = Number(exact.high * 10n ** BigInt(scale - exact.scale));
  const limit = Math.max(Math.abs(low), Math.abs(high));
  const compare = comparison(exact.op);
  return (sum, rows) =>
    Math.abs(sum) * unit <= Number.MAX_SAFE_INTEGER && limit * rows <= Number.MAX_SAFE_INTEGER
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
