import type { ExactCondition } from '../plan/plan';
import { meetsExact } from './meets-exact';

function threshold(op: ExactCondition['op'], scale: number, low: bigint, high = low): ExactCondition {
  return { op, scale, low, high };
}

describe('meetsExact', () => {
  it('compares sums across scales', () => {
    // 0.10 + 0.20 is 0.3, which doubles get wrong.
    expect(meetsExact(threshold('eq', 1, 3n), 'sum', 30n, 2, 2)).toBe(true);
    expect(meetsExact(threshold('gt', 1, 3n), 'sum', 30n, 2, 2)).toBe(false);
    expect(meetsExact(threshold('ne', 3, 301n), 'sum', 30n, 2, 2)).toBe(true);
    expect(meetsExact(threshold('between', 0, -1n, 1n), 'sum', -100n, 1, 2)).toBe(true);
    expect(meetsExact(threshold('between', 0, -1n, 1n), 'sum', -101n, 1, 2)).toBe(false);
  });

  it('compares averages without dividing', () => {
    // 1/3 is neither 0.333333333 nor the next.
    expect(meetsExact(threshold('eq', 9, 333_333_333n), 'avg', 1n, 3, 0)).toBe(false);
    expect(meetsExact(threshold('gt', 9, 333_333_333n), 'avg', 1n, 3, 0)).toBe(true);
    expect(meetsExact(threshold('lt', 9, 333_333_334n), 'avg', 1n, 3, 0)).toBe(true);
    expect(meetsExact(threshold('lte', 0, -1n), 'avg', -3n, 3, 0)).toBe(true);
    expect(meetsExact(threshold('gte', 1, 15n), 'avg', 3n, 2, 0)).toBe(true);
  });

  it('is exact beyond what doubles hold', () => {
    const sum = 10n ** 24n + 1n;
    expect(meetsExact(threshold('gt', 0, 10n ** 24n), 'sum', sum, 1, 0)).toBe(true);
    expect(meetsExact(threshold('eq', 0, 10n ** 24n), 'sum', sum, 1, 0)).toBe(false);
  });

  it('never holds without a value', () => {
    for (const op of ['eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'between'] as const) {
      expect(meetsExact(threshold(op, 0, 0n), 'sum', 0n, 0, 0)).toBe(false);
    }
  });
});
