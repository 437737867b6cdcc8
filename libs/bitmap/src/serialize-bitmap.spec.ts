import { deserializeBitmap, MalformedBitmapError, RoaringBitmap32, serializeBitmap } from './index';

/** Mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Containers of all three kinds, at the edges of the value range too. */
function randomBitmap(random: () => number): RoaringBitmap32 {
  const bitmap = new RoaringBitmap32();
  const containers = Math.floor(random() * 6);
  for (let index = 0; index < containers; index++) {
    const base = random() < 0.2 ? 0xffff_0000 : Math.floor(random() * 40) * 65_536;
    const kind = random();
    if (kind < 0.4) for (let n = random() * 50; n > 0; n--) bitmap.add(base + Math.floor(random() * 65_536));
    else if (kind < 0.6) for (let n = 0; n < 4_500; n++) bitmap.add(base + Math.floor(random() * 65_536));
    else if (kind < 0.9) {
      for (let n = random() * 20; n > 0; n--) {
        const from = base + Math.floor(random() * 65_000);
        bitmap.addRange(from, from + 1 + Math.floor(random() * 500));
      }
    } else bitmap.addRange(base, base + 65_536);
  }
  return bitmap;
}

const SEED = Number(process.env['SEED'] ?? 20_261_121);

describe('serializeBitmap and deserializeBitmap', () => {
  it(`give back the same bitmap (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < 100; round++) {
      const bitmap = randomBitmap(random);
      const bytes = serializeBitmap(bitmap);
      expect(deserializeBitmap(bytes).isEqual(bitmap)).toBe(true);
      expect(bytes.length).toBeLessThanOrEqual(bitmap.getSerializationSizeInBytes('portable'));
      const plain = Buffer.from(bitmap.serialize('portable'));
      expect(deserializeBitmap(plain).isEqual(bitmap)).toBe(true);
    }
  });

  it('write runs where they are smaller and leave the bitmap as it was', () => {
    const bitmap = RoaringBitmap32.fromRange(1, 1_000_001);
    const before = bitmap.statistics();
    expect(serializeBitmap(bitmap).length).toBeLessThan(300);
    expect(bitmap.statistics()).toEqual(before);
    const sparse = new RoaringBitmap32([1, 3, 5, 7, 9, 11]);
    expect(serializeBitmap(sparse)).toHaveLength(8 + 8 + 12);
    expect(serializeBitmap(new RoaringBitmap32())).toHaveLength(8);
    expect(deserializeBitmap(serializeBitmap(new RoaringBitmap32())).size).toBe(0);
  });

  it('work on bytes at any alignment, and on bitmaps of every container key', () => {
    const bitmap = RoaringBitmap32.fromRange(0, 2 ** 32, 4_099);
    const bytes = serializeBitmap(bitmap);
    for (const shift of [0, 1, 2, 3]) {
      const shifted = Buffer.alloc(bytes.length + shift);
      bytes.copy(shifted, shift);
      expect(deserializeBitmap(shifted.subarray(shift)).isEqual(bitmap)).toBe(true);
    }
    const full = RoaringBitmap32.fromRange(0, 2 ** 32);
    expect(deserializeBitmap(serializeBitmap(full)).size).toBe(2 ** 32);
  });
});

describe('deserializeBitmap refuses', () => {
  const u16 = (...values: number[]): number[] => values.flatMap((value) => [value & 0xff, value >>> 8]);
  const u32 = (...values: number[]): number[] =>
    values.flatMap((value) => [...u16(value & 0xffff), ...u16(value >>> 16)]);
  const withoutRuns = (count: number): number[] => u32(12_346, count);
  const withRuns = (count: number, ...flags: number[]): number[] => [...u16(12_347, count - 1), ...flags];

  it.each<[string, number[], string]>([
    ['nothing', [], 'cookie cut off'],
    ['an unknown cookie', u32(12_345, 0), 'unknown cookie'],
    ['a no-run cookie with a count in it', u32(12_346 + 65_536, 0), 'unknown cookie'],
    ['no count', u32(12_346), 'container count'],
    ['too many containers', withoutRuns(65_537), '65537 containers'],
    ['a header cut off', [...withoutRuns(2), ...u16(0, 0, 1, 0)], 'header cut off'],
    ['bytes behind the end', [...withoutRuns(0), 0], '1 bytes after the last container'],
    ['equal keys', [...withoutRuns(2), ...u16(1, 0, 1, 0), ...u32(24, 26), ...u16(5, 5)], 'container key 1 after 1'],
    ['falling keys', [...withoutRuns(2), ...u16(2, 0, 1, 0), ...u32(24, 26), ...u16(5, 5)], 'container key 1 after 2'],
    ['a wrong offset', [...withoutRuns(1), ...u16(0, 0), ...u32(18), ...u16(5)], 'container offset 18 instead of 16'],
    ['an array cut off', [...withoutRuns(1), ...u16(0, 1), ...u32(16), ...u16(5)], 'array cut off'],
    ['a repeated value', [...withoutRuns(1), ...u16(0, 1), ...u32(16), ...u16(5, 5)], 'array value 5 after 5'],
    ['an unsorted array', [...withoutRuns(1), ...u16(0, 1), ...u32(16), ...u16(5, 4)], 'array value 4 after 5'],
    ['a bitset cut off', [...withoutRuns(1), ...u16(0, 4_096), ...u32(16), ...u16(5)], 'bitset cut off'],
    [
      'a bitset of another cardinality',
      [...withoutRuns(1), ...u16(0, 4_096), ...u32(16), ...Array<number>(8_192).fill(1)],
      'a bitset of 8192 values instead of 4097',
    ],
    ['flags behind the last container', [...withRuns(1, 3), ...u16(0, 0, 1, 5, 0)], 'run flags behind'],
    ['runs cut off', [...withRuns(1, 1), ...u16(0, 0, 2, 5, 0)], 'runs cut off'],
    ['no run count', [...withRuns(1, 1), ...u16(0, 0)], 'run count cut off'],
    ['no runs', [...withRuns(1, 1), ...u16(0, 0, 0)], 'runs of 0 values instead of 1'],
    ['runs of another cardinality', [...withRuns(1, 1), ...u16(0, 3, 1, 5, 4)], 'runs of 5 values instead of 4'],
    ['runs that overlap', [...withRuns(1, 1), ...u16(0, 9, 2, 5, 4, 9, 4)], 'a run from 9 after one up to 9'],
    ['runs that touch', [...withRuns(1, 1), ...u16(0, 9, 2, 5, 4, 10, 4)], 'a run from 10 after one up to 9'],
    ['a run past the container', [...withRuns(1, 1), ...u16(0, 9, 1, 65_530, 9)], 'a run up to 65539'],
  ])('%s', (_name, bytes, message) => {
    const refusal = (): unknown => deserializeBitmap(Buffer.from(bytes));
    expect(refusal).toThrow(MalformedBitmapError);
    expect(refusal).toThrow(message);
  });

  it('a run from 0 is fine, and so is a bitmap with run cookie and no runs', () => {
    expect(deserializeBitmap(Buffer.from([...withRuns(1, 1), ...u16(7, 2, 1, 0, 2)])).toArray()).toEqual(
      [0, 1, 2].map((value) => 7 * 65_536 + value),
    );
    expect(deserializeBitmap(Buffer.from([...withRuns(1, 0), ...u16(0, 1, 3, 4)])).toArray()).toEqual([3, 4]);
  });

  /** Whatever passes the check must be what native code makes of it: it is used in every way and written again. */
  it(`or reads thousands of mutated buffers without harm (seed ${SEED})`, () => {
    const random = seededRandom(SEED + 1);
    const originals = Array.from({ length: 60 }, () => serializeBitmap(randomBitmap(random)));
    let refused = 0;
    let read = 0;
    for (let round = 0; round < 4_000; round++) {
      const bytes = mutate(originals[round % originals.length]!, random);
      try {
        const bitmap = deserializeBitmap(bytes);
        read++;
        const copy = new RoaringBitmap32(bitmap.toUint32Array());
        if (copy.size !== bitmap.size || !copy.isEqual(bitmap) || !RoaringBitmap32.or(bitmap, copy).isEqual(copy)) {
          throw new Error(`round ${round}: the bitmap read is not what its values make`);
        }
        if (!deserializeBitmap(serializeBitmap(bitmap)).isEqual(bitmap))
          throw new Error(`round ${round}: written otherwise`);
      } catch (error) {
        if (!(error instanceof MalformedBitmapError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1_000);
    expect(read).toBeGreaterThan(100);
  });

  function mutate(bytes: Buffer, random: () => number): Buffer {
    const mutated = Buffer.from(bytes);
    const at = (): number => Math.floor(random() * mutated.length);
    const headerAt = (): number => Math.floor(random() * Math.min(mutated.length, 64));
    switch (Math.floor(random() * 7)) {
      case 0:
        return mutated.subarray(0, at());
      case 1:
        return Buffer.concat([mutated, Buffer.from([at() & 0xff])]);
      case 2:
        mutated[at()]! ^= 1 << Math.floor(random() * 8);
        return mutated;
      case 3:
        for (let n = 0; n < 4; n++) mutated[headerAt()] = Math.floor(random() * 256);
        return mutated;
      case 4:
        mutated.writeUInt16LE(Math.floor(random() * 65_536), Math.min(headerAt() & ~1, mutated.length - 2));
        return mutated;
      case 5: {
        const from = at();
        return Buffer.concat([mutated.subarray(0, from), mutated.subarray(from + 1 + Math.floor(random() * 8))]);
      }
      default:
        mutated.copyWithin(at(), at());
        return mutated;
    }
  }
});
