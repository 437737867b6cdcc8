import fc from 'fast-check';
import { NumberVector } from '../columns/number-vector';
import { ByteReader, ByteWriter } from '../storage/bytes';
import { CodeIndex, OrdinalIndex, type ScalarIndex } from './scalar-index';

const CAPACITY = 8192;

function vectorOf(values: readonly (number | undefined)[]): NumberVector {
  const vector = new NumberVector(CAPACITY);
  for (const item of values) {
    vector.push(item);
  }
  return vector;
}

function roundTrip(index: ScalarIndex, read: (reader: ByteReader) => ScalarIndex): ScalarIndex {
  const writer = new ByteWriter();
  index.write(writer);
  return read(new ByteReader(writer.finish()));
}

function positionsOf(values: readonly (number | undefined)[], meets: (value: number) => boolean): number[] {
  return values.flatMap((value, position) => (value !== undefined && meets(value) ? [position] : []));
}

describe('CodeIndex', () => {
  const manyCodes = Array.from({ length: 5000 }, (_, code) => (code % 7 === 3 ? undefined : code));

  it.each([
    ['few values', [3, undefined, 3, 1, undefined, 0]],
    ['more values than bitmaps are kept of', manyCodes],
  ])('finds users by code with %s, after a round trip too', (_, values) => {
    const vector = vectorOf(values);
    const built = CodeIndex.build(vector);
    for (const index of [built, roundTrip(built, (reader) => CodeIndex.read(reader, vector))]) {
      expect(index.present.toArray()).toEqual(positionsOf(values, () => true));
      for (const codes of [[], [3], [1], [0, 3, 4999], [9_999_999], [9_999_998, 0]]) {
        expect([codes, index.oneOf(codes).bitmap.toArray()]).toEqual([
          codes,
          positionsOf(values, (code) => codes.includes(code)),
        ]);
      }
      expect(index.verify()).toEqual([]);
    }
  });

  // 255, 65,535 and −2^31 mark missing values in columns of 1, 2 and 4 bytes; other shards may have users with such a code.
  it.each([[[3, undefined, 1]], [manyCodes]])('takes no missing value for a code that looks like one', (values) => {
    const index = CodeIndex.build(vectorOf(values));
    for (const codes of [[255], [65_535], [255, 65_535], [65_535, 70_000]]) {
      expect([codes, index.oneOf(codes).bitmap.toArray()]).toEqual([
        codes,
        positionsOf(values, (code) => codes.includes(code)),
      ]);
    }
  });

  it('follows changes up to and past the number of bitmaps it keeps', () => {
    const values: (number | undefined)[] = Array.from({ length: 4096 }, (_, code) => code);
    const vector = vectorOf(values);
    const index = CodeIndex.build(vector);
    vector.set(4096, 4096);
    vector.clear(7);
    vector.set(8, 9);
    index.update([
      [7, 7, undefined],
      [8, 8, 9],
      [4096, undefined, 4096],
    ]);
    expect(index.oneOf([9]).bitmap.toArray()).toEqual([8, 9]);
    expect(index.oneOf([7]).bitmap.toArray()).toEqual([]);
    expect(index.oneOf([4096]).bitmap.toArray()).toEqual([4096]);
    vector.set(4097, 5000);
    vector.set(4098, 5001);
    vector.set(4099, 5002);
    index.update([
      [4097, undefined, 5000],
      [4098, undefined, 5001],
      [4099, undefined, 5002],
    ]);
    expect(index.oneOf([5001]).bitmap.toArray()).toEqual([4098]);
    expect(index.oneOf([5000, 9]).bitmap.toArray()).toEqual([8, 9, 4097]);
    expect(index.verify()).toEqual([]);
  });

  it('tells what differs from the column', () => {
    const vector = vectorOf([1, 2, undefined]);
    const index = CodeIndex.build(vector);
    vector.set(0, 2);
    vector.set(2, 2);
    expect(index.verify()).toEqual(['users with a value', 'users with code 1', 'users with code 2']);
  });
});

describe('OrdinalIndex', () => {
  const value = fc.oneof(
    fc.integer({ min: -300, max: 300 }),
    fc.constantFrom(0, 255, 65_535, -(2 ** 31), Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER),
  );
  const cells = fc.array(fc.option(value, { nil: undefined }), { minLength: 1, maxLength: 40 });

  it('answers as a scan does, for every span of values, after changes and a round trip', () => {
    fc.assert(
      fc.property(cells, cells, fc.array(value, { minLength: 1, maxLength: 12 }), (before, later, asked) => {
        const vector = vectorOf(before);
        let index = OrdinalIndex.build(vector);
        const after = before.map((_, position) => later[position]);
        const changes = before.flatMap((old, position) =>
          old === after[position] ? [] : [[position, old, after[position]] as const],
        );
        for (const [position, , now] of changes) {
          if (now === undefined) {
            vector.clear(position);
          } else {
            vector.set(position, now);
          }
        }
        if (!index.update(changes)) {
          index = OrdinalIndex.build(vector);
        }
        for (const one of [index, roundTrip(index, (reader) => OrdinalIndex.read(reader, vector))]) {
          expect(one.verify()).toEqual([]);
          expect(one.present.toArray()).toEqual(positionsOf(after, () => true));
          expect(one.oneOf(asked).bitmap.toArray()).toEqual(positionsOf(after, (item) => asked.includes(item)));
          const [a = 0, b = 0] = asked;
          expect(one.between(a, b).bitmap.toArray()).toEqual(positionsOf(after, (item) => item >= a && item <= b));
          expect(one.between(-Infinity, a).bitmap.toArray()).toEqual(positionsOf(after, (item) => item <= a));
          expect(one.between(a + 1, Infinity).bitmap.toArray()).toEqual(positionsOf(after, (item) => item > a));
        }
      }),
    );
  });

  it('tells what differs from the column', () => {
    const vector = vectorOf([1, 2, undefined]);
    const index = OrdinalIndex.build(vector);
    vector.set(2, 7);
    expect(index.verify()).toEqual(['position 2: column 7, index NaN']);
  });
});
