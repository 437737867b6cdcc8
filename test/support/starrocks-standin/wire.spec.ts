import { Bitmap } from './bitmap/bitmap';
import { decode, encode, encodeAs, typesOf, WIRE } from './bitmap/wire';
import type { WireType } from './bitmap/wire';
import { seededChance } from './engine/cluster';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const ALL: readonly WireType[] = Object.values(WIRE);

// StarRocks' documentation of bitmap_to_binary (STARROCKS.md section 3).
const VECTORS: readonly [WireType, readonly bigint[], string][] = [
  [WIRE.empty, [], '00'],
  [WIRE.single32, [1n], '0101000000'],
  [WIRE.bitmap32, [0n, 1n, 2n, 3n], '023A3000000100000000000300100000000000010002000300'],
  [WIRE.set, [13n, 23n, 33n], '0A030000000D0000000000000017000000000000002100000000000000'],
];

function randomBitmap(chance: () => number): Bitmap {
  const values: bigint[] = [];
  const highs = [0n, 0n, 1n, 0xffff_ffffn].slice(0, 1 + Math.floor(chance() * 4));
  const count = Math.floor(10 ** (chance() * 3.4)) - 1;
  for (let index = 0; index < count; index++) {
    const base = highs[Math.floor(chance() * highs.length)]! << 32n;
    const from = Math.floor(chance() * (chance() < 0.5 ? 70_000 : 2 ** 32));
    const run = chance() < 0.2 ? Math.floor(chance() * 300) : 1;
    for (let step = 0; step < run; step++) values.push(base | BigInt((from + step) % 2 ** 32));
  }
  return Bitmap.of(values);
}

describe('Bytes of bitmaps of the stand-in for StarRocks', () => {
  it.each(VECTORS)('type %d of %j is %s', (type, values, hex) => {
    // The order of a SET and the choice of runs are by chance; nought leaves both as they are.
    expect(
      encodeAs(type, Bitmap.of(values), () => 0.9)
        .toString('hex')
        .toUpperCase(),
    ).toBe(hex);
    expect([...decode(Buffer.from(hex, 'hex'))!.values()]).toEqual(values);
  });

  it('comes back whole in every type', () => {
    const chance = seededChance(SEED);
    const seen = new Set<number>();
    const few = [[], [7n], [2n ** 40n]].map((values) => Bitmap.of(values));
    for (let round = 0; round < 80; round++) {
      const bitmap = few[round] ?? randomBitmap(chance);
      for (const type of typesOf(bitmap)) {
        const bytes = encodeAs(type, bitmap, chance);
        seen.add(bytes[0]!);
        const back = decode(bytes);
        if (back?.xor(bitmap).count !== 0) throw new Error(`type ${type}, seed ${SEED}, round ${round}`);
      }
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([...ALL]);
  });

  it('is sent in each type sooner or later', () => {
    const chance = seededChance(SEED);
    const seen = new Set<number>();
    for (const values of [[], [7n], [2n ** 40n], [1n, 2n, 3n]]) {
      for (let round = 0; round < 200; round++) seen.add(encode(Bitmap.of(values), chance)[0]!);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([...ALL]);
  });

  it('is refused when it is cut, longer, or of no known type', () => {
    const chance = seededChance(SEED);
    for (let round = 0; round < 40; round++) {
      const bitmap = randomBitmap(chance);
      const bytes = encode(bitmap, chance);
      for (let cut = 0; cut < 10; cut++) {
        const shorter = bytes.subarray(0, Math.floor(chance() * bytes.length));
        if (decode(shorter) !== null) throw new Error(`cut to ${shorter.length}, seed ${SEED}, round ${round}`);
      }
      expect(decode(Buffer.concat([bytes, Buffer.from([0])]))).toBeNull();
    }
    for (const type of [5, 6, 7, 8, 9, 11, 14, 255]) expect(decode(Buffer.from([type]))).toBeNull();
  });
});
