import { RoaringBitmap32 } from '@tessera/bitmap';
import type { JsonValue } from '@tessera/tag-catalog';
import { applyBatch } from '../apply-batch';
import { EngineState } from '../engine-state';
import { messageOf, NOW, testCatalog } from '../testing/test-catalog';
import { countDistinctValues, distributionOf } from './distribution';
import { NumberIdentity } from '../testing/number-identity';

const catalog = testCatalog();

function stateOf(bodies: readonly (Readonly<Record<string, JsonValue>> | null)[], timeMs = NOW): EngineState {
  const state = new EngineState(new NumberIdentity(), { idSeed: new Uint32Array(4), idEntriesMax: 10 });
  const messages = bodies.map((body, user) =>
    messageOf(catalog, 'person', `u${user}`, body ?? { vip: null }, { timeMs, nowMs: NOW }),
  );
  applyBatch(state, { arrivalMs: NOW, messages });
  return state;
}

function tagNamed(name: string): NonNullable<ReturnType<typeof catalog.tag>> {
  const tag = catalog.tag(name);
  if (tag === undefined) {
    throw new Error(`No tag ${name}`);
  }
  return tag;
}

function ask(
  state: EngineState,
  name: string,
  members: readonly number[],
  top: number,
  validAfterMs: number | null = null,
): { readonly values: unknown; readonly histogram: unknown; readonly totals: unknown } {
  const set = new RoaringBitmap32(members.map((user) => user + 1));
  const answer = distributionOf(state, { tag: tagNamed(name), validAfterMs }, () => set, top);
  return {
    values: answer.values.map(({ value, count, universeCount }) => [value, count, universeCount]),
    histogram: answer.histogram.map(({ value, high, count, universeCount }) => [value, high, count, universeCount]),
    totals: [answer.distinct, answer.withValue, answer.universeWithValue],
  };
}

describe('distributionOf', () => {
  it('orders equal counts by value, also where only some of them are listed', () => {
    const state = stateOf(
      ['oslo', 'rome', 'bern', 'rome', 'oslo', 'bern', 'acre', null].map((city) => (city === null ? null : { city })),
    );
    expect(ask(state, 'city', [0, 1, 2, 3, 4, 5, 6, 7], 2)).toEqual({
      values: [
        ['bern', 2, 2],
        ['oslo', 2, 2],
      ],
      histogram: [],
      totals: [4, 7, 7],
    });
    expect(ask(state, 'city', [0, 2, 6], 5).values).toEqual([
      ['acre', 1, 1],
      ['bern', 1, 2],
      ['oslo', 1, 2],
    ]);
    expect(countDistinctValues(state, tagNamed('city'))).toBe(4);
  });

  it('counts the elements of sets, the empty one as a value without any', () => {
    const state = stateOf([{ interests: ['a', 'b'] }, { interests: [] }, { interests: ['b'] }, null]);
    expect(ask(state, 'interests', [0, 1, 3], 10)).toEqual({
      values: [
        ['a', 1, 1],
        ['b', 1, 2],
      ],
      histogram: [],
      totals: [2, 2, 3],
    });
  });

  it('counts false and true', () => {
    const state = stateOf([{ vip: true }, { vip: false }, { vip: true }, null]);
    expect(ask(state, 'vip', [0, 1], 10).values).toEqual([
      [false, 1, 1],
      [true, 1, 2],
    ]);
  });

  it('cuts the span of the set into equal buckets, the last one short', () => {
    const state = stateOf([-3, -3, 0, 1, 4, 5, 9, 100].map((level) => ({ level })));
    expect(ask(state, 'level', [0, 1, 2, 3, 4, 5, 6], 3)).toEqual({
      values: [
        [-3, 2, 2],
        [0, 1, 1],
        [1, 1, 1],
      ],
      histogram: [
        [-3, 1, 4, 4],
        [2, 6, 2, 2],
        [7, 9, 1, 1],
      ],
      totals: [6, 7, 8],
    });
  });

  it.each([
    ['a span too wide to count in an array', 2 ** 40],
    ['a span wider than a safe integer', Number.MAX_SAFE_INTEGER],
  ])('is as exact over %s', (_, far) => {
    const levels = [-far, -far, -far + 1, 0, 7, far - 1, far, far];
    const state = stateOf(levels.map((level) => ({ level })));
    const { values, histogram, totals } = ask(state, 'level', [0, 1, 2, 3, 5, 6], 2);
    expect(values).toEqual([
      [-far, 2, 2],
      [-far + 1, 1, 1],
    ]);
    expect(histogram).toEqual([
      [-far, 0, 4, 4],
      [1, far, 2, 4],
    ]);
    expect(totals).toEqual([5, 6, 8]);
    expect(countDistinctValues(state, tagNamed('level'))).toBe(6);
  });

  it('leaves out values that have expired', () => {
    const state = stateOf([{ seen: '2026-10-30T00:00:00Z' }, { seen: '2026-10-30T00:00:00Z' }], NOW - 5000);
    applyBatch(state, {
      arrivalMs: NOW,
      messages: [messageOf(catalog, 'person', 'u1', { seen: '2026-10-31T00:00:00Z' }, { timeMs: NOW })],
    });
    expect(ask(state, 'seen', [0, 1], 10, NOW - 5000)).toEqual({
      values: [[Date.UTC(2026, 9, 31), 1, 1]],
      histogram: [],
      totals: [1, 1, 1],
    });
  });

  it('is empty for a tag that nobody ever had', () => {
    const state = stateOf([{ vip: true }]);
    expect(ask(state, 'level', [0], 10)).toEqual({ values: [], histogram: [], totals: [0, 0, 0] });
    expect(countDistinctValues(state, tagNamed('level'))).toBe(0);
  });
});
