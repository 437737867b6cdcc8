import { bindExpression, buildPlan, noReferences, type PlanNode, type ReferencePort } from '@tessera/audience';
import type { DataDirectory } from '@tessera/data-directory';
import type { Guid, JsonValue, TagMessage } from '@tessera/tag-catalog';
import { EmbeddedEngine } from './embedded-engine';
import type { IdentityPort } from './identity-port';
import { SHARD_SIZE } from './shard';
import { NumberIdentity } from './testing/number-identity';
import { TemporaryDirectory } from './testing/temporary-directory';
import { DAY_MS, messageOf, NOW, testCatalog } from './testing/test-catalog';

const catalog = testCatalog();
const anyList: ReferencePort = { ...noReferences, hasList: () => Promise.resolve(true) };

async function planOf(expression: unknown, asOfMs = NOW): Promise<PlanNode> {
  const bound = await bindExpression(expression, { catalog, references: anyList, timeZone: 'UTC' });
  if (!bound.ok) {
    throw new Error(JSON.stringify(bound.errors));
  }
  return buildPlan(bound.value, { asOfMs }).root;
}

async function count(engine: EmbeddedEngine, expression: unknown, asOfMs?: number): Promise<number | undefined> {
  return (await engine.counts([await planOf(expression, asOfMs)])).counts[0];
}

async function* streamOf(cuids: readonly string[]): AsyncGenerator<string> {
  for (const cuid of cuids) {
    yield await Promise.resolve(cuid);
  }
}

describe('EmbeddedEngine', () => {
  let temporary: TemporaryDirectory;
  let nowMs = NOW;

  beforeEach(async () => {
    nowMs = NOW;
    temporary = await TemporaryDirectory.make();
  });
  afterEach(async () => {
    await temporary.remove();
  });

  async function open(
    identity: IdentityPort = new NumberIdentity(),
  ): Promise<{ engine: EmbeddedEngine; directory: DataDirectory }> {
    const directory = await temporary.open();
    const engine = await EmbeddedEngine.open({ directory, catalog: () => catalog, identity, clock: () => nowMs });
    return { directory, engine };
  }

  function send(engine: EmbeddedEngine, ...messages: TagMessage[]): ReturnType<EmbeddedEngine['apply']> {
    return engine.apply({ arrivalMs: nowMs, messages });
  }

  function person(cuid: string, body: JsonValue, id?: string): TagMessage {
    return messageOf(catalog, 'person', cuid, body, id === undefined ? {} : { id });
  }

  function purchase(cuid: string, body: JsonValue, header: { timeMs?: number; id?: string } = {}): TagMessage {
    return messageOf(catalog, 'purchase', cuid, body, { nowMs, ...header });
  }

  it('forgets a count that it kept as soon as anything it depends on changes', async () => {
    const { engine } = await open();
    const rules = [
      { tag: 'interests', op: 'exists' },
      { not: { tag: 'interests', op: 'exists' } },
      { tag: 'interests', op: 'hasAny', value: ['chess'] },
      { tag: 'city', op: 'exists' },
      { tag: 'city', op: 'ne', value: 'rome', onMissing: 'include' },
      { all: true },
    ];
    const counts = async (): Promise<(number | undefined)[]> => {
      const found: (number | undefined)[] = [];
      for (const rule of rules) {
        found.push(await count(engine, rule));
      }
      return found;
    };
    await send(engine, person('a', { interests: ['chess'], city: 'rome' }), person('b', { level: 1 }));
    expect(await counts()).toEqual([1, 1, 1, 1, 1, 2]);
    expect(await counts()).toEqual([1, 1, 1, 1, 1, 2]);
    await send(engine, person('b', { interests: ['go'], city: 'oslo' }));
    expect(await counts()).toEqual([2, 0, 1, 2, 1, 2]);
    await send(engine, person('c', { city: 'rome' }));
    expect(await counts()).toEqual([2, 1, 1, 3, 1, 3]);
    await send(engine, person('a', { interests: null, city: null }));
    expect(await counts()).toEqual([1, 2, 0, 2, 2, 3]);
    await engine.erase('b', NOW);
    expect(await counts()).toEqual([0, 2, 0, 1, 1, 2]);
    await engine.abandon();
  });

  const questions: readonly (readonly [unknown, number])[] = [
    [{ all: true }, 4],
    [{ tag: 'city', op: 'eq', value: 'rome' }, 2],
    [{ tag: 'city', op: 'notIn', value: ['rome', 'nowhere'] }, 1],
    [{ tag: 'city', op: 'matches', value: '^.o' }, 2],
    [{ tag: 'level', op: 'gte', value: 3 }, 2],
    [{ tag: 'level', op: 'lt', value: 4 }, 2],
    [{ tag: 'interests', op: 'hasNone', value: ['x'] }, 1],
    [{ tag: 'vip', op: 'exists', value: false }, 3],
    [{ event: 'purchase', measure: { count: '*' }, op: 'eq', value: 0 }, 2],
    [{ event: 'purchase', measure: { sum: 'amount' }, op: 'eq', value: 6.5 }, 1],
    [{ event: 'purchase', measure: { distinct: 'amount' }, op: 'gte', value: 2 }, 1],
    [{ event: 'purchase', where: [{ property: 'parts', op: 'hasAny', value: ['p'] }], op: 'gte', value: 1 }, 1],
    [{ event: 'purchase', where: [{ property: 'gift', op: 'eq', value: false }], op: 'gte', value: 1 }, 1],
    [{ and: [{ tag: 'city', op: 'eq', value: 'rome' }, { not: { tag: 'vip', op: 'eq', value: true } }] }, 1],
    [
      {
        atLeast: 2,
        of: [{ all: true }, { tag: 'city', op: 'eq', value: 'rome' }, { tag: 'level', op: 'lt', value: 0 }],
      },
      3,
    ],
  ];

  function people(): TagMessage[] {
    return [
      person('a', { city: 'rome', level: 3, interests: ['x', 'y'], vip: true }),
      person('b', { city: 'rome', level: 5, interests: [] }),
      person('c', { city: 'oslo', level: -2 }),
      purchase('a', { amount: 2.5, gift: false, parts: ['p', 'q'] }, { id: '1' }),
      purchase('a', { amount: 4 }, { id: '2' }),
      purchase('a', { amount: 4 }, { id: '2' }),
      purchase('d', {}, { id: '2' }),
    ];
  }

  it.each([
    ['the log', 'one shard', 0],
    ['a checkpoint', 'one shard', 0],
    ['the log', 'two shards', SHARD_SIZE - 3],
    ['a checkpoint', 'two shards', SHARD_SIZE - 3],
  ])('answers the same after a restart from %s, users in %s', async (from, _, highestGuid) => {
    const first = await open(new NumberIdentity(highestGuid));
    const { verdicts } = await send(first.engine, ...people());
    expect(verdicts).toEqual(['accepted', 'accepted', 'accepted', 'accepted', 'accepted', 'duplicate', 'accepted']);
    const { list } = await first.engine.lists.create('some', streamOf(['d', 'nobody', 'a', 'a']));
    const statistics = (engine: EmbeddedEngine): unknown => [
      [...catalog.tags].map((tag) => ({ ...engine.tagStatistics(tag), bytes: 0 })),
      catalog.types.map((type) => ({ ...engine.eventRows(type), bytes: 0, hasData: engine.hasData(type) })),
    ];
    const check = async (engine: EmbeddedEngine): Promise<void> => {
      for (const [expression, expected] of questions) {
        expect([expression, await count(engine, expression)]).toEqual([expression, expected]);
        const { set } = await engine.materialise(await planOf(expression));
        expect(set.page(0, 100).length).toBe(expected);
      }
      expect(await count(engine, { list: list.id })).toBe(2);
      const { tags } = await engine.distribution(
        await planOf({ all: true }),
        [{ tag: tagNamed('city'), validAfterMs: null }],
        5,
      );
      expect(tags[0]?.values.map(({ value, count: users, universeCount }) => [value, users, universeCount])).toEqual([
        ['rome', 2, 2],
        ['oslo', 1, 1],
      ]);
      expect(engine.verify()).toEqual({ findings: [], users: 4, tagShards: highestGuid === 0 ? 4 : 6, eventRows: 3 });
    };
    await check(first.engine);
    const before = statistics(first.engine);
    await (from === 'the log' ? first.engine.abandon() : first.engine.close());
    const second = await open(new NumberIdentity(highestGuid));
    await check(second.engine);
    expect(statistics(second.engine)).toEqual(before);
    expect((await send(second.engine, purchase('a', { amount: 4 }, { id: '2' }))).verdicts).toEqual(['duplicate']);
    await second.engine.close();
  });

  function tagNamed(name: string): NonNullable<ReturnType<typeof catalog.tag>> {
    const tag = catalog.tag(name);
    if (tag === undefined) {
      throw new Error(`no tag ${name}`);
    }
    return tag;
  }

  it('steps the retention once a day, for all who ask, and answers also where the step cannot be written', async () => {
    const { engine, directory } = await open();
    const old = NOW - 30 * DAY_MS;
    await send(engine, purchase('a', {}, { timeMs: old }), purchase('b', {}));
    const bought = { event: 'purchase', op: 'gte', value: 1 };
    expect(await count(engine, bought)).toBe(2);
    const { dataVersion } = engine;
    nowMs = NOW + DAY_MS / 2 - 1;
    expect([await count(engine, bought, nowMs), engine.dataVersion]).toEqual([2, dataVersion]);
    nowMs = NOW + DAY_MS / 2;
    expect(await Promise.all([1, 2, 3, 4].map(() => count(engine, bought, nowMs)))).toEqual([1, 1, 1, 1]);
    expect(engine.dataVersion).toBe(dataVersion + 1);
    const type = catalog.type('purchase');
    expect(type && engine.eventRows(type).rows).toBe(1);
    await directory.log.close();
    nowMs = NOW + 31 * DAY_MS;
    expect(await count(engine, bought, nowMs)).toBe(0);
    expect(type && engine.user('b')?.events(type, null, Infinity)).toEqual([]);
    await expect(send(engine, purchase('c', {}))).rejects.toThrow('closed');
    await engine.abandon();
  });

  it('erases in order with what is under way, and is not kept waiting by writes that never stop', async () => {
    const { engine } = await open();
    let isOver = false;
    const load = async (): Promise<void> => {
      for (let number = 0; !isOver; number++) {
        await send(engine, person(`load${number % 10}`, { level: number }));
      }
    };
    const loads = [load(), load(), load()];
    const bound = send(engine, person('late', { level: 1 }));
    expect((await engine.erase('late', NOW)).erased).toBe(true);
    expect((await bound).verdicts).toEqual(['accepted']);
    expect((await engine.erase('late', NOW)).erased).toBe(false);
    isOver = true;
    await Promise.all(loads);
    const { dataVersion } = engine;
    expect(await engine.erase('late', NOW)).toEqual({ erased: false, position: dataVersion });
    expect(engine.user('late')).toBeUndefined();
    const { highestGuid } = engine.status();
    await send(engine, person('late', { level: 2 }));
    expect(engine.guidOf('late')).toBe(highestGuid + 1);
    await engine.close();
  });

  it.each([1, 16, 17, 300])('says of %d users one by one what the count says of all', async (asked) => {
    const { engine } = await open(new NumberIdentity(SHARD_SIZE - 100));
    const users = Array.from({ length: 400 }, (_, user) =>
      person(`u${user}`, { level: user % 7, city: `c${user % 5}` }),
    );
    const rows = Array.from({ length: 200 }, (_, row) => purchase(`u${row * 2}`, { amount: row }));
    await send(engine, ...users, ...rows);
    await engine.erase('u100', NOW);
    const node = await planOf({
      or: [
        { and: [{ tag: 'level', op: 'gte', value: 3 }, { not: { tag: 'city', op: 'in', value: ['c1', 'c2'] } }] },
        { event: 'purchase', measure: { sum: 'amount' }, op: 'gt', value: 150 },
      ],
    });
    const { set } = await engine.materialise(node);
    const members = new Set(set.page(0, 1000));
    const first = SHARD_SIZE - 100 - 2;
    let found = 0;
    for (let from = first; from < SHARD_SIZE + 310; from += asked) {
      const guids = Array.from({ length: asked }, (_, index) => (from + index) as Guid);
      const answer = await engine.contains(node, guids);
      expect(answer.members).toEqual(guids.map((guid) => members.has(guid)));
      found += answer.members.filter(Boolean).length;
    }
    expect([found, set.size]).toEqual([members.size, members.size]);
    expect(members.size).toBeGreaterThan(100);
    await engine.close();
  });

  it('reads the tags of many users as they are at that moment', async () => {
    const { engine } = await open();
    await send(engine, person('a', { city: 'rome', level: 3 }), person('b', { vip: true }), person('c', { vip: true }));
    await engine.erase('c', nowMs);
    const users = [3, 2, 1, 9].map((guid) => ({ guid: guid as Guid }));
    const [city, level, vip] = ['city', 'level', 'vip'].map((name) => catalog.tag(name)!);
    const [erased, b, a, nobody] = await engine.profiles(users, [city!, vip!]);
    await send(engine, person('a', { city: null }));
    expect([erased, nobody]).toEqual([undefined, undefined]);
    expect([b?.cuid, b?.tagStates()]).toEqual(['b', [{ tag: vip, value: true, timeMs: NOW }]]);
    expect([a?.tagValue(city!), a?.tagValue(level!)]).toEqual([{ value: 'rome', timeMs: NOW }, undefined]);
    await engine.close();
  });

  it('keeps lists of the users known, without the erased ones', async () => {
    const { engine } = await open();
    await send(engine, ...['a', 'b', 'c'].map((cuid) => person(cuid, { level: 1 })));
    const first = await engine.lists.create('first', streamOf(['a', 'b', 'x', 'c']));
    expect(first).toEqual({
      list: { id: first.list.id, name: 'first', count: 3, createdAt: new Date(NOW).toISOString() },
      matched: 3,
      unknown: 1,
    });
    nowMs += 1000;
    const second = await engine.lists.create('second', streamOf([]));
    nowMs -= 2000;
    const third = await engine.lists.create('third', streamOf(['c']));
    expect((await engine.lists.lists()).map(({ name }) => name)).toEqual(['third', 'first', 'second']);
    await engine.erase('c', NOW);
    expect((await engine.lists.list(first.list.id))?.count).toBe(2);
    expect(await count(engine, { list: third.list.id })).toBe(0);
    expect(await engine.lists.remove(second.list.id)).toBe(true);
    expect(await engine.lists.remove(second.list.id)).toBe(false);
    await engine.close();
    const again = await open();
    expect((await again.engine.lists.lists()).map(({ name, count: users }) => [name, users])).toEqual([
      ['third', 0],
      ['first', 2],
    ]);
    await again.engine.close();
  });

  it('refuses a source without a name, and writes once it is closed', async () => {
    const { engine } = await open();
    const batch = { arrivalMs: NOW, messages: [person('a', { level: 1 })] };
    await expect(engine.apply(batch, { source: '', position: 1 })).rejects.toThrow('needs the name of its source');
    await engine.close();
    await expect(engine.apply(batch)).rejects.toThrow('closing');
    expect(await engine.waitFor(99, 60_000)).toBe(false);
  });
});
