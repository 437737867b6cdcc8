import { deserializeBitmap, RoaringBitmap32, serializeBitmap } from '@tessera/bitmap';
import { SeededRandom } from '../testing/seeded-random';
import { bitmapFromWords, bitsOf, countBits, SHARD_WORDS } from './bitmap-from-words';

describe('a bitmap from words', () => {
  it('holds the bits set, however many stand in a container', () => {
    const seed = 77;
    const random = new SeededRandom(seed);
    const densities = [0, 1e-5, 0.003, 4096 / 65_536, 0.3, 1];
    for (let round = 0; round < 40; round++) {
      const words = new Uint32Array(random.pick([0, 1, 2047, 2048, 2049, 10_000, SHARD_WORDS]));
      const expected: number[] = [];
      for (let from = 0; from < words.length * 32; from += 65_536) {
        const density = random.pick(densities);
        const end = Math.min(from + 65_536, words.length * 32);
        for (let position = from; density > 0 && position < end; position++) {
          if (density === 1 || random.unit() < density) {
            words[position >>> 5]! |= 1 << (position & 31);
            expected.push(position);
          }
        }
      }
      const bitmap = bitmapFromWords(words);
      const direct = new RoaringBitmap32(expected);
      expect({ seed, round, equal: bitmap.isEqual(direct) }).toEqual({ seed, round, equal: true });
      expect(countBits(words, 0, SHARD_WORDS)).toBe(expected.length);
      // Checks every byte against the format.
      expect(deserializeBitmap(serializeBitmap(bitmap)).isEqual(direct)).toBe(true);
    }
  });

  it('turns array containers into bitsets past 4,096 positions alone', () => {
    for (const size of [4095, 4096, 4097]) {
      const words = new Uint32Array(SHARD_WORDS);
      for (let position = 0; position < size; position++) {
        words[(position * 16) >>> 5]! |= 1 << ((position * 16) & 31);
      }
      expect(
        bitmapFromWords(words).isEqual(new RoaringBitmap32(Array.from({ length: size }, (_, at) => at * 16))),
      ).toBe(true);
    }
  });

  it('refuses more than a shard', () => {
    expect(() => bitmapFromWords(new Uint32Array(SHARD_WORDS + 1))).toThrow("more than a shard's");
  });

  it('counts bits', () => {
    expect([0, 1, 0x80000000, 0xffffffff, 0x0f0f0f0f].map(bitsOf)).toEqual([0, 1, 1, 32, 16]);
  });
});
