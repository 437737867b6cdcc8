import {
  differenceNode,
  eventScanNode,
  intersectNode,
  kvReadNode,
  listReadNode,
  profileScanNode,
  ReferenceEngine,
  ReferenceStore,
  thresholdNode,
  unionNode,
  universeNode,
} from '@tessera/audience';
import type { PlanNode, ValueCondition } from '@tessera/audience';
import { StarrocksEngine, StarrocksPool, tableOf } from '@tessera/starrocks-engine';
import type { ShapeChoice } from '@tessera/starrocks-engine';
import type { Guid, JsonValue, TagDefinition, TagMessage, TagTypeDefinition } from '@tessera/tag-catalog';
import { describeWithStarrocks } from '../../support/starrocks-standin/with-starrocks';
import { eventType, kv, message, profile } from '../cases/build';
import { World } from '../world';
import { StarrocksState } from './starrocks-state';
import { StateTables } from './state-tables';
import { watched } from './watched-pool';

const USERS = 40;
const LISTS = 60;
/** So that a few lists are too many. */
const LIMITS = { leavesMax: 18, inputsMax: 16, gatesMax: 60, heightMax: 6, askedMax: 3 };

interface Opened {
  readonly pool: StarrocksPool;
  readonly reference: ReferenceEngine;
  readonly world: World;
  engine(shape: ShapeChoice, limits?: typeof LIMITS): StarrocksEngine;
}

describeWithStarrocks('StarRocks engine, large questions and odd moments', (starrocks) => {
  let opened: Opened | null = null;
  const at = (): Opened => {
    if (opened === null) throw new Error('the users are stored before the first test');
    return opened;
  };
  const engines: StarrocksEngine[] = [];
  const engine = (shape: ShapeChoice = 'auto', limits?: typeof LIMITS): StarrocksEngine => {
    const made = at().engine(shape, limits);
    engines.push(made);
    return made;
  };

  beforeAll(async () => {
    const { mysqlUrl, database } = starrocks();
    opened = await open(mysqlUrl, database);
  }, 120_000);

  afterAll(async () => {
    for (const each of engines) await each.close();
    expect(await leftovers(at().pool)).toEqual([]);
    await at().pool.close();
  });

  const tagOf = (name: string): TagDefinition => {
    const tag = at().world.catalog.tag(name);
    if (tag === undefined) throw new Error(`there is no tag ${name}`);
    return tag;
  };
  const typeOf = (name: string): TagTypeDefinition => {
    const type = at().world.catalog.type(name);
    if (type === undefined) throw new Error(`there is no type ${name}`);
    return type;
  };
  const test = (name: string, condition: ValueCondition): PlanNode =>
    profileScanNode('person', [{ tag: tagOf(name), condition, validAfterMs: null, includeMissing: false }]);

  async function expectSame(nodes: readonly PlanNode[], shape: ShapeChoice, limits?: typeof LIMITS): Promise<void> {
    const expected = (await at().reference.counts(nodes)).counts;
    expect((await engine(shape, limits).counts(nodes)).counts).toEqual(expected);
    const [node = universeNode()] = nodes;
    const members = (await at().reference.materialise(node)).set.page(0, USERS);
    expect([...(await engine(shape, limits).materialise(node)).set.page(0, USERS)]).toEqual([...members]);
    const guids = Array.from({ length: USERS + 5 }, (_, guid) => guid as Guid);
    expect((await engine(shape, limits).contains(node, guids)).members).toEqual(
      (await at().reference.contains(node, guids)).members,
    );
  }

  it.each(['mixed', 'bitmap'] as const)(
    'answers with more predicates than a statement holds, %s',
    async (shape) => {
      const lists = Array.from({ length: LISTS }, (_, index) => listReadNode(`list_${index + 1}`));
      const levels = [0, 1, 2, 3].map((level) => test('level', { kind: 'oneOf', values: [level], negated: false }));
      const nodes = [
        intersectNode([unionNode(lists), ...levels.slice(0, 1)]),
        differenceNode(universeNode(), intersectNode([unionNode(levels), thresholdNode(9, lists.slice(30))])),
      ];
      await expectSame(nodes, shape, LIMITS);
    },
    120_000,
  );

  it.each(['mixed', 'bitmap'] as const)(
    'answers what is nested deeper than a statement can be, %s',
    async (shape) => {
      let node: PlanNode = listReadNode('list_1');
      for (let depth = 2; depth < 30; depth += 1) {
        const list = listReadNode(`list_${depth}`);
        node =
          depth % 2 === 0
            ? unionNode([differenceNode(list, node), node])
            : intersectNode([node, differenceNode(universeNode(), list)]);
      }
      await expectSame([node], shape, LIMITS);
    },
    120_000,
  );

  it.each(['mixed', 'bitmap'] as const)('looks long lists of values up in a table, %s', async (shape) => {
    const values = Array.from({ length: 7_000 }, (_, index) => index * 3).sort((left, right) => left - right);
    const texts = Array.from({ length: 3_000 }, (_, index) => `n'${index}\\`).sort();
    const nodes = [
      unionNode([
        test('level', { kind: 'oneOf', values, negated: false }),
        test('name', { kind: 'oneOf', values: texts, negated: true }),
      ]),
      test('name', { kind: 'oneOf', values: texts, negated: false }),
    ];
    await expectSame(nodes, shape);
  });

  it('tries patterns on the values that there are', async () => {
    await expectSame([test('name', { kind: 'text', op: 'matches', text: '^n.[13]+\\\\$' })], 'auto');
  });

  it('asks for more guids than one list holds', async () => {
    const guids = Array.from({ length: 12_000 }, (_, guid) => guid as Guid);
    const node = test('level', { kind: 'range', low: { value: 2, inclusive: true }, high: null });
    const { members } = await engine().contains(node, guids);
    expect(members).toEqual((await at().reference.contains(node, guids)).members);
    expect(members.filter(Boolean).length).toBeGreaterThan(0);
  });

  it.each(['mixed', 'bitmap'] as const)('gives members page by page, %s', async (shape) => {
    const node = differenceNode(universeNode(), listReadNode('list_2'));
    const pages: number[] = [];
    for (let after = 0; ;) {
      const { guids } = await engine(shape).members(node, after, 7);
      pages.push(...guids);
      after = guids.at(-1) ?? 0;
      if (guids.length < 7) break;
    }
    expect(pages).toEqual([...(await at().reference.materialise(node)).set.page(0, USERS)]);
  });

  it.each(['mixed', 'bitmap'] as const)('looks for members range by range, %s', async (shape) => {
    const { pool, world } = at();
    const sent: string[] = [];
    const narrow = new StarrocksEngine({
      pool: watched(pool, (sql) => sent.push(sql)),
      nowMs: () => world.nowMs,
      shape,
      pageGuids: 4,
    });
    const node = listReadNode('list_3');
    const all = [...(await at().reference.materialise(node)).set.page(0, USERS)];
    expect(all.length).toBeGreaterThan(3);
    expect([...(await narrow.members(node, 0, USERS)).guids]).toEqual(all);
    const ranges = sent.flatMap(
      (sql) => / > (\d+) AND u\.`sys_guid` <= (\d+)/.exec(sql)?.slice(1, 3).map(Number) ?? [],
    );
    expect(ranges.slice(0, 6)).toEqual([0, 3, 3, 11, 11, 27]);
    const [first = 0, second = 0] = all;
    expect([...(await narrow.members(node, first, 1)).guids]).toEqual([second]);
    expect([...(await narrow.members(node, all.at(-1) ?? 0, 5)).guids]).toEqual([]);
  });

  it('names no data version while somebody is writing, and names it again afterwards', async () => {
    const { pool } = at();
    const put = (begun: number, next: number): Promise<unknown> =>
      pool.write(
        `INSERT INTO \`sys_positions\` (\`sys_source\`, \`sys_begun\`, \`sys_next\`) VALUES ('other', ${begun}, ${next})`,
      );
    const before = (await engine().counts([universeNode()])).dataVersion;
    await put(5, 3);
    expect((await engine().counts([universeNode()])).dataVersion).toBeNull();
    await put(5, 5);
    expect((await engine().counts([universeNode()])).dataVersion).toBe((before ?? 0) + 5);
  });

  it('waits until nobody is writing before it asks', async () => {
    const { pool, world } = at();
    const put = (begun: number, next: number): Promise<unknown> =>
      pool.write(
        `INSERT INTO \`sys_positions\` (\`sys_source\`, \`sys_begun\`, \`sys_next\`) VALUES ('slow', ${begun}, ${next})`,
      );
    let asked = 0;
    const counting = watched(pool, (sql) => {
      if (!sql.includes('sys_positions')) asked += 1;
    });
    const slow = new StarrocksEngine({ pool: counting, nowMs: () => world.nowMs });
    await put(7, 2);
    const answer = slow.counts([universeNode()]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await put(7, 7);
    expect((await answer).dataVersion).toEqual(expect.any(Number));
    expect(asked).toBe(1);
    await put(9, 7);
    expect((await slow.counts([universeNode()])).dataVersion).toBeNull();
    expect(asked).toBe(2);
    await put(9, 9);
  });

  it('counts a step of retention as another data version', async () => {
    const { pool, world } = at();
    const on = async (days: number): Promise<number> => {
      const later = new StarrocksEngine({ pool, nowMs: () => world.nowMs + days * 86_400_000 });
      return (await later.counts([universeNode()])).dataVersion ?? Number.NaN;
    };
    expect((await on(1)) - (await on(0))).toBe(1);
  });

  it('stops when it is told to', async () => {
    const reason = new Error('nobody waits any more');
    const controller = new AbortController();
    const asked = engine().counts([universeNode()], { signal: controller.signal });
    controller.abort(reason);
    await expect(asked).rejects.toThrow('nobody waits any more');
    expect((await engine().counts([universeNode()])).counts).toEqual([USERS]);
  });

  it('asks for another try where a tag was declared whose column is not made yet', async () => {
    const young = { ...tagOf('level'), id: 9_001, name: 'declared_just_now' };
    const type = { ...typeOf('buy'), id: 9_002, name: 'event_declared_just_now' };
    const count = { kind: 'count' } as const;
    const interval = { fromMs: null, toMs: at().world.nowMs };
    const some = { kind: 'range', low: { value: 1, inclusive: true }, high: null } as const;
    const nodes = [
      profileScanNode('person', [
        { tag: young, condition: { kind: 'present' }, validAfterMs: null, includeMissing: false },
      ]),
      eventScanNode({ eventType: type, where: [], interval, measure: count, condition: some, exact: null }),
    ];
    for (const node of nodes) {
      const asked = engine().counts([node]);
      await expect(asked).rejects.toThrow(/not made in StarRocks yet/);
      await expect(asked).rejects.toMatchObject({ retriable: true });
    }
  });

  it('sweeps what questions of dead processes have left, and nothing else', async () => {
    const { pool, world } = at();
    const id = (ms: number): string => `question-${ms.toString(36).padStart(9, '0')}-00-0k0`;
    const old = id(world.nowMs - 7_200_000);
    const young = id(world.nowMs - 60_000);
    for (const each of [old, young]) {
      await pool.write(
        `INSERT INTO \`sys_lists\` (\`sys_list\`, \`sys_seg\`, \`sys_guids\`) VALUES ('${each}', 0, to_bitmap(1))`,
      );
      await pool.write(
        `INSERT INTO \`sys_values\` (\`sys_list\`, \`sys_number\`, \`sys_created\`) VALUES ('${each}', 1, '2026-01-01 00:00:00')`,
      );
    }
    const lists = async (): Promise<number> =>
      Number((await pool.rows('SELECT count(DISTINCT `sys_list`) AS n FROM `sys_lists`'))[0]?.['n']);
    const before = await lists();
    await Promise.all(engines.map((each) => each.close()));
    await engine().sweep();
    expect(await leftovers(pool)).toEqual([young, young]);
    expect(await lists()).toBe(before - 1);
    await pool.write(`DELETE FROM \`sys_lists\` WHERE \`sys_list\` = '${young}'`);
    await pool.write(`DELETE FROM \`sys_values\` WHERE \`sys_list\` = '${young}'`);
  });

  it('explains which shape it takes and why', async () => {
    const scan = test('level', { kind: 'present' });
    expect(await engine().explain([listReadNode('list_1')])).toMatchObject({
      shape: 'bitmap',
      reason: 'every leaf is a stored bitmap',
    });
    expect(await engine().explain([unionNode([scan, listReadNode('list_1')])])).toMatchObject({ shape: 'mixed' });
    const many = Array.from({ length: 40 }, (_, index) => listReadNode(`list_${index + 1}`));
    expect(await engine().explain([thresholdNode(9, many)])).toMatchObject({ shape: 'mixed' });
    expect((await engine('bitmap').explain([scan])).statements.join()).toContain('bitmap_agg');
  });

  it('reads a kv tag from its bitmaps while they have applied everything, and says so', async () => {
    const { pool } = at();
    const tag = tagOf('color');
    const red = kvReadNode({
      tag,
      condition: { kind: 'oneOf', values: ['red'], negated: false },
      validAfterMs: null,
      includeMissing: false,
    });
    const others = kvReadNode({
      tag,
      condition: { kind: 'oneOf', values: ['red'], negated: true },
      validAfterMs: null,
      includeMissing: false,
    });
    const nodes = [red, others, differenceNode(universeNode(), red)];
    const expected = (await at().reference.counts(nodes)).counts;
    expect(expected[0]).toBeGreaterThan(0);
    const source = `tags.${tag.typeName}/0`;
    const put = (name: string, next: number): Promise<unknown> =>
      pool.write(
        `INSERT INTO \`sys_positions\` (\`sys_source\`, \`sys_begun\`, \`sys_next\`) VALUES ('${name}', ${next}, ${next})`,
      );
    await put(source, 9);
    await put(`kv_bitmaps/${tag.id}/${source}`, 8);
    expect((await engine().explain(nodes)).placements).toEqual([
      'color is read from its table: the bitmaps are behind 1 of its 1 sources',
    ]);
    expect((await engine().counts(nodes)).counts).toEqual(expected);
    // Rolled up, with a user who has been erased since.
    for (const value of ['red', 'blue']) {
      const users = Array.from({ length: USERS }, (_, user) => user).filter((user) => colorOf(user) === value);
      for (const user of users) {
        await pool.write(
          `INSERT INTO \`sys_kv_bitmaps\` (\`sys_tag\`, \`sys_value\`, \`sys_seg\`, \`sys_guids\`) VALUES (${tag.id}, '${value}', 0, to_bitmap(${user + 1})), (${tag.id}, '${value}', 0, to_bitmap(4000))`,
        );
      }
    }
    await put(`kv_bitmaps/${tag.id}/${source}`, 9);
    for (const shape of ['mixed', 'bitmap', 'auto'] as const) {
      expect((await engine(shape).counts(nodes)).counts).toEqual(expected);
      const { statements, placements } = await engine(shape).explain(nodes);
      expect(placements).toEqual([
        'color is read from sys_kv_bitmaps, which has applied everything that its table has',
      ]);
      expect(statements.join()).not.toContain(tableOf(typeOf('thing')));
    }
  });

  it('counts events of users without rows', async () => {
    const none = eventScanNode({
      eventType: typeOf('buy'),
      where: [],
      interval: { fromMs: null, toMs: at().world.nowMs + 1 },
      measure: { kind: 'count' },
      condition: { kind: 'oneOf', values: [0], negated: false },
      exact: null,
    });
    await expectSame([none, differenceNode(universeNode(), none)], 'mixed');
    await expectSame([none, differenceNode(universeNode(), none)], 'bitmap');
  });
});

function colorOf(user: number): string | null {
  return ['red', 'blue', null][user % 3] ?? null;
}

/** Ids of rows that questions have stored. */
async function leftovers(pool: StarrocksPool): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for (const table of ['sys_lists', 'sys_values']) {
    const rows = await pool.rows(
      `SELECT DISTINCT \`sys_list\` FROM \`${table}\` WHERE \`sys_list\` >= 'question-' AND \`sys_list\` < 'question.'`,
    );
    found.push(...rows.map((row) => row['sys_list']));
  }
  return found;
}

async function open(mysqlUrl: string, database: string): Promise<Opened> {
  const world = new World();
  world.declare(profile('person', { level: 'int', name: 'string' }).declare);
  world.declare(eventType('buy', { amount: 'int' }).declare);
  world.declare(kv('thing', { color: 'string' }).declare);
  const pool = new StarrocksPool({ urls: [new URL('/', mysqlUrl).href], database });
  const tables = new StateTables(pool, database);
  const nowMs = (): number => world.nowMs;
  const reference = new ReferenceStore({ nowMs });
  const catalog = (): World['catalog'] => world.catalog;
  const state = new StarrocksState({ pool, tables, reference, catalog, nowMs, usersPerSegment: undefined });
  const raw = Array.from({ length: USERS }, (_, user): JsonValue[] => [
    message('person', `u${user}`, { ...(user % 5 === 4 ? {} : { level: user % 7 }), name: `n'${user}\\` }),
    ...(user % 3 === 0 ? [message('buy', `u${user}`, { amount: user })] : []),
    ...(colorOf(user) === null ? [] : [message('thing', `u${user}`, { color: colorOf(user) })]),
  ]).flat();
  const read = raw.map((json) => world.read(json));
  const messages = read.filter((result): result is TagMessage => !('code' in result));
  await state.apply({ arrivalMs: world.nowMs, messages });
  for (let list = 1; list <= LISTS; list += 1) {
    const cuids = Array.from({ length: USERS }, (_, user) => `u${user}`).filter((_, user) => (user * list) % 17 < 5);
    await state.lists.create(`list ${list}`, oneByOne(cuids));
  }
  return {
    pool,
    world,
    reference: new ReferenceEngine(reference),
    engine: (shape, limits) => new StarrocksEngine({ pool, nowMs, shape, ...(limits === undefined ? {} : { limits }) }),
  };
}

async function* oneByOne(cuids: readonly string[]): AsyncGenerator<string> {
  yield* cuids;
}
