import fc from 'fast-check';
import { NumberVector } from '../columns/number-vector';
import { SHARD_SIZE } from '../shard';
import { SeededRandom } from '../testing/seeded-random';
import { buildScalarIndex, scalarIndexOf } from './build-scalar-index';
import type { ScalarIndex } from './scalar-index';

type Values = readonly (number | undefined)[];

function vectorOf(values: Values): NumberVector {
  const vector = new NumberVector(SHARD_SIZE);
  for (const item of values) {
    vector.push(item);
  }
  return vector;
}

function positionsOf(values: Values, meets: (value: number) => boolean): number[] {
  return values.flatMap((value, position) => (value !== undefined && meets(value) ? [position] : []));
}

function checkOneOf(index: ScalarIndex, column: NumberVector, values: Values, asked: readonly number[]): void {
  expect([asked, index.oneOf(asked, column).operand().bitmap.toArray()]).toEqual([
    asked,
    positionsOf(values, (value) => asked.includes(value)),
  ]);
}

function checkBetween(index: ScalarIndex, column: NumberVector, values: Values, low: number, high: number): void {
  const expected = positionsOf(values, (value) => value >= low && value <= high);
  expect([low, high, index.between(low, high, column).operand().bitmap.toArray()]).toEqual([low, high, expected]);
  expect([low, high, index.between(low, high, column).count()]).toEqual([low, high, expected.length]);
}

describe('the index of codes', () => {
  const manyCodes = Array.from({ length: 5000 }, (_, code) => (code % 7 === 3 ? undefined : code));

  it.each<[string, Values]>([
    ['no values', [undefined, undefined]],
    ['few values', [3, undefined, 3, 1, undefined, 0]],
    ['large codes', [70_000, undefined, 4096, 1, 70_000]],
    ['more values than bitmaps are kept of', manyCodes],
  ])('finds users by code with %s, from its parts too', (_, values) => {
    const column = vectorOf(values);
    const built = buildScalarIndex(column, false);
    for (const index of [built, scalarIndexOf(structuredClone(built.parts))]) {
      expect(index.present.toArray()).toEqual(positionsOf(values, () => true));
      for (const asked of [[], [3], [1], [70_000], [0, 3, 4999], [0, 3, 4999], [9_999_999], [9_999_998, 0]]) {
        checkOneOf(index, column, values, asked);
      }
      checkBetween(index, column, values, 1, 3);
      expect(index.bytes).toBeGreaterThan(0);
    }
  });

  // 255, 65,535 and −2^31 mark missing values in columns of 1, 2 and 4 bytes; other shards may have users with such a code.
  it.each([[[3, undefined, 1]], [manyCodes]])('takes no missing value for a code that looks like one', (values) => {
    const column = vectorOf(values);
    const index = buildScalarIndex(column, false);
    for (const asked of [[255], [65_535], [255, 65_535], [65_535, 70_000]]) {
      checkOneOf(index, column, values, asked);
    }
  });
});

describe('the index of ordinals', () => {
  const value = fc.oneof(
    fc.integer({ min: -300, max: 300 }),
    fc.constantFrom(0, 255, 65_535, -(2 ** 31), Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER),
  );
  const cells = fc.array(fc.option(value, { nil: undefined }), { minLength: 1, maxLength: 250 });

  it('answers as a scan does, for every span of values', () => {
    fc.assert(
      fc.property(cells, fc.array(value, { minLength: 1, maxLength: 12 }), (values, asked) => {
        const column = vectorOf(values);
        const index = buildScalarIndex(column, true);
        expect(index.present.toArray()).toEqual(positionsOf(values, () => true));
        checkOneOf(index, column, values, asked);
        const [a = 0, b = 0] = asked;
        checkBetween(index, column, values, a, b);
        checkBetween(index, column, values, a, a);
        checkBetween(index, column, values, -Infinity, a);
        checkBetween(index, column, values, a + 1, Infinity);
        checkBetween(index, column, values, -Infinity, Infinity);
      }),
    );
  });

  it.each<[string, (random: SeededRandom) => number]>([
    ['evenly', (random) => random.between(0, 100_000)],
    ['over very much', (random) => random.between(-(2 ** 30), 2 ** 30) * 1000],
    ['with one value that half of the users have', (random) => (random.chance(0.5) ? 7 : random.between(0, 5000))],
    ['over a hundred values', (random) => random.between(0, 100)],
  ])('cuts bins at every value with values spread %s', (_, drawValue) => {
    const random = new SeededRandom(5);
    const values = Array.from({ length: 20_000 }, () => (random.chance(0.1) ? undefined : drawValue(random)));
    const column = vectorOf(values);
    const index = buildScalarIndex(column, true);
    for (let round = 0; round < 40; round++) {
      const [low = 0, high = 0] = [drawValue(random), drawValue(random)].sort((a, b) => a - b);
      checkBetween(index, column, values, low, high);
      checkBetween(index, column, values, -Infinity, low);
      checkBetween(index, column, values, high, Infinity);
      checkBetween(index, column, values, low, low + 1);
      checkOneOf(index, column, values, [low]);
    }
  });
});
