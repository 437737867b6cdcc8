import type { JsonValue } from '@tessera/tag-catalog';
import type { Plan, PlanNode } from './plan';
import type { RewriteName } from './rewrite-log';
import { planSample } from './testing/sample-plans';

/** The shape of a node, leaves by what they read. */
function shape(node: PlanNode): unknown {
  switch (node.kind) {
    case 'intersect':
    case 'union':
      return { [node.kind]: node.inputs.map(shape) };
    case 'threshold':
      return { [`atLeast${node.atLeast}`]: node.inputs.map(shape) };
    case 'difference':
      return { less: [shape(node.left), shape(node.right)] };
    case 'profileScan':
      return node.tests.map((test) => test.tag.name).join('+');
    case 'kvRead':
      return node.test.tag.name;
    case 'eventScan':
      return node.eventType.name;
    case 'listRead':
      return node.listId;
    case 'universe':
    case 'empty':
    case 'sequenceScan':
    case 'snapshotRead':
      return node.kind;
  }
}

async function shapeOf(json: JsonValue): Promise<unknown> {
  return shape((await planSample(json)).root);
}

function reasonOf(plan: Plan, name: RewriteName): string | undefined {
  return plan.rewrites.find((step) => step.name === name)?.reason;
}

const city = { tag: 'city', op: 'eq', value: 'a' };
const level = { tag: 'level', op: 'gte', value: 3 };
const os = { tag: 'os', op: 'eq', value: 'a' };
const visits = { event: 'visit', op: 'gte', value: 2 };
const orders = { event: 'order_paid', op: 'gte', value: 2 };
const list = { list: 'upload' };

describe('add implied conditions', () => {
  it('intersects a predicate with them, inside any not', async () => {
    const email = { tag: 'email', op: 'eq', value: 'a' };
    expect(await shapeOf(email)).toBe('email+is_deleted');
    expect(await shapeOf({ not: email })).toEqual({ less: ['universe', 'email+is_deleted'] });
    expect(reasonOf(await planSample(email), 'add implied conditions')).toContain('email');
  });

  it('are part of the meaning: without rewrites they are there too, and for tags without any nothing is said', async () => {
    const plain = await planSample({ tag: 'email', op: 'eq', value: 'a' }, false);
    expect(shape(plain.root)).toEqual({ intersect: ['email', 'is_deleted'] });
    expect(reasonOf(await planSample(city), 'add implied conditions')).toBeUndefined();
  });
});

describe('choose placement', () => {
  it('reads kv tags as stored sets and profile tags by a scan', async () => {
    expect((await planSample({ tag: 'segment', op: 'eq', value: 'a' })).root.kind).toBe('kvRead');
    expect((await planSample(city)).root.kind).toBe('profileScan');
    expect(reasonOf(await planSample(city), 'choose placement')).toContain('customer');
    expect(reasonOf(await planSample(list), 'choose placement')).toBeUndefined();
  });
});

describe('fold constants', () => {
  it.each<[string, JsonValue, unknown]>([
    ['a double negation', { not: { not: list } }, 'upload'],
    ['everybody in an intersection', { and: [{ all: true }, list] }, 'upload'],
    ['everybody in a union', { or: [{ all: true }, list] }, 'universe'],
    ['nobody in an intersection', { and: [{ not: { all: true } }, list] }, 'empty'],
    ['nobody in a union', { or: [{ not: { all: true } }, list] }, 'upload'],
    ['x and not x', { and: [list, { not: list }] }, 'empty'],
    ['a count that always holds', { event: 'visit', op: 'gte', value: 0 }, 'universe'],
    ['a count that never holds', { event: 'visit', op: 'lt', value: 0 }, 'empty'],
    [
      'no row in the window',
      { event: 'visit', op: 'gte', value: 1, window: { from: '2027-01-01T00:00:00Z' } },
      'empty',
    ],
    [
      'none asked for and no row in the window',
      { event: 'visit', op: 'eq', value: 0, window: { from: '2027-01-01T00:00:00Z' } },
      'universe',
    ],
    ['a number out of its type', { tag: 'level', op: 'gt', value: Number.MAX_SAFE_INTEGER }, 'empty'],
    ['any value, or none', { tag: 'level', op: 'exists', onMissing: 'include' }, 'universe'],
    ['text below the empty text', { tag: 'city', op: 'lt', value: '' }, 'empty'],
    ['at least one', { atLeast: 1, of: [list, visits] }, { union: ['upload', 'visit'] }],
    ['at least all', { atLeast: 2, of: [list, visits] }, { intersect: ['upload', 'visit'] }],
    [
      'at least two, one of them certain',
      { atLeast: 2, of: [{ all: true }, list, visits] },
      { union: ['upload', 'visit'] },
    ],
    [
      'at least two, one of them impossible',
      { atLeast: 2, of: [{ not: { all: true } }, list, visits] },
      { intersect: ['upload', 'visit'] },
    ],
    [
      'steps that need more time than they have',
      { sequence: [{ event: 'visit' }, { event: 'visit' }, { event: 'visit' }], within: 'PT0.001S' },
      'empty',
    ],
  ])('folds %s', async (_what, json, expected) => {
    expect(await shapeOf(json)).toEqual(expected);
    expect(reasonOf(await planSample(json), 'fold constants')).toBeDefined();
  });

  it('keeps what only holds for users with a value', async () => {
    const { root } = await planSample({ tag: 'level', op: 'gte', value: Number.MIN_SAFE_INTEGER });
    expect(root).toMatchObject({
      kind: 'profileScan',
      tests: [{ condition: { kind: 'present' }, includeMissing: false }],
    });
    expect(await shapeOf({ event: 'visit', measure: { lastTime: '*' }, op: 'exists' })).toBe('visit');
    expect(reasonOf(await planSample(list), 'fold constants')).toBeUndefined();
  });

  it('leaves a list of all the values of an enum alone: one more may come while the plan is in use', async () => {
    const { root } = await planSample({ tag: 'tier', op: 'in', value: ['bronze', 'silver', 'gold'] });
    expect(root).toMatchObject({ tests: [{ condition: { kind: 'oneOf' } }] });
  });
});

describe('flatten', () => {
  it('makes nested groups one', async () => {
    expect(await shapeOf({ or: [list, { or: [visits, { or: [orders] }] }] })).toEqual({
      union: ['upload', 'visit', 'order_paid'],
    });
    expect(await shapeOf({ and: [{ and: [list, visits] }, orders] })).toEqual({
      intersect: ['upload', 'visit', 'order_paid'],
    });
  });

  it('keeps groups of the other kind', async () => {
    const plan = await planSample({ or: [list, { and: [visits, orders] }] });
    expect(shape(plan.root)).toEqual({ union: ['upload', { intersect: ['visit', 'order_paid'] }] });
    expect(reasonOf(plan, 'flatten')).toBeUndefined();
  });
});

describe('push not down into differences', () => {
  it('takes what is excluded from the rest of an intersection, once', async () => {
    expect(await shapeOf({ and: [list, { not: visits }, { not: os }] })).toEqual({
      less: ['upload', { union: ['os', 'visit'] }],
    });
  });

  it('takes one complement of several', async () => {
    expect(await shapeOf({ or: [{ not: list }, { not: visits }] })).toEqual({
      less: ['universe', { intersect: ['upload', 'visit'] }],
    });
    expect(await shapeOf({ and: [{ not: list }, { not: visits }] })).toEqual({
      less: ['universe', { union: ['upload', 'visit'] }],
    });
    expect(await shapeOf({ not: { or: [{ not: list }, visits] } })).toEqual({ less: ['upload', 'visit'] });
  });

  it('turns "did not do" into the difference from those who did', async () => {
    const { root } = await planSample({ and: [list, { event: 'visit', op: 'lt', value: 3 }] });
    expect(root).toMatchObject({
      kind: 'difference',
      left: { kind: 'listRead' },
      right: { kind: 'eventScan', condition: { kind: 'range', low: { value: 3, inclusive: true }, high: null } },
    });
  });

  it('does not turn a negated predicate into its opposite, which users with no value would not meet', async () => {
    const { root } = await planSample({ not: { tag: 'level', op: 'lt', value: 3 } });
    expect(root).toMatchObject({
      kind: 'difference',
      left: { kind: 'universe' },
      right: { tests: [{ condition: { kind: 'range', low: null }, includeMissing: false }] },
    });
  });

  it('leaves a negation inside a threshold where it is', async () => {
    const plan = await planSample({ atLeast: 2, of: [list, visits, { not: orders }] });
    expect(shape(plan.root)).toEqual({ atLeast2: ['upload', 'visit', { less: ['universe', 'order_paid'] }] });
    expect(reasonOf(plan, 'push not down into differences')).toBeUndefined();
  });
});

describe('merge predicates of one table into one scan', () => {
  it('reads the tags of one type together, and those of another apart', async () => {
    const plan = await planSample({ and: [city, os, level, visits] });
    expect(shape(plan.root)).toEqual({ intersect: ['os', 'city+level', 'visit'] });
    expect(reasonOf(plan, 'merge predicates of one table into one scan')).toContain('city');
  });

  it('joins ranges on one tag', async () => {
    const { root } = await planSample({
      and: [
        { tag: 'level', op: 'gt', value: 2 },
        { tag: 'level', op: 'lt', value: 9 },
      ],
    });
    expect(root).toMatchObject({
      tests: [
        { condition: { kind: 'range', low: { value: 3, inclusive: true }, high: { value: 8, inclusive: true } } },
      ],
    });
    expect(
      await shapeOf({
        and: [
          { tag: 'level', op: 'gt', value: 4 },
          { tag: 'level', op: 'lt', value: 4 },
        ],
      }),
    ).toBe('empty');
  });

  it('joins alternatives for one tag, kv tags too', async () => {
    const { root } = await planSample({ or: [city, { tag: 'city', op: 'eq', value: 'b' }] });
    expect(root).toMatchObject({ kind: 'profileScan', tests: [{ condition: { values: ['a', 'b'], negated: false } }] });
    const kv = await planSample({ or: ['b', 'a'].map((value) => ({ tag: 'segment', op: 'eq', value })) });
    expect(kv.root).toMatchObject({ kind: 'kvRead', test: { condition: { values: ['a', 'b'] } } });
  });

  it('lets users with no value in only where every test does', async () => {
    const include = { ...level, onMissing: 'include' };
    expect((await planSample({ and: [include, { tag: 'level', op: 'lt', value: 5 }] })).root).toMatchObject({
      tests: [{ includeMissing: false }],
    });
    expect((await planSample({ or: [include, { tag: 'level', op: 'eq', value: 1 }] })).root).toMatchObject({
      kind: 'union',
    });
  });

  it('keeps alternatives of different tags, and tests that no single one can say, apart', async () => {
    expect(await shapeOf({ or: [city, level] })).toEqual({ union: ['city', 'level'] });
    expect(
      await shapeOf({
        and: [
          { tag: 'city', op: 'contains', value: 'a' },
          { tag: 'city', op: 'ne', value: 'a' },
        ],
      }),
    ).toBe('city+city');
  });
});

describe('share equal leaves', () => {
  it('drops an input given twice, and uses one object for equal predicates', async () => {
    const plan = await planSample({ or: [{ and: [visits, list] }, { and: [list, visits] }] });
    expect(shape(plan.root)).toEqual({ intersect: ['upload', 'visit'] });
    expect(new Set(plan.outputs.map((output) => output.node)).size).toBe(3);
    expect(reasonOf(plan, 'share equal leaves')).toBeDefined();
  });

  it('counts an input given twice to atLeast twice', async () => {
    expect(await shapeOf({ atLeast: 2, of: [list, list, visits] })).toEqual({
      atLeast2: ['upload', 'upload', 'visit'],
    });
  });

  it('does not take different windows for equal', async () => {
    const plan = await planSample({
      or: [
        { ...visits, window: { last: 'P1D' } },
        { ...visits, window: { last: 'P2D' } },
      ],
    });
    expect(shape(plan.root)).toEqual({ union: ['visit', 'visit'] });
    expect(reasonOf(plan, 'share equal leaves')).toBeUndefined();
  });
});

describe('order by estimated cost', () => {
  it('puts the cheap first and keeps the order of equals', async () => {
    const plan = await planSample({ and: [orders, { tag: 'os', op: 'matches', value: 'a+' }, visits, list] });
    expect(shape(plan.root)).toEqual({ intersect: ['upload', 'os', 'order_paid', 'visit'] });
    expect(reasonOf(plan, 'order by estimated cost')).toBeDefined();
  });

  it('leaves both sides of a difference where they are', async () => {
    const plan = await planSample({ and: [visits, { not: list }] });
    expect(shape(plan.root)).toEqual({ less: ['visit', 'upload'] });
    expect(reasonOf(plan, 'order by estimated cost')).toBeUndefined();
  });
});
