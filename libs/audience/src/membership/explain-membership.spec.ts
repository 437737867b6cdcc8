import type { JsonValue } from '@tessera/tag-catalog';
import type { Expression } from '../expression/expression';
import { buildPlan } from '../plan/build-plan';
import { SampleWorld } from '../reference/testing/sample-world';
import { explainMembership } from './explain-membership';
import type { ExplainRequest } from './explain-membership';
import type { MembershipExplanation } from './membership-explanation';

const NOW = '2025-06-15T12:00:00Z';

async function explain(
  world: SampleWorld,
  json: JsonValue,
  options: Partial<ExplainRequest> = {},
): Promise<MembershipExplanation> {
  const expression = await world.bind(json);
  const view = world.engine.user('u')!;
  return explainMembership({ expression, asOfMs: world.nowMs, view, buildPlan, wallClockMs: world.nowMs, ...options });
}

async function worldWith(type: string, body: JsonValue, time?: string): Promise<SampleWorld> {
  const world = new SampleWorld(NOW);
  await world.send(type, 'u', body, time === undefined ? {} : { time });
  return world;
}

describe('a tag leaf', () => {
  it('shows value, threshold and the difference', async () => {
    const world = await worldWith('customer', { spend: 2950 }, '2025-06-01T00:00:00Z');
    const explained = await explain(world, { tag: 'spend', op: 'gte', value: 3000, id: 'rich' });
    expect(explained).toMatchObject({ member: false, asOf: '2025-06-15T12:00:00Z', flipsAt: null });
    expect(explained.search).toEqual({ instants: 0, complete: true, until: null });
    expect(explained.root).toMatchObject({
      path: '',
      id: 'rich',
      kind: 'tag',
      member: false,
      tag: 'spend',
      operator: 'gte',
      threshold: 3000,
      value: 2950,
      valueTime: '2025-06-01T00:00:00Z',
      onMissing: 'exclude',
      change: {
        kind: 'setValue',
        text: 'spend would have to rise by 50, to 3000',
        from: 2950,
        to: 3000,
        by: 50,
        byMessage: true,
      },
    });
    expect(explained.root.text).toMatch(/spend/i);
    expect(explained.smallestChange).toEqual({ leaves: 1, changes: [{ path: '', change: explained.root.change }] });
  });

  it('tells how to get out, by value or by clearing', async () => {
    const world = await worldWith('customer', { spend: 3050 });
    const { root } = await explain(world, { tag: 'spend', op: 'gt', value: 3000 });
    expect(root.change).toMatchObject({ from: 3050, to: 3000, by: -50, orClear: true });
    expect(root.change?.text).toBe('spend would have to fall by 50, to 3000, or to be cleared');
  });

  it('says why there is no value', async () => {
    const world = await worldWith('customer', { city: null }, '2025-06-10T00:00:00Z');
    const reason = async (json: JsonValue): Promise<unknown> => {
      const { root } = await explain(world, json);
      return { missing: root.missing, valueTime: root.valueTime, value: root.value, expired: root.expiredValue };
    };
    expect(await reason({ tag: 'level', op: 'gt', value: 1 })).toEqual({ missing: 'neverWritten', value: null });
    expect(await reason({ tag: 'city', op: 'eq', value: 'x' })).toEqual({
      missing: 'cleared',
      value: null,
      valueTime: '2025-06-10T00:00:00Z',
    });
    await world.send('customer', 'u', { mood: 3 }, { time: '2025-06-14T12:00:00Z' });
    expect(await reason({ tag: 'mood', op: 'eq', value: 3 })).toEqual({
      missing: 'expired',
      value: null,
      expired: 3,
      valueTime: '2025-06-14T12:00:00Z',
    });
    const { root } = await explain(world, { tag: 'mood', op: 'eq', value: 3 });
    expect(root.change).toMatchObject({ kind: 'setValue', to: 3, text: 'mood has expired: writing 3 again would do' });
  });

  it('flips when its value expires', async () => {
    const world = await worldWith('customer', { mood: 3 }, '2025-06-15T00:00:00Z');
    const explained = await explain(world, { not: { tag: 'mood', op: 'eq', value: 3 } });
    expect(explained).toMatchObject({ member: false, flipsAt: '2025-06-16T00:00:00Z' });
    expect(explained.root.children?.[0]?.flipsAt).toBe('2025-06-16T00:00:00Z');
    expect(explained.search.complete).toBe(true);
  });

  it.each<[string, JsonValue, string, JsonValue | undefined, Record<string, JsonValue>]>([
    ['active', false, 'eq', true, { kind: 'setValue', to: true }],
    ['tier', 'gold', 'eq', 'silver', { kind: 'setValue', values: ['silver'], choices: 1, count: 1 }],
    ['tier', 'gold', 'ne', 'gold', { kind: 'setValue', values: ['bronze', 'silver'], choices: 2 }],
    ['level', 5, 'in', [1, 9, 7], { to: 7, by: 2 }],
    ['level', 5, 'notIn', [4, 5, 6], { to: 3, by: -2 }],
    ['level', 5, 'between', [7, 9], { to: 7, by: 2 }],
    ['level', 5, 'between', [1, 2], { to: 2, by: -3 }],
    ['city', 'x', 'eq', 'y', { to: 'y', values: ['y'] }],
    ['city', 'x', 'ne', 'x', { kind: 'setValue', text: 'city would have to be anything but x' }],
    ['city', 'x', 'contains', 'y', { text: 'city would have to contain "y"' }],
    ['city', 'x', 'gt', 'y', { text: 'city would have to be after "y" in the order of bytes' }],
    ['city', 'x', 'exists', false, { kind: 'clearValue' }],
    ['birthday', '2000-06-20', 'before', '2000-06-15', { to: '2000-06-14', by: '-P6D' }],
    ['birthday', '2000-06-20', 'anniversary', { nextDays: 3 }, { to: '2000-06-18', by: '-P2D' }],
    ['seen_at', '2025-06-13T12:00:00Z', 'withinLast', 'P1D', { to: '2025-06-14T12:00:00.001Z', by: 'P1DT0.001S' }],
    ['labels', ['a'], 'hasAny', ['b', 'c'], { kind: 'addElements', values: ['b', 'c'], count: 1, choices: 2 }],
    ['labels', ['a'], 'hasAll', ['a', 'b', 'c'], { kind: 'addElements', values: ['b', 'c'], count: 2 }],
    ['labels', ['a', 'b'], 'hasNone', ['a', 'b'], { kind: 'removeElements', values: ['a', 'b'], count: 2 }],
  ])('%s of %j is changed to satisfy %s %j', async (tag, body, op, value, expected) => {
    const world = await worldWith('customer', { [tag]: body });
    const { root } = await explain(world, { tag, op, ...(value === undefined ? {} : { value }) });
    expect(root.member).toBe(false);
    expect(root.change).toMatchObject(expected);
  });

  it('has no change where none can be', async () => {
    const world = await worldWith('customer', { level: 1 });
    expect((await explain(world, { all: true })).smallestChange).toBeNull();
    const { root } = await explain(world, { tag: 'level', op: 'notIn', value: [1], onMissing: 'include' });
    expect(root.change).toMatchObject({ to: 0, orClear: true });
    const many = Array.from({ length: 1_001 }, (_, at) => `label ${at}`);
    expect((await explain(world, { tag: 'labels', op: 'hasAll', value: many })).root.change).toBeNull();
  });

  it('cuts long lists', async () => {
    const world = await worldWith('customer', { level: 1 });
    const value = Array.from({ length: 5_000 }, (_, at) => at + 10);
    const { root } = await explain(world, { tag: 'level', op: 'in', value });
    expect(root.threshold).toHaveLength(20);
    expect(root.thresholdSize).toBe(5_000);
    expect(root.change).toMatchObject({ to: 10 });
  });

  it('shows implied conditions as leaves of their own', async () => {
    const world = await worldWith('customer', { balance: 1, active: false });
    const explained = await explain(world, { tag: 'balance', op: 'eq', value: 1 });
    expect(explained.root).toMatchObject({ member: false, predicate: true });
    expect(explained.root.implied).toMatchObject([{ kind: 'tag', tag: 'active', member: false, value: false }]);
    expect(explained.smallestChange?.changes).toMatchObject([{ impliedBy: 'balance', change: { to: true } }]);
  });
});

describe('an event leaf', () => {
  async function ordered(...days: readonly string[]): Promise<SampleWorld> {
    const world = new SampleWorld(NOW);
    for (const day of days) await world.send('order_paid', 'u', { amount: 10.5 }, { time: `${day}T12:00:00Z` });
    return world;
  }

  it('shows measure, rows and window, and what is missing', async () => {
    const world = await ordered('2025-06-01', '2025-06-10', '2025-06-14');
    const { root, flipsAt } = await explain(world, {
      event: 'order_paid',
      op: 'gte',
      value: 3,
      window: { last: 'P7D' },
    });
    expect(root).toMatchObject({
      member: false,
      event: 'order_paid',
      measure: { count: '*' },
      value: 2,
      rowsMatched: 2,
      threshold: 3,
      window: { from: '2025-06-08T12:00:00.001Z', to: '2025-06-15T12:00:00.001Z' },
      change: { kind: 'moreRows', by: 1, from: 2, to: 3, text: '1 more order_paid row in the window would do' },
    });
    expect(flipsAt).toBeNull();
  });

  it('flips when rows leave the window, or the retention', async () => {
    const world = await ordered('2025-06-10', '2025-06-14');
    const recent = { event: 'order_paid', op: 'gte', value: 2, window: { last: 'P7D' } };
    expect((await explain(world, recent)).flipsAt).toBe('2025-06-17T12:00:00Z');
    const ever = { event: 'order_paid', op: 'gte', value: 2 };
    const explained = await explain(world, ever);
    // 30 days after 10 June at noon is 10 July; the midnight after that drops the row.
    expect(explained.flipsAt).toBe('2025-07-11T00:00:00Z');
    expect(explained.root.change).toMatchObject({ kind: 'fewerRows', by: -1, byMessage: false });
    const month = { ...ever, window: { calendar: 'month', offset: 0, timeZone: 'Asia/Tokyo' } };
    expect((await explain(world, month)).flipsAt).toBe('2025-06-30T15:00:00Z');
  });

  it('flips when a row dated in the future arrives', async () => {
    const world = await ordered('2025-06-14');
    await world.send('order_paid', 'u', {}, { time: '2025-06-16T03:00:00.5Z' });
    expect((await explain(world, { event: 'order_paid', op: 'gte', value: 2 })).flipsAt).toBe(
      '2025-06-16T03:00:00.500Z',
    );
  });

  it('names exact sums and averages', async () => {
    const world = await ordered('2025-06-13', '2025-06-14');
    const sum = await explain(world, { event: 'order_paid', measure: { sum: 'amount' }, op: 'gt', value: 30 });
    expect(sum.root).toMatchObject({ value: 21, change: { from: 21, to: 30.01, by: 9.01 } });
    const average = await explain(world, { event: 'order_paid', measure: { avg: 'amount' }, op: 'gte', value: 11.001 });
    expect(average.root).toMatchObject({ value: 10.5, change: { from: 21, to: 22.01, by: 1.01 } });
    const least = await explain(world, { event: 'order_paid', measure: { min: 'amount' }, op: 'lt', value: 10.5 });
    expect(least.root.change).toMatchObject({ from: 10.5, to: 10.49, by: -0.01, byMessage: true });
    const last = await explain(world, {
      event: 'order_paid',
      measure: { lastTime: '*' },
      op: 'withinLast',
      value: 'PT1H',
    });
    expect(last.root.change).toMatchObject({ to: '2025-06-15T11:00:00.001Z', by: 'PT23H0.001S' });
    const none = await explain(world, { event: 'order_paid', measure: { max: 'quantity' }, op: 'gt', value: 4 });
    expect(none.root).toMatchObject({ value: null, change: { to: 5, byMessage: true } });
    const distinct = await explain(world, { event: 'order_paid', measure: { distinct: 'amount' }, op: 'eq', value: 3 });
    expect(distinct.root).toMatchObject({ value: 1, change: { kind: 'changeMeasure', by: 2 } });
  });

  it('says that no message can do it where no row can be dated into the window', async () => {
    const world = await ordered('2025-06-14');
    const change = async (window: JsonValue): Promise<unknown> =>
      (await explain(world, { event: 'order_paid', op: 'gte', value: 2, window })).root.change;
    expect(await change({ to: '2025-05-16T00:00:00.001Z' })).toMatchObject({ by: 2, byMessage: true });
    expect(await change({ to: '2025-05-16T00:00:00Z' })).toMatchObject({ by: 2, byMessage: false });
    expect(await change({ from: '2025-06-16T00:00:00Z' })).toMatchObject({ by: 2, byMessage: false });
  });

  it('can be one that nothing flips', async () => {
    const world = await ordered('2025-06-14');
    expect((await explain(world, { event: 'order_paid', op: 'gte', value: 0 })).root.change).toBeNull();
  });
});

describe('sequences, lists and snapshots', () => {
  it('tell how far a sequence got', async () => {
    const world = await worldWith('visit', {}, '2025-06-15T10:00:00Z');
    const sequence = [{ event: 'visit' }, { event: 'order_paid' }, { event: 'order_paid' }];
    const { root } = await explain(world, { sequence, within: 'P1D' });
    expect(root).toMatchObject({
      steps: ['visit', 'order_paid', 'order_paid'],
      stepsReached: 1,
      change: { kind: 'completeSequence', from: 1, to: 3, by: 2 },
    });
    await world.send('order_paid', 'u', {}, { time: '2025-06-15T11:00:00Z' });
    await world.send('order_paid', 'u', {}, { time: '2025-06-15T11:30:00Z' });
    const done = await explain(world, { sequence, within: 'P1D', window: { last: 'PT2H' } });
    expect(done).toMatchObject({ member: true, flipsAt: '2025-06-15T13:30:00Z' });
    expect(done.root.change).toMatchObject({ kind: 'breakSequence', byMessage: false });
  });

  it('name the list or the snapshot', async () => {
    const world = await worldWith('visit', {});
    world.store.putList('l', ['u']);
    world.audiences.set('vip', { id: 'vip', version: 4, expression: { all: true }, timeZone: null, params: {} });
    const explained = await explain(world, { and: [{ not: { list: 'l' } }, { audience: 'vip', mode: 'snapshot' }] });
    expect(explained.root.children).toMatchObject([
      { kind: 'not', children: [{ list: 'l', member: true, change: { kind: 'leaveList', byMessage: false } }] },
      { audience: 'vip', version: 4, mode: 'snapshot', member: false, change: { kind: 'joinSnapshot' } },
    ]);
    expect(explained.smallestChange?.leaves).toBe(2);
  });
});

describe('the whole', () => {
  it('flips with the fewest leaves, preferring those that a message can flip', async () => {
    const world = await worldWith('customer', { level: 1, city: 'x' });
    const explained = await explain(world, {
      or: [
        {
          and: [
            { tag: 'level', op: 'gt', value: 3 },
            { tag: 'spend', op: 'gt', value: 3 },
          ],
        },
        { list: 'l' },
        { not: { tag: 'city', op: 'eq', value: 'x' } },
      ],
    });
    expect(explained.root).toMatchObject({ member: false, childrenMet: 0 });
    expect(explained.smallestChange).toMatchObject({ leaves: 1, changes: [{ path: '/or/2/not' }] });
  });

  it('goes into live audiences and names them', async () => {
    const world = await worldWith('customer', { level: 1, mood: 1 });
    world.audiences.set('happy', {
      id: 'happy',
      version: 2,
      expression: {
        and: [
          { tag: 'mood', op: 'gte', value: 1 },
          { tag: 'level', op: 'gte', value: 2 },
        ],
      },
      timeZone: null,
      params: {},
    });
    const used = await world.bind({ audience: 'happy' });
    const expression: Expression = { kind: 'and', path: '', id: null, children: [used, used] };
    const explained = await explain(world, { all: true }, { expression });
    const [first, second] = explained.root.children ?? [];
    expect(first).toMatchObject({ kind: 'audience', audience: 'happy', version: 2, member: false });
    expect(first?.children).toMatchObject([{ kind: 'and', path: '', childrenMet: 1 }]);
    expect(second).toMatchObject({ audience: 'happy', member: false, shownBefore: true });
    expect(explained.smallestChange?.changes).toMatchObject([{ audience: 'happy', path: '/and/1' }]);
  });

  it('follows anniversaries and calendar boundaries in the zone', async () => {
    const world = await worldWith('customer', { birthday: '2000-02-29' });
    const expression = await world.bind(
      { tag: 'birthday', op: 'anniversary', value: { nextDays: 1 } },
      'Europe/Berlin',
    );
    const view = world.engine.user('u')!;
    const { flipsAt } = explainMembership({ expression, asOfMs: world.nowMs, view, buildPlan });
    // 2026 has no 29 February: the 28th counts, and the day before it.
    expect(flipsAt).toBe('2026-02-26T23:00:00Z');
  });

  it('says that it stopped where changes go on for ever or are too many', async () => {
    const world = await worldWith('customer', { birthday: '2000-05-01', level: 1 });
    const both = {
      and: [
        { tag: 'birthday', op: 'anniversary', value: { nextDays: 0 } },
        { tag: 'level', op: 'gt', value: 1 },
      ],
    };
    const explained = await explain(world, both);
    expect(explained).toMatchObject({ flipsAt: null, search: { complete: false } });
    expect(explained.root.children?.[0]?.flipsAt).toBe('2026-05-01T00:00:00Z');

    for (let hour = 0; hour < 10; hour += 1) {
      await world.send('visit', 'u', {}, { time: `2025-06-15T0${hour}:00:00Z` });
    }
    const visits = { event: 'visit', op: 'gt', value: 0, window: { last: 'P1D' } };
    expect(await explain(world, visits, { flipInstantsMax: 9 })).toMatchObject({
      flipsAt: null,
      search: { instants: 9, complete: false, until: '2025-06-16T08:00:00Z' },
    });
    expect(await explain(world, visits, { flipInstantsMax: 10 })).toMatchObject({ flipsAt: '2025-06-16T09:00:00Z' });
  });

  it('explains 10,000 nodes over many rows in a bounded time', async () => {
    const world = new SampleWorld(NOW);
    const messages = Array.from({ length: 3_000 }, (_, at) =>
      world.message('visit', 'u', {}, { time: new Date(world.nowMs - at * 60_000).toISOString() }),
    );
    await world.store.apply({ arrivalMs: world.nowMs, messages });
    const children = Array.from({ length: 9_998 }, (_, at) => ({
      event: 'visit',
      op: 'gte',
      value: at + 1,
      window: { last: 'P1D' },
    }));
    const explained = await explain(world, { and: children });
    expect(explained.search.complete).toBe(false);
    expect(explained.root.childrenMet).toBe(1_440);
  });
});
