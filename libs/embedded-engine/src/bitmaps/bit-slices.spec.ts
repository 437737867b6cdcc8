import fc from 'fast-check';
import { NumberVector } from '../columns/number-vector';
import { ByteReader, ByteWriter } from '../storage/bytes';
import { BitSlices } from './bit-slices';

const CAPACITY = 64;
const value = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.integer({ min: 0, max: 2 ** 40 }),
  fc.constantFrom(2 ** 32 - 1, 2 ** 32, 2 ** 52),
);

function vectorOf(values: readonly (number | undefined)[]): NumberVector {
  const vector = new NumberVector(CAPACITY);
  for (const item of values) {
    vector.push(item);
  }
  return vector;
}

describe('BitSlices', () => {
  const cells = fc.array(fc.option(value, { nil: undefined }), { minLength: 1, maxLength: CAPACITY });

  it('answers every range as a scan does, before and after changes and a round trip', () => {
    fc.assert(
      fc.property(cells, cells, fc.array(fc.tuple(value, value), { minLength: 1 }), (before, after, ranges) => {
        const vector = vectorOf(before);
        let slices = BitSlices.build(vector);
        const changes = before
          .map((old, position) => [position, old, after[position]] as const)
          .filter(([, old, now]) => old !== now);
        const final = vectorOf(before.map((_, position) => after[position]));
        if (slices?.update(changes) !== true) {
          slices = BitSlices.build(final);
        }
        const writer = new ByteWriter();
        slices?.write(writer);
        const read = BitSlices.read(new ByteReader(writer.finish()));
        for (const [a, b] of ranges) {
          for (const [low, high] of [
            [a, b],
            [a, a],
            [-Infinity, a],
            [a, Infinity],
          ] as const) {
            const expected: number[] = [];
            for (let position = 0; position < before.length; position++) {
              const item = after[position];
              if (item !== undefined && item >= low && item <= high) {
                expected.push(position);
              }
            }
            expect(slices?.between(low, high).toArray()).toEqual(expected);
            expect(read.between(low, high).toArray()).toEqual(expected);
          }
        }
        expect([...read.values(before.length)]).toEqual(before.map((_, position) => after[position] ?? NaN));
      }),
    );
  });

  it('leaves a span wider than a safe integer to the scan', () => {
    expect(BitSlices.build(vectorOf([-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]))).toBeNull();
  });
});
