import { CuidCache } from './cuid-cache';
import { randomCuid, randomHex, seededRandom } from './testing/random-cuids';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const PAGE_MB = 512 / 1_048_576;

function get(cache: CuidCache, cuid: string): number {
  const out = new Uint32Array(1);
  cache.getMany([cuid], out);
  return out[0]!;
}

describe(`CuidCache (SEED=${SEED})`, () => {
  it('never answers with the guid of another cuid, whatever was entered, replaced, pushed out and deleted', () => {
    const random = seededRandom(SEED);
    const cache = new CuidCache(0.05, SEED);
    const truth = new Map<string, number>();
    const cuids = Array.from({ length: 4_000 }, () => randomCuid(random));
    let found = 0;
    for (let step = 0; step < 60_000; step++) {
      const cuid = cuids[random(cuids.length)]!;
      const guid = get(cache, cuid);
      if (guid !== 0) {
        expect(guid).toBe(truth.get(cuid));
        found++;
      }
      if (random(10) === 0) {
        cache.delete(cuid);
        truth.delete(cuid);
        expect(get(cache, cuid)).toBe(0);
      } else {
        const next = 1 + random(2 ** 32 - 2);
        cache.setMany([cuid], [next]);
        truth.set(cuid, next);
        expect(get(cache, cuid)).toBe(next);
      }
    }
    expect(found).toBeGreaterThan(5_000);
    expect(cache.evictions).toBeGreaterThan(1_000);
    expect(cache.bytes).toBeLessThanOrEqual(0.05 * 1_048_576);
  });

  it('keeps everything as long as there is room, in batches too', () => {
    const random = seededRandom(SEED);
    const cache = new CuidCache(1, SEED);
    const cuids = Array.from({ length: 3_000 }, (_, index) => `${index}-${randomHex(random, 1 + random(20))}`);
    cache.setMany(
      cuids,
      cuids.map((_, index) => index),
    );
    const out = new Uint32Array(cuids.length);
    expect(cache.getMany(cuids, out)).toBe(1);
    expect([...out]).toEqual(cuids.map((_, index) => index));
    expect([cache.entries, cache.hits, cache.misses, cache.evictions]).toEqual([2_999, 2_999, 1, 0]);
    cache.clear();
    expect([cache.entries, cache.getMany(cuids, out)]).toEqual([0, cuids.length]);
  });

  it('spares what is in use when many come once', () => {
    const random = seededRandom(SEED);
    const cache = new CuidCache(PAGE_MB, SEED);
    const inUse = Array.from({ length: 8 }, () => randomHex(random, 32));
    inUse.forEach((cuid, index) => {
      cache.setMany([cuid], [index + 1]);
    });
    for (let step = 0; step < 2_000; step++) {
      cache.setMany([randomHex(random, 32)], [100]);
      expect(get(cache, inUse[step % 8]!)).toBe((step % 8) + 1);
    }
  });

  it('holds 21 packed cuids in a page, or 3 of the longest', () => {
    const random = seededRandom(SEED);
    const packed = new CuidCache(PAGE_MB, SEED);
    const longest = new CuidCache(PAGE_MB, SEED);
    for (let step = 0; step < 100; step++) {
      packed.setMany([randomHex(random, 32)], [1]);
      longest.setMany([randomHex(random, 128)], [1]);
    }
    expect([packed.entries, longest.entries]).toEqual([21, 3]);
  });
});
