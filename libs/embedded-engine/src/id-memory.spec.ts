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
      expect(ids.has('visit', `user${number % 1000}`, `id${number}`)).toBe(true);
      expect(ids.has('visit', `user${(number + 1) % 1000}`, `id${number}`)).toBe(false);
      expect(ids.has('order', `user${number % 1000}`, `id${number}`)).toBe(false);
    }
  });

  it('keeps the parts apart', () => {
    const { ids } = memory();
    ids.add('ab', 'c', 'd', 0);
    expect([
      ids.has('a', 'bc', 'd'),
      ids.has('ab', 'cd', ''),
      ids.has('ab', '', 'cd'),
      ids.has('ab', 'c', 'd'),
    ]).toEqual([false, false, false, true]);
  });

  it('forgets 7 days after arrival, to the millisecond', () => {
    const { ids } = memory();
    ids.add('t', 'u', '1', 1000);
    ids.add('t', 'u', '2', 1001);
    ids.expire(1000 + WEEK_MS - 1);
    expect(ids.has('t', 'u', '1')).toBe(true);
    ids.expire(1000 + WEEK_MS);
    expect([ids.has('t', 'u', '1'), ids.has('t', 'u', '2')]).toEqual([false, true]);
  });

  it('keeps the newest when there are too many, and comes back from its chunks', () => {
    const { ids, tracker } = memory(70_000);
    for (let number = 0; number < 200_000; number++) {
      ids.add('t', 'u', String(number), number);
    }
    expect(ids.size).toBe(70_000);
    expect([ids.has('t', 'u', '129999'), ids.has('t', 'u', '130000')]).toEqual([false, true]);
    const { chunks, removes } = tracker.begin();
    const stored = chunks.map((chunk) => [chunk.key, chunk.serialize()] as const);
    expect(removes.length).toBeGreaterThan(0);
    const restored = new IdMemory(SEED, new ChunkTracker(), 70_000, WEEK_MS);
    restored.load(stored, ids.first);
    expect(restored.size).toBe(70_000);
    expect([
      restored.has('t', 'u', '129999'),
      restored.has('t', 'u', '130000'),
      restored.has('t', 'u', '199999'),
    ]).toEqual([false, true, true]);
    restored.add('t', 'u', 'new', 0);
    expect([restored.has('t', 'u', 'new'), restored.has('t', 'u', '130000')]).toEqual([true, false]);
  });
});
