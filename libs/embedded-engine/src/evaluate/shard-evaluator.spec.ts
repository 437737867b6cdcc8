import { bindExpression, buildPlan, isMember, noReferences, type PlanNode } from '@tessera/audience';
import type { Guid, JsonValue, TagMessage } from '@tessera/tag-catalog';
import { applyBatch } from '../apply-batch';
import { EngineState } from '../engine-state';
import { SHARD_SIZE } from '../shard';
import { NumberIdentity } from '../testing/number-identity';
import { SeededRandom } from '../testing/seeded-random';
import { DAY_MS, messageOf, NOW, testCatalog } from '../testing/test-catalog';
import { EmbeddedUserView } from '../user-view';
import { Pace, ReadTurns } from '../pace';
import { answerSet, type Evaluation } from './answer';
import { CountDesk } from './count-desk';

const catalog = testCatalog();
const USERS = 60;
const FIRST_GUID = SHARD_SIZE - USERS / 2;

/** Rows with many ties, sums past a safe integer, missing and negative values. */
function world(seed: number): Evaluation {
  const random = new SeededRandom(seed);
  const state = new EngineState(new NumberIdentity(FIRST_GUID - 1), { idSeed: new Uint32Array(4), idEntriesMax: 10 });
  const messages: TagMessage[] = [];
  for (let user = 0; user < USERS; user++) {
    const body = {
      level: random.between(0, 9),
      city: random.pick(['rome', 'oslo', 'bern']),
      seen: '2026-10-31T11:00:00Z',
    };
    messages.push(messageOf(catalog, 'person', `u${user}`, body, { timeMs: NOW - random.between(0, 4) * DAY_MS }));
    for (let row = random.between(0, 8); row > 0; row--) {
      const amount = random.pick([1.5, -2, 0, 9_999_999_999_999.99, -9_999_999_999_999.99]);
      const rowBody: Record<string, JsonValue> = { sku: random.pick(['a', 'b', 'c']), due: '2027-02-28' };
      if (random.chance(0.8)) {
        rowBody['amount'] = amount;
      }
      if (random.chance(0.3)) {
        rowBody['parts'] = random.pick([[], ['p'], ['p', 'q']]);
      }
      messages.push(messageOf(catalog, 'purchase', `u${user}`, rowBody, { timeMs: NOW - random.between(0, 6) * 1000 }));
    }
    for (let row = random.between(0, 3); row > 0; row--) {
      messages.push(
        messageOf(
          catalog,
          'visit',
          `u${user}`,
          { page: random.pick(['x', 'y']) },
          { timeMs: NOW - random.between(0, 6) * 1000 },
        ),
      );
    }
  }
  applyBatch(state, { arrivalMs: NOW, messages });
  state.erase(FIRST_GUID as Guid);
  return { state, keptFrom: () => -Infinity };
}

async function planOf(expression: unknown, rewrites: boolean): Promise<PlanNode> {
  const bound = await bindExpression(expression, { catalog, references: noReferences, timeZone: 'UTC' });
  if (!bound.ok) {
    throw new Error(JSON.stringify(bound.errors));
  }
  return buildPlan(bound.value, { asOfMs: NOW, rewrites }).root;
}

const level = (value: number): JsonValue => ({ tag: 'level', op: 'eq', value });
const bought = (sku: string): JsonValue => ({ event: 'purchase', where: [{ property: 'sku', op: 'eq', value: sku }] });
const measured = (measure: JsonValue, op: string, value: JsonValue): JsonValue => ({
  event: 'purchase',
  measure,
  op,
  value,
});

const expressions: Readonly<Record<string, JsonValue>> = {
  'a threshold of few': {
    atLeast: 2,
    of: [level(1), { tag: 'level', op: 'lt', value: 4 }, { tag: 'city', op: 'eq', value: 'rome' }],
  },
  'a threshold of very many, some of them twice': {
    atLeast: 9,
    of: Array.from({ length: 40 }, (_, input) => ({ tag: 'level', op: 'gte', value: input % 10 })),
  },
  'a threshold of all': { atLeast: 3, of: [level(3), { tag: 'city', op: 'ne', value: 'oslo' }, { all: true }] },
  'sums past a safe integer': measured({ sum: 'amount' }, 'gte', 10_000_000_000_000),
  'sums below any safe integer': measured({ sum: 'amount' }, 'lt', -19_999_999_999_999),
  'averages of huge values': measured({ avg: 'amount' }, 'gt', 0.75),
  'averages that come out exactly': measured({ avg: 'amount' }, 'eq', -0.25),
  'the least of negative values': measured({ min: 'amount' }, 'lt', 0),
  'the greatest, which may be 0': measured({ max: 'amount' }, 'eq', 0),
  'distinct negative values': measured({ distinct: 'amount' }, 'gte', 3),
  'no distinct text': measured({ distinct: 'sku' }, 'eq', 0),
  'distinct sets': measured({ distinct: 'parts' }, 'gte', 2),
  'a day on which something is due': measured({ max: 'due' }, 'gte', '2027-02-28'),
  'the first time': measured({ firstTime: '*' }, 'lt', '2026-11-01T11:59:56Z'),
  'the last time': measured({ lastTime: '*' }, 'gte', '2026-11-01T12:00:00Z'),
  'no row': measured({ count: '*' }, 'eq', 0),
  'other than two rows': measured({ count: '*' }, 'ne', 2),
  'rows without a set': {
    event: 'purchase',
    where: [
      { property: 'parts', op: 'exists', value: false },
      { property: 'amount', op: 'gte', value: 0 },
    ],
    op: 'gte',
    value: 2,
  },
  'rows with an empty set': {
    event: 'purchase',
    where: [{ property: 'parts', op: 'hasNone', value: ['p'] }],
    op: 'gte',
    value: 1,
  },
  'three filters': {
    event: 'purchase',
    where: [
      { property: 'sku', op: 'in', value: ['a', 'b', 'nothing'] },
      { property: 'amount', op: 'lte', value: 1.5 },
      { property: 'parts', op: 'exists', value: false },
    ],
    op: 'gte',
    value: 1,
  },
  'two steps, ties apart': { sequence: [bought('a'), bought('b')] },
  'one event after itself': { sequence: [bought('a'), bought('a'), bought('a')] },
  'steps of two types within a second': { sequence: [bought('a'), { event: 'visit' }, bought('c')], within: 'PT2S' },
  'a sequence that ends in a window': {
    sequence: [bought('a'), { event: 'visit' }],
    within: 'PT3S',
    window: { last: 'PT2S' },
  },
  'values that ran out, or were never there': {
    tag: 'seen',
    op: 'after',
    value: '2020-01-01T00:00:00Z',
    onMissing: 'include',
  },
  'values that did not run out': { tag: 'seen', op: 'exists' },
  'everything at once': {
    and: [
      { or: [level(1), level(2), { sequence: [bought('a'), bought('b')] }] },
      { not: { and: [{ tag: 'city', op: 'eq', value: 'rome' }, measured({ count: '*' }, 'gte', 2)] } },
    ],
  },
};

const turns = new ReadTurns({
  pauseApply: () => () => undefined,
  waitFor: () => Promise.resolve(true),
  lastSequence: 0,
});

describe('the evaluation by shards', () => {
  it.each(Object.entries(expressions))('finds whom single-user evaluation finds: %s', async (_, expression) => {
    let found = 0;
    for (let seed = 1; seed <= 4; seed++) {
      const evaluation = world(seed);
      const { state } = evaluation;
      const desk = new CountDesk(null, {});
      for (const rewrites of [true, false]) {
        const node = await planOf(expression, rewrites);
        const expected: number[] = [];
        for (let guid = FIRST_GUID; guid < FIRST_GUID + USERS; guid++) {
          const cuid = state.identity.cuidOf(guid as Guid);
          if (
            cuid !== undefined &&
            isMember(node, new EmbeddedUserView(state, guid as Guid, cuid, catalog.tags, () => -Infinity))
          ) {
            expected.push(guid);
          }
        }
        found += expected.length;
        const pace = new Pace(turns);
        const { set } = await answerSet(evaluation, node, pace);
        expect({ seed, rewrites, members: [...set.page(0, USERS)] }).toEqual({ seed, rewrites, members: expected });
        const { counts } = await desk.counts(evaluation, [node, node], pace);
        pace.end();
        expect({ seed, counts }).toEqual({
          seed,
          counts: [expected.length, expected.length],
        });
      }
    }
    expect(found).toBeGreaterThan(0);
  });
});
