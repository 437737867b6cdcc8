import type { Guid, JsonValue } from '@tessera/tag-catalog';
import { thresholdNode, listReadNode, snapshotReadNode, universeNode, emptyNode } from '../plan/plan-nodes';
import { SampleWorld } from './testing/sample-world';

const NOW = '2025-06-15T12:00:00Z';

/** One user per value, named by it; `none` never wrote the tag, `cleared` cleared it. */
async function worldOf(type: string, tag: string, values: Record<string, JsonValue>): Promise<SampleWorld> {
  const world = new SampleWorld(NOW);
  for (const [cuid, value] of Object.entries(values)) await world.send(type, cuid, { [tag]: value });
  await world.send('visit', 'none', {});
  await world.send(type, 'cleared', { [tag]: null });
  return world;
}

async function expectMembers(world: SampleWorld, cases: readonly (readonly [JsonValue, string])[]): Promise<void> {
  for (const [json, expected] of cases) {
    expect([json, (await world.members(json)).join(' ')]).toEqual([json, expected]);
  }
}

describe('tag operators', () => {
  const tagCase =
    (tag: string) =>
    (
      op: string,
      value: JsonValue | undefined,
      expected: string,
      extra: Record<string, JsonValue> = {},
    ): [JsonValue, string] => [{ tag, op, ...(value === undefined ? {} : { value }), ...extra }, expected];

  it('of bool', async () => {
    const test = tagCase('active');
    await expectMembers(await worldOf('customer', 'active', { yes: true, no: false }), [
      test('eq', true, 'yes'),
      test('ne', true, 'no'),
      test('ne', true, 'no none cleared', { onMissing: 'include' }),
      test('exists', undefined, 'yes no'),
      test('exists', false, 'none cleared'),
    ]);
  });

  it('of numbers, negative and fractional ones and −0', async () => {
    const test = tagCase('spend');
    await expectMembers(await worldOf('customer', 'spend', { m: -1.5, z: -0, p: 0.01, q: 2 }), [
      test('eq', 0, 'z'),
      test('eq', -0, 'z'),
      test('ne', 0, 'm p q'),
      test('in', [2, -1.5, 7], 'm q'),
      test('notIn', [2, 0], 'm p'),
      test('gt', 0, 'p q'),
      test('gte', 0, 'z p q'),
      test('lt', 0.01, 'm z'),
      test('lte', 0.01, 'm z p'),
      test('between', [-1.5, 0], 'm z'),
      test('lt', 0, 'm none cleared', { onMissing: 'include' }),
    ]);
  });

  it('of strings, in the order of UTF-8 bytes', async () => {
    const test = tagCase('city');
    const values = { empty: '', B: 'B', b: 'b', bmp: '\uffff', astral: '😀', nl: 'x\ny' };
    await expectMembers(await worldOf('customer', 'city', values), [
      test('eq', '', 'empty'),
      test('ne', 'b', 'empty B bmp astral nl'),
      test('in', ['b', '😀'], 'b astral'),
      test('notIn', ['b', '😀'], 'empty B bmp nl'),
      test('gt', '\uffff', 'astral'),
      test('gte', '\uffff', 'bmp astral'),
      test('lt', 'b', 'empty B'),
      test('lte', 'b', 'empty B b'),
      test('between', ['B', 'b'], 'B b'),
      test('contains', '', 'empty B b bmp astral nl'),
      test('startsWith', 'x', 'nl'),
      test('endsWith', 'y', 'nl'),
      test('matches', 'x.y', ''),
      test('matches', 'x(?s:.)y', 'nl'),
      test('matches', '(?i)^b$', 'B b'),
      test('exists', true, 'empty B b bmp astral nl'),
    ]);
  });

  it('of enums', async () => {
    const test = tagCase('tier');
    await expectMembers(await worldOf('customer', 'tier', { g: 'gold', s: 'silver' }), [
      test('eq', 'gold', 'g'),
      test('ne', 'gold', 's'),
      test('in', ['gold', 'bronze'], 'g'),
      test('notIn', ['gold', 'bronze'], 's'),
    ]);
  });

  it('of sets, the empty one included', async () => {
    const test = tagCase('labels');
    await expectMembers(await worldOf('customer', 'labels', { e: [], a: ['a'], ab: ['b', 'a'], c: ['c'] }), [
      test('hasAny', ['a', 'c'], 'a ab c'),
      test('hasAll', ['a', 'b'], 'ab'),
      test('hasNone', ['a'], 'e c'),
      test('hasNone', ['a'], 'e c none cleared', { onMissing: 'include' }),
      test('exists', true, 'e a ab c'),
    ]);
  });

  it('of dates and datetimes', async () => {
    const date = tagCase('birthday');
    const values = { leap: '2000-02-29', old: '1000-01-01', today: '2025-06-15', next: '2025-06-16' };
    await expectMembers(await worldOf('customer', 'birthday', values), [
      date('before', '2000-02-29', 'old'),
      date('after', '2000-02-29', 'today next'),
      date('between', ['1000-01-01', '2000-02-29'], 'leap old'),
      date('withinLast', 'P1D', 'today'),
      date('withinLast', 'PT12H', ''),
      date('withinLast', 'PT12H0.001S', 'today'),
      date('anniversary', { nextDays: 0 }, 'today'),
      date('anniversary', { nextDays: 1 }, 'today next'),
      date('anniversary', { nextDays: 365 }, 'leap old today next'),
    ]);
    const instant = tagCase('seen_at');
    const seen = {
      edge: '2025-06-14T12:00:00Z',
      inside: '2025-06-14T12:00:00.001Z',
      future: '2025-06-15T12:00:00.001Z',
    };
    await expectMembers(await worldOf('customer', 'seen_at', seen), [
      instant('withinLast', 'P1D', 'inside'),
      instant('after', NOW, 'future'),
      instant('lte', '2025-06-14T14:00:00+02:00', 'edge'),
    ]);
  });

  it('counts 29 February on the 28th in years without one', async () => {
    const world = await worldOf('customer', 'birthday', { leap: '2000-02-29', day28: '2001-02-28' });
    const today = { tag: 'birthday', op: 'anniversary', value: { nextDays: 0 } };
    const on = (date: string): Promise<string[]> => world.members(today, Date.parse(`${date}T12:00:00Z`));
    expect(await on('2025-02-28')).toEqual(['leap', 'day28']);
    expect(await on('2024-02-28')).toEqual(['day28']);
    expect(await on('2024-02-29')).toEqual(['leap']);
    expect(await on('2025-03-01')).toEqual([]);
  });

  it('judges TTL at as-of and implied conditions before any not', async () => {
    const world = new SampleWorld(NOW);
    await world.send('interest', 'u', { hobby: 'chess' }, { time: '2025-06-14T12:00:00Z' });
    const hobby = { tag: 'hobby', op: 'eq', value: 'chess' };
    expect(await world.members(hobby, Date.parse('2025-06-16T11:59:59.999Z'))).toEqual(['u']);
    expect(await world.members(hobby, Date.parse('2025-06-16T12:00:00Z'))).toEqual([]);

    await world.send('customer', 'on', { balance: 1, active: true });
    await world.send('customer', 'off', { balance: 1, active: false });
    await world.send('customer', 'unset', { balance: 1 });
    const balance = { tag: 'balance', op: 'eq', value: 1 };
    expect(await world.members(balance)).toEqual(['on', 'unset']);
    expect(await world.members({ not: balance })).toEqual(['u', 'off']);
  });
});

describe('events', () => {
  async function orders(): Promise<SampleWorld> {
    const world = new SampleWorld(NOW);
    const send = (cuid: string, time: string, body: JsonValue): Promise<string> =>
      world.send('order_paid', cuid, body, { time });
    await send('a', '2025-06-01T00:00:00Z', { amount: 0.1, category: 'toys', gifts: ['x', 'y'] });
    await send('a', '2025-06-14T12:00:00Z', { amount: 0.2, category: 'books', due: '2025-06-20' });
    await send('a', '2025-06-15T12:00:00Z', { quantity: 3, gifts: ['y', 'x'] });
    await send('b', '2025-06-15T12:00:00.001Z', { amount: 5, category: 'toys' });
    await world.send('visit', 'none', {});
    return world;
  }
  const event = (rest: Record<string, JsonValue>): JsonValue => ({ event: 'order_paid', op: 'gte', value: 1, ...rest });

  it('are counted up to as-of, in windows of every kind', async () => {
    const world = await orders();
    await expectMembers(world, [
      [event({}), 'a'],
      [event({ op: 'eq', value: 3 }), 'a'],
      [event({ op: 'eq', value: 0 }), 'b none'],
      [event({ window: { last: 'P1D' }, op: 'eq', value: 1 }), 'a'],
      [event({ window: { last: 'P1DT0.001S' }, op: 'eq', value: 2 }), 'a'],
      [event({ window: { to: '2025-06-15T12:00:00Z' }, op: 'eq', value: 2 }), 'a'],
      [event({ window: { from: '2025-06-15T12:00:00Z' }, op: 'eq', value: 1 }), 'a'],
      [event({ window: { calendar: 'day', offset: -1 }, op: 'eq', value: 1 }), 'a'],
      [event({ window: { calendar: 'week', offset: 0 }, op: 'eq', value: 2 }), 'a'],
      [event({ window: { calendar: 'month', offset: 0, timeZone: 'America/New_York' }, op: 'eq', value: 2 }), 'a'],
      [event({ window: { calendar: 'month', offset: -1, timeZone: 'America/New_York' } }), 'a'],
      [event({ window: { from: '2030-01-01T00:00:00Z' } }), ''],
    ]);
    expect(await world.members(event({}), world.nowMs + 1)).toEqual(['a', 'b']);
  });

  it('are filtered by properties; one without a value passes exists false only', async () => {
    const where = (op: string, value: JsonValue, property = 'category'): JsonValue =>
      event({ where: [{ property, op, value }] });
    await expectMembers(await orders(), [
      [where('ne', 'toys'), 'a'],
      [event({ where: [{ property: 'category', op: 'ne', value: 'toys' }], op: 'eq', value: 2 }), ''],
      [event({ where: [{ property: 'category', op: 'exists', value: false }], op: 'eq', value: 1 }), 'a'],
      [where('hasAll', ['x', 'y'], 'gifts'), 'a'],
      [where('gt', 0.2, 'amount'), ''],
    ]);
  });

  it('are measured exactly; no value meets no comparison', async () => {
    const measure = (kind: string, property: string, op: string, value: JsonValue): JsonValue =>
      event({ measure: { [kind]: property }, op, value });
    await expectMembers(await orders(), [
      [measure('distinct', 'category', 'eq', 2), 'a'],
      [measure('distinct', 'gifts', 'eq', 1), 'a'],
      [measure('distinct', 'due', 'eq', 0), 'b none'],
      [measure('sum', 'amount', 'eq', 0.3), 'a'],
      [measure('sum', 'amount', 'lt', 100), 'a'],
      [measure('avg', 'amount', 'eq', 0.15), 'a'],
      [measure('avg', 'amount', 'gt', 0.149999999), 'a'],
      [measure('min', 'amount', 'eq', 0.1), 'a'],
      [measure('max', 'amount', 'lte', 0.2), 'a'],
      [measure('max', 'due', 'after', '2025-06-19'), 'a'],
      [measure('firstTime', '*', 'before', '2025-06-02T00:00:00Z'), 'a'],
      [measure('lastTime', '*', 'withinLast', 'PT1H'), 'a'],
    ]);
  });

  it('make sequences of strictly increasing times', async () => {
    const world = new SampleWorld(NOW);
    const visit = (page: string, time: string): Promise<string> => world.send('visit', 'u', { page }, { time });
    await visit('a', '2025-06-15T09:00:00Z');
    await visit('b', '2025-06-15T09:00:00Z');
    await visit('a', '2025-06-15T10:00:00Z');
    await visit('b', '2025-06-15T11:00:00Z');
    const step = (page: string): JsonValue => ({
      event: 'visit',
      where: [{ property: 'page', op: 'eq', value: page }],
    });
    const sequence = (pages: string, rest: Record<string, JsonValue> = {}): JsonValue => ({
      sequence: pages.split('').map(step),
      ...rest,
    });
    await expectMembers(world, [
      [sequence('ab'), 'u'],
      [sequence('ab', { within: 'PT1H' }), 'u'],
      [sequence('ab', { within: 'PT59M59.999S' }), ''],
      [sequence('aab', { within: 'PT2H' }), 'u'],
      [sequence('ba', { window: { last: 'PT1H' } }), ''],
      [sequence('ab', { window: { last: 'PT1H' } }), ''],
      [sequence('ab', { window: { last: 'PT1H0.001S' } }), 'u'],
      [sequence('aba'), ''],
      [sequence('bab'), 'u'],
      [sequence('abab'), ''],
    ]);
  });
});

describe('the engine', () => {
  it('combines sets, lists and snapshots', async () => {
    const world = new SampleWorld(NOW);
    for (const cuid of ['a', 'b', 'c']) await world.send('visit', cuid, {});
    world.store.putList('ab', ['a', 'b']);
    world.store.putSnapshot('vip', 2, ['b']);
    await expectMembers(world, [
      [{ all: true }, 'a b c'],
      [{ not: { list: 'ab' } }, 'c'],
      [{ atLeast: 2, of: [{ list: 'ab' }, { list: 'ab' }] }, 'a b'],
      [{ or: [{ not: { all: true } }, { not: { list: 'ab' } }] }, 'c'],
    ]);
    const twice = thresholdNode(2, [listReadNode('ab'), snapshotReadNode('vip', 2), emptyNode()]);
    const { counts, dataVersion } = await world.engine.counts([universeNode(), twice, emptyNode()]);
    expect({ counts, dataVersion }).toEqual({ counts: [3, 1, 0], dataVersion: world.store.dataVersion });
    const guids = [2, 1, 99].map((guid) => guid as Guid);
    expect((await world.engine.contains(twice, guids)).members).toEqual([true, false, false]);
  });

  it('keeps a materialised set as it was and pages through it', async () => {
    const world = new SampleWorld(NOW);
    for (const cuid of ['a', 'b', 'c']) await world.send('visit', cuid, {});
    const { set } = await world.engine.materialise(universeNode());
    await world.store.erase('b');
    expect(set.size).toBe(3);
    expect([...set.page(0, 2)]).toEqual([1, 2]);
    expect([...set.page(2, 2)]).toEqual([3]);
    expect(set.has(2 as Guid)).toBe(true);
    expect((await world.engine.counts([universeNode()])).counts).toEqual([2]);
  });

  it('distributes values with the most frequent first, elements of sets, and histograms', async () => {
    const world = new SampleWorld(NOW);
    const rows: [string, number, string, string[]][] = [
      ['a', 1, 'x', ['p', 'q']],
      ['b', 2, 'x', []],
      ['c', 10, 'y', ['q']],
      ['d', 4, 'z', ['q']],
    ];
    for (const [cuid, level, city, labels] of rows) await world.send('customer', cuid, { level, city, labels });
    await world.send('visit', 'e', {});
    world.store.putList('abc', ['a', 'b', 'c', 'e']);
    const tag = (name: string) => ({ tag: world.catalog.tag(name)!, validAfterMs: null });
    const answer = await world.engine.distribution(listReadNode('abc'), [tag('city'), tag('labels'), tag('level')], 2);
    expect([answer.count, answer.universe]).toEqual([4, 5]);
    const [city, labels, level] = answer.tags;
    expect(city).toMatchObject({ distinct: 2, withValue: 3, universeWithValue: 4, histogram: [] });
    expect(city!.values).toEqual([
      { value: 'x', high: null, count: 2, universeCount: 2 },
      { value: 'y', high: null, count: 1, universeCount: 1 },
    ]);
    expect(labels).toMatchObject({ distinct: 2, withValue: 3, universeWithValue: 4 });
    expect(labels!.values[0]).toEqual({ value: 'q', high: null, count: 2, universeCount: 3 });
    expect(level!.values.map(({ value }) => value)).toEqual([1, 2]);
    expect(level!.histogram).toEqual([
      { value: 1, high: 5, count: 2, universeCount: 3 },
      { value: 6, high: 10, count: 1, universeCount: 1 },
    ]);
  });
});
