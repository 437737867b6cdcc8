import fc from 'fast-check';
import { IdMemory } from './id-memory';
import { ChunkTracker } from './storage/chunk-tracker';

const SEED = Uint32Array.of(1, 2, 3, 4);
const WEEK_MS = 7 * 86_400_000;

function memory(entriesMax = 1_000_000): { ids: IdMemory; tracker: ChunkTracker } {
  const tracker = new ChunkTracker();
  return { ids: new IdMemory(SEED, tracker, entriesMax, WEEK_MS), tracker };
}

describe('IdMemory', () => {
  it('knows what was added and nothing else, over many growths', () => {
    const { ids } = memory();
    for (let number = 0; number < 100_000; number++) {
      ids.add('visit', `user${number % 1000}`, `id${number}`, number);
    }
    for (let number = 0; number < 100_000; number += 7) {
      expect(ids.has('visit', `user${number % 1000}`, `id${number}`, 0)).toBe(true);
      expect(ids.has('visit', `user${(number + 1) % 1000}`, `id${number}`, 0)).toBe(false);
      expect(ids.has('order', `user${number % 1000}`, `id${number}`, 0)).toBe(false);
    }
  });

  it('keeps the parts apart', () => {
    const { ids } = memory();
    ids.add('ab', 'c', 'd', 0);
    expect([
      ids.has('a', 'bc', 'd', 0),
      ids.has('ab', 'cd', '', 0),
      ids.has('ab', '', 'cd', 0),
      ids.has('ab', 'c', 'd', 0),
    ]).toEqual([false, false, false, true]);
  });

  it('forgets 7 days after arrival, to the millisecond', () => {
    const { ids } = memory();
    ids.add('t', 'u', '1', 1000);
    ids.add('t', 'u', '2', 1001);
    ids.expire(1000 + WEEK_MS - 1);
    expect(ids.has('t', 'u', '1', 1000 + WEEK_MS - 1)).toBe(true);
    ids.expire(1000 + WEEK_MS);
    expect([ids.has('t', 'u', '1', 1000 + WEEK_MS), ids.has('t', 'u', '2', 1000 + WEEK_MS)]).toEqual([false, true]);
  });

  it('keeps the newest when there are too many, and comes back from its chunks', () => {
    const { ids, tracker } = memory(70_000);
    for (let number = 0; number < 200_000; number++) {
      ids.add('t', 'u', String(number), number);
    }
    expect(ids.size).toBe(70_000);
    expect([ids.has('t', 'u', '129999', 0), ids.has('t', 'u', '130000', 0)]).toEqual([false, true]);
    const { chunks, removes } = tracker.begin();
    const stored = chunks.map((chunk) => [chunk.key, chunk.serialize()] as const);
    expect(removes.length).toBeGreaterThan(0);
    const restored = new IdMemory(SEED, new ChunkTracker(), 70_000, WEEK_MS);
    restored.load(stored, ids.first);
    expect(restored.size).toBe(70_000);
    expect([
      restored.has('t', 'u', '129999', 0),
      restored.has('t', 'u', '130000', 0),
      restored.has('t', 'u', '199999', 0),
    ]).toEqual([false, true, true]);
    restored.add('t', 'u', 'new', 0);
    expect([restored.has('t', 'u', 'new', 0), restored.has('t', 'u', '130000', 0)]).toEqual([true, false]);
  });

  it('is captured by a checkpoint as it was before the entry that comes during it', () => {
    const { ids, tracker } = memory();
    ids.add('t', 'u', '1', 1000);
    tracker.begin();
    ids.add('t', 'u', '2', 2000);
    const restored = new IdMemory(SEED, new ChunkTracker(), 1_000_000, WEEK_MS);
    restored.load(tracker.take(Infinity), 0);
    expect(restored.size).toBe(1);
    expect([restored.has('t', 'u', '1', 0), restored.has('t', 'u', '2', 0)]).toEqual([true, false]);
  });

  it('judges each entry by its own arrival, in whatever order they came', () => {
    const { ids } = memory();
    ids.add('t', 'u', 'late', 5000);
    ids.add('t', 'u', 'early', 1000);
    const now = 1000 + WEEK_MS;
    ids.expire(now);
    expect([ids.has('t', 'u', 'late', now), ids.has('t', 'u', 'early', now)]).toEqual([true, false]);
    ids.add('t', 'u', 'early', now);
    expect(ids.has('t', 'u', 'early', now + 1)).toBe(true);
    ids.expire(now + WEEK_MS - 1);
    expect(ids.has('t', 'u', 'early', now + WEEK_MS - 1)).toBe(true);
  });

  it('behaves like one that never stopped, wherever in a block it is stored and restored', () => {
    const random = fc.sample(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { numRuns: 2, seed: 20 });
    for (const seed of random) {
      const number = numbersFrom(seed);
      const { ids: lasting } = memory(70_000);
      const store = new Map<string, Buffer>();
      let { ids, tracker } = memory(70_000);
      let now = 0;
      for (let round = 0; round < 6; round++) {
        const entries = 1 + number(50_000);
        for (let entry = 0; entry < entries; entry++) {
          now += number(200);
          for (const one of [lasting, ids]) {
            one.expire(now);
            one.add('t', 'u', `${round}-${entry}`, now);
          }
        }
        const scope = tracker.begin();
        scope.removes.forEach((key) => store.delete(key));
        for (const [key, bytes] of tracker.take(Infinity)) {
          store.set(key, Buffer.from(bytes));
        }
        tracker.end(scope, false);
        const next = memory(70_000);
        next.ids.load([...store], ids.first);
        ({ ids, tracker } = next);
        expect({ seed, round, size: ids.size }).toEqual({ seed, round, size: lasting.size });
        for (let probe = 0; probe < 200; probe++) {
          const id = `${number(round + 1)}-${number(60_000)}`;
          expect({ seed, id, has: ids.has('t', 'u', id, now) }).toEqual({
            seed,
            id,
            has: lasting.has('t', 'u', id, now),
          });
        }
      }
    }
  });
});

/** Whole numbers below a limit, from a seed. */
function numbersFrom(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
