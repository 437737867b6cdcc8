import fc from 'fast-check';
import { ByteReader, ByteWriter } from '../storage/bytes';
import { NumberVector } from './number-vector';

const CAPACITY = 512;
const edges = [
  0,
  1,
  254,
  255,
  256,
  65_534,
  65_535,
  65_536,
  -1,
  0x7fffffff,
  0x80000000,
  -0x7fffffff,
  -0x80000000,
  Number.MAX_SAFE_INTEGER,
  -Number.MAX_SAFE_INTEGER,
];

describe('NumberVector', () => {
  it('keeps what a map keeps, through every width and a round trip', () => {
    const operation = fc.record({
      position: fc.integer({ min: 0, max: CAPACITY - 1 }),
      value: fc.option(fc.oneof(fc.constantFrom(...edges), fc.maxSafeInteger()), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const vector = new NumberVector(CAPACITY);
        const model = new Map<number, number>();
        for (const { position, value } of operations) {
          if (value === undefined) {
            vector.clear(position);
            model.delete(position);
          } else {
            vector.set(position, value);
            model.set(position, value);
          }
        }
        const writer = new ByteWriter();
        vector.write(writer);
        const read = NumberVector.read(new ByteReader(writer.finish()), CAPACITY);
        for (let position = 0; position < CAPACITY; position++) {
          expect([position, vector.get(position), read.get(position)]).toEqual([
            position,
            model.get(position),
            model.get(position),
          ]);
        }
      }),
    );
  });

  it('moves in steps, and changes no value', () => {
    const capacity = 2 ** 18;
    const vector = new NumberVector(capacity);
    vector.set(3, 254);
    vector.set(150_000, 7);
    for (const [position, value] of [
      [capacity - 1, 1],
      [0, 255],
      [0, -1],
      [0, 2 ** 40],
    ] as const) {
      expect(vector.hasRoom(position, value)).toBe(false);
      let pauses = 0;
      for (const steps = vector.roomSteps(position, value); steps.next().done !== true; pauses++) {
        expect([vector.get(3), vector.get(4), vector.get(150_000)]).toEqual([254, undefined, 7]);
      }
      expect(pauses).toBeGreaterThan(1);
      expect(vector.hasRoom(position, value)).toBe(true);
      expect([vector.length, vector.get(0), vector.get(3), vector.get(4), vector.get(150_000)]).toEqual([
        150_001,
        undefined,
        254,
        undefined,
        7,
      ]);
    }
    const { data } = vector;
    vector.set(capacity - 1, 2 ** 40);
    expect([vector.data === data, vector.get(capacity - 2), vector.get(capacity - 1)]).toEqual([
      true,
      undefined,
      2 ** 40,
    ]);
  });

  it('changes the order of positions, and drops those not named', () => {
    const vector = new NumberVector(CAPACITY);
    for (const value of [10, 20, 30, 40]) {
      vector.push(value);
    }
    vector.push(undefined);
    vector.reorder(Uint32Array.of(3, 4, 1));
    expect([vector.length, vector.bytes, vector.get(0), vector.get(1), vector.get(2), vector.get(3)]).toEqual([
      3,
      3,
      40,
      undefined,
      20,
      undefined,
    ]);
  });

  it('stays whole when more positions are named than it ever had room for', () => {
    const vector = new NumberVector(CAPACITY);
    vector.push(7);
    vector.push(8);
    // A column that ends early, of a bucket with many more rows.
    vector.reorder(Uint32Array.from({ length: 200 }, (_, index) => index + 1));
    expect([vector.length, vector.get(0), vector.get(1)]).toEqual([200, 8, undefined]);
    const writer = new ByteWriter();
    vector.write(writer);
    const read = NumberVector.read(new ByteReader(writer.finish()), CAPACITY);
    expect([read.length, read.get(0), read.get(1)]).toEqual([200, 8, undefined]);
    vector.set(300, 9);
    expect([vector.get(299), vector.get(300)]).toEqual([undefined, 9]);
  });

  it('refuses a position past its capacity and damaged bytes', () => {
    expect(() => {
      new NumberVector(8).set(8, 1);
    }).toThrow('capacity');
    expect(() => NumberVector.read(new ByteReader(Buffer.from([9, 0, 0, 0, 0])), 8)).toThrow('damaged');
    expect(() => NumberVector.read(new ByteReader(Buffer.from([3, 8, 0, 0, 0])), 8)).toThrow();
  });
});
