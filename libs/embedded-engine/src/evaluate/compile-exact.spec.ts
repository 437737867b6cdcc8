import { type ExactCondition, meetsExact } from '@tessera/audience';
import fc from 'fast-check';
import { type AverageTest, compileAverage, sumRange } from './compile-exact';

const OPERATORS = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'between'] as const;
const sum = fc.oneof(fc.integer({ min: -2000, max: 2000 }), fc.maxSafeInteger());
const limit = fc.oneof(fc.bigInt({ min: -3000n, max: 3000n }), fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }));

function compile(exact: ExactCondition, measure: 'sum' | 'avg', propertyScale: number): AverageTest {
  if (measure === 'avg') {
    return compileAverage(exact, propertyScale);
  }
  const { low, high, negated } = sumRange(exact, propertyScale);
  return (total) => (total >= low && total <= high) !== negated;
}

describe('a compiled exact condition', () => {
  it.each(['sum', 'avg'] as const)('means what meetsExact means, for %s', (measure) => {
    const parts = fc.record({
      op: fc.constantFrom(...OPERATORS),
      scale: fc.integer({ min: 0, max: 9 }),
      limits: fc.tuple(limit, limit),
      propertyScale: fc.integer({ min: 0, max: 9 }),
      sums: fc.array(fc.tuple(sum, fc.integer({ min: 1, max: 1000 })), { minLength: 1 }),
    });
    fc.assert(
      fc.property(parts, ({ op, scale, limits, propertyScale, sums }) => {
        const [a, b] = limits;
        const exact: ExactCondition = { op, scale, low: a < b ? a : b, high: a < b ? b : a };
        const meets = compile(exact, measure, propertyScale);
        // Sums right at a limit, where rounding would show.
        const near = [exact.low, exact.high].flatMap((value) => {
          const shifted =
            propertyScale >= scale
              ? value * 10n ** BigInt(propertyScale - scale)
              : value / 10n ** BigInt(scale - propertyScale);
          return [-1n, 0n, 1n].flatMap((step): [number, number][] => {
            const number = Number(shifted + step);
            return Number.isSafeInteger(number)
              ? [
                  [number, 1],
                  [number, 3],
                ]
              : [];
          });
        });
        for (const [total, rows] of [...sums, ...near]) {
          expect([total, rows, meets(total, rows)]).toEqual([
            total,
            rows,
            meetsExact(exact, measure, BigInt(total), rows, propertyScale),
          ]);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
