import { Catalog, declareTagType, parseDate, patchTagType } from '@tessera/tag-catalog';
import type { Guid, TagDefinition, TagTypeDefinition } from '@tessera/tag-catalog';
import { describeWithStarrocks } from '../../../../test/support/starrocks-standin/with-starrocks';
import { StarrocksPool } from '../connection/starrocks-pool';
import { StarrocksEngine } from '../engine/starrocks-engine';
import { createTableSql } from '../schema/create-table-sql';
import { tableOf } from '../schema/names';
import { schemaDefaults, tablesOf } from '../schema/tables-of';
import { StarrocksCheck } from './starrocks-check';
import { StarrocksLists } from './starrocks-lists';
import { StarrocksStatistics } from './starrocks-statistics';
import { StarrocksUserRows } from './starrocks-user-rows';
import { StarrocksUsers } from './starrocks-users';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 1, 12);
const MIDNIGHT_MS = Date.UTC(2026, 10, 1);
const SUITE_MS_MAX = 120_000;

const TYPES: readonly object[] = [
  {
    name: 'customer',
    kind: 'profile',
    tags: [
      { name: 'city', valueType: 'string' },
      { name: 'level', valueType: 'int' },
      { name: 'interests', valueType: 'set' },
    ],
  },
  {
    name: 'campaigns',
    kind: 'kv',
    tags: [
      { name: 'coupon', valueType: 'string' },
      { name: 'won', valueType: 'decimal', scale: 2 },
      { name: 'seen', valueType: 'set' },
    ],
  },
  {
    name: 'order_paid',
    kind: 'event',
    retentionDays: 30,
    properties: [
      { name: 'amount', valueType: 'decimal', scale: 2 },
      { name: 'items', valueType: 'set' },
      { name: 'note', valueType: 'string' },
      { name: 'due', valueType: 'date' },
      { name: 'sent', valueType: 'datetime' },
      { name: 'gift', valueType: 'bool' },
      { name: 'pieces', valueType: 'int' },
    ],
  },
  { name: 'page_view', kind: 'event', properties: [] },
  { name: 'not_migrated', kind: 'event', properties: [] },
  { name: 'no_table', kind: 'profile', tags: [{ name: 'nothing', valueType: 'int' }] },
];

function declareAll(): Catalog {
  return TYPES.reduce<Catalog>((catalog, json) => {
    const declared = declareTagType(catalog, json);
    if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
    return declared.value;
  }, Catalog.empty);
}

const catalog = declareAll();

function typeOf(name: string): TagTypeDefinition {
  const type = catalog.type(name);
  if (type === undefined) throw new Error(name);
  return type;
}

function tagOf(name: string): TagDefinition {
  const tag = catalog.tag(name);
  if (tag === undefined) throw new Error(name);
  return tag;
}

const guids = (...numbers: readonly number[]): readonly Guid[] => numbers.map((number) => number as Guid);
const at = (ms: number): string => `'${new Date(ms).toISOString().replace('T', ' ').replace('Z', '')}'`;

async function* cuidsOf(...cuids: readonly string[]): AsyncGenerator<string> {
  yield* cuids;
}

describeWithStarrocks('What is read of StarRocks beside questions', (starrocks) => {
  let pool: StarrocksPool;
  let nowMs = NOW_MS;
  const clock = (): number => nowMs;

  beforeAll(async () => {
    const url = new URL(starrocks().mysqlUrl);
    url.pathname = '';
    pool = new StarrocksPool({ urls: [url.href], database: starrocks().database });
    const options = { ...schemaDefaults(starrocks().database), replication: 1, buckets: 1, bitmapBuckets: 1 };
    const missing = new Set(['not_migrated', 'no_table'].map((name) => tableOf(typeOf(name))));
    for (const table of tablesOf(catalog, options, { nowMs, nextGuid: 10 })) {
      if (!missing.has(table.name)) await pool.run(createTableSql(table));
    }
    await fill();
  }, SUITE_MS_MAX);
  afterAll(() => pool.close());
  beforeEach(() => {
    nowMs = NOW_MS;
  });

  async function fill(): Promise<void> {
    const [customer, campaigns, paid, viewed] = ['customer', 'campaigns', 'order_paid', 'page_view'].map((name) =>
      tableOf(typeOf(name)),
    );
    const write = (sql: string): Promise<unknown> => pool.write(sql);
    await write(
      "INSERT INTO `sys_users` (`sys_guid`, `sys_cuid`) VALUES (1, 'ann'), (2, 'bob'), (3, '京💥'), (4200000, 'far')",
    );
    await write(
      `INSERT INTO \`${customer}\` (\`sys_guid\`, \`city\`, \`sys_t_city\`, \`level\`, \`sys_t_level\`) VALUES ` +
        `(1, 'oslo', ${at(NOW_MS - DAY_MS)}, 5, NULL), (2, 'oslo', ${at(NOW_MS - 2 * DAY_MS)}, NULL, ${at(NOW_MS)}), (3, 'rome', ${at(NOW_MS - 5)}, 7, NULL)`,
    );
    await write(
      `INSERT INTO \`${customer}\` (\`sys_guid\`, \`interests\`, \`sys_t_interests\`) VALUES (1, ['art', 'tea'], ${at(NOW_MS)})`,
    );
    await write(`INSERT INTO \`${customer}\` (\`sys_guid\`, \`interests\`, \`sys_t_interests\`) VALUES (2, [], NULL)`);
    await write(
      `INSERT INTO \`${campaigns}\` (\`sys_tag\`, \`sys_guid\`, \`sys_text\`, \`sys_t\`) VALUES ` +
        `(${tagOf('coupon').id}, 1, 'a', ${at(NOW_MS)}), (${tagOf('coupon').id}, 2, 'a', NULL), (${tagOf('coupon').id}, 3, NULL, ${at(NOW_MS + 1)})`,
    );
    await write(
      `INSERT INTO \`${campaigns}\` (\`sys_tag\`, \`sys_guid\`, \`sys_number\`) VALUES (${tagOf('won').id}, 1, 1250)`,
    );
    await write(
      `INSERT INTO \`${campaigns}\` (\`sys_tag\`, \`sys_guid\`, \`sys_elements\`) VALUES (${tagOf('seen').id}, 1, ['x', 'y', 'z'])`,
    );
    const row = (user: number, ms: number, number: number, values: string): string =>
      `(${user}, ${at(ms)}, ${number}, ${values})`;
    const plain = "12.50, 'a \\'quoted\\' 💥', '2026-11-05', '2026-11-05 01:02:03.004', true, -3";
    await write(
      `INSERT INTO \`${paid}\` (\`sys_guid\`, \`sys_t\`, \`sys_row\`, \`amount\`, \`note\`, \`due\`, \`sent\`, \`gift\`, \`pieces\`) VALUES ` +
        [
          row(1, MIDNIGHT_MS - 30 * DAY_MS - 1, 1, plain),
          row(1, MIDNIGHT_MS - 30 * DAY_MS, 2, plain),
          ...[3, 4, 5].map((number) => row(1, NOW_MS - 1_000, number, 'NULL, NULL, NULL, NULL, NULL, NULL')),
          row(1, NOW_MS, 6, '-0.05, NULL, NULL, NULL, false, 0'),
          row(2, NOW_MS, 7, plain),
        ].join(', '),
    );
    await write(
      `INSERT INTO \`${paid}\` (\`sys_guid\`, \`sys_t\`, \`sys_row\`, \`items\`) VALUES (3, ${at(NOW_MS)}, 9007199254740991, ['b', 'a, "c"', '京'])`,
    );
    await write(
      `INSERT INTO \`${paid}\` (\`sys_guid\`, \`sys_t\`, \`sys_row\`, \`items\`) VALUES (3, ${at(NOW_MS + 1)}, 9, [])`,
    );
    await write(
      `INSERT INTO \`${viewed}\` (\`sys_guid\`, \`sys_t\`, \`sys_row\`) VALUES (1, '1999-12-31 23:59:59.999', 1)`,
    );
    await write("INSERT INTO `sys_positions` (`sys_source`, `sys_begun`, `sys_next`) VALUES ('tags.customer/0', 5, 5)");
  }

  describe('single users', () => {
    it('finds cuids of any characters, and nobody for what nobody has', async () => {
      const users = new StarrocksUsers(pool);
      expect(await users.cuidsOf(Uint32Array.of(3, 9, 1, 3))).toEqual(['京💥', undefined, 'ann', '京💥']);
      expect(await users.cuidsOf(Array.from({ length: 2_500 }, (_, number) => number))).toHaveLength(2_500);
      expect(await users.cuidsOf([])).toEqual([]);
      expect(await users.highestGuid()).toBe(4_200_000);
      expect(await users.pairsFrom(2, 2)).toEqual([
        { guid: 2, cuid: 'bob' },
        { guid: 3, cuid: '京💥' },
      ]);
    });

    const rows = new StarrocksUserRows({ rows: (statement, options) => pool.rows(statement, options) }, clock);
    const ever = { fromMs: null, toMs: NOW_MS + 10 * DAY_MS, newest: null };
    const id = (name: string): number => typeOf('order_paid').properties.find((field) => field.name === name)?.id ?? 0;

    it('reads rows inside the retention with values of every type, those of one instant in order of arrival', async () => {
      const found = await rows.rows(guids(1, 2, 3, 4_200_000), { type: typeOf('order_paid'), ...ever });
      expect([...found.keys()].sort()).toEqual([1, 2, 3]);
      const ofAnn = found.get(1 as Guid) ?? [];
      expect(ofAnn.map(({ timeMs }) => timeMs - NOW_MS)).toEqual([
        MIDNIGHT_MS - 30 * DAY_MS - NOW_MS,
        ...[-1_000, -1_000, -1_000, 0],
      ]);
      const whole = new Map<number, unknown>([
        [id('amount'), 1_250],
        [id('note'), "a 'quoted' 💥"],
        [id('due'), parseDate('2026-11-05')],
        [id('sent'), Date.UTC(2026, 10, 5, 1, 2, 3, 4)],
        [id('gift'), true],
        [id('pieces'), -3],
      ]);
      expect(ofAnn[0]?.properties).toEqual(whole);
      expect(found.get(2 as Guid)?.[0]?.properties).toEqual(whole);
      expect(ofAnn[1]?.properties.size).toBe(0);
      expect(ofAnn[4]?.properties).toEqual(
        new Map<number, unknown>([
          [id('amount'), -5],
          [id('gift'), false],
          [id('pieces'), 0],
        ]),
      );
      const sets = (found.get(3 as Guid) ?? []).map(({ properties }) => properties.get(id('items')));
      expect(sets).toEqual([['a, "c"', 'b', '京'], []]);
      nowMs = NOW_MS + DAY_MS;
      expect((await rows.rows(guids(1), { type: typeOf('order_paid'), ...ever })).get(1 as Guid)).toHaveLength(4);
    });

    it('reads the newest of one user, of the last instant all, and all from some instant on', async () => {
      const type = typeOf('order_paid');
      const newest = async (count: number, beforeMs: number, toMs = ever.toMs): Promise<readonly number[]> => {
        const found = await rows.rows(guids(1), { type, fromMs: null, toMs, newest: { rows: count, beforeMs } });
        return (found.get(1 as Guid) ?? []).map(({ timeMs }) => timeMs - NOW_MS);
      };
      expect(await newest(1, ever.toMs)).toEqual([0]);
      expect(await newest(2, ever.toMs)).toEqual([-1_000, -1_000, -1_000, 0]);
      expect(await newest(1, NOW_MS, NOW_MS + 1)).toEqual([-1_000, -1_000, -1_000, 0]);
      expect(await newest(1, NOW_MS - 1_000, NOW_MS)).toHaveLength(4);
      expect(await newest(100, ever.toMs)).toHaveLength(5);
      expect(await newest(1, MIDNIGHT_MS - 40 * DAY_MS, MIDNIGHT_MS - 35 * DAY_MS)).toEqual([]);
    });

    it('takes the bounds of a reading exactly, and no row of a type that has no table yet', async () => {
      const type = typeOf('order_paid');
      const count = async (fromMs: number | null, toMs: number): Promise<number> =>
        (await rows.rows(guids(1), { type, fromMs, toMs, newest: null })).get(1 as Guid)?.length ?? 0;
      expect(await count(NOW_MS - 1_000, NOW_MS)).toBe(3);
      expect(await count(NOW_MS - 999, NOW_MS + 1)).toBe(1);
      expect(await count(NOW_MS, NOW_MS)).toBe(0);
      expect((await rows.rows(guids(1), { type: typeOf('not_migrated'), ...ever })).size).toBe(0);
      expect((await rows.rows([], { type, ...ever })).size).toBe(0);
    });

    it('leaves out properties that have no column yet, until they have one', async () => {
      const added = patchTagType(catalog, 'page_view', { properties: [{ name: 'page', valueType: 'string' }] });
      if (!added.ok) throw new Error(JSON.stringify(added.errors));
      const type = added.value.type('page_view');
      if (type === undefined) throw new Error('page_view');
      const [page] = type.properties;
      const read = async (): Promise<readonly unknown[]> =>
        [...((await rows.rows(guids(1), { type, ...ever })).get(1 as Guid) ?? [])].map(({ properties }) => [
          ...properties,
        ]);
      expect(await read()).toEqual([[]]);
      await pool.run(`ALTER TABLE \`${tableOf(type)}\` ADD COLUMN \`page\` VARCHAR(100) NULL`);
      await pool.write(`UPDATE \`${tableOf(type)}\` SET \`page\` = 'home' WHERE \`sys_guid\` = 1`);
      expect(await read()).toEqual([[[page?.id, 'home']]]);
    });

    it('sums up rows by event type, also beside one that has no table yet', async () => {
      const wants = ['order_paid', 'page_view', 'not_migrated'].map((name) => ({
        type: typeOf(name),
        toMs: NOW_MS + 1,
      }));
      for (const asked of [wants, wants.slice(0, 2)]) {
        const found = await rows.totals(guids(1, 3), asked);
        expect(found.get(1 as Guid)).toEqual(
          new Map([
            [typeOf('order_paid').id, { rows: 5, lastMs: NOW_MS }],
            [typeOf('page_view').id, { rows: 1, lastMs: Date.UTC(1999, 11, 31, 23, 59, 59, 999) }],
          ]),
        );
        expect(found.get(3 as Guid)).toEqual(new Map([[typeOf('order_paid').id, { rows: 1, lastMs: NOW_MS }]]));
      }
      expect((await rows.totals(guids(1), [])).size).toBe(0);
    });
  });

  describe('lists', () => {
    const numbers: ReadonlyMap<string, number> = new Map([
      ['ann', 1],
      ['京💥', 3],
      ['far', 4_200_000],
      ['bound', 8],
    ]);
    const lookUp = async (cuids: readonly string[]): Promise<readonly number[]> =>
      cuids.map((cuid) => numbers.get(cuid) ?? 0);
    const engine = (): StarrocksEngine => new StarrocksEngine({ pool, nowMs: clock });
    const open = (): StarrocksLists => new StarrocksLists(pool, engine(), lookUp, clock, 5_000);
    const stored = async (id: string): Promise<number> =>
      (await pool.rows(`SELECT \`sys_seg\` FROM \`sys_lists\` WHERE \`sys_list\` = '${id}'`)).length;

    it('keeps the known users of a list, counts the others, and makes a new data version', async () => {
      const lists = open();
      const before = await new StarrocksCheck(
        pool,
        () => catalog,
        () => 0,
      ).dataVersion();
      const made = await lists.create("o'hara 💥", cuidsOf('ann', 'nobody', 'far', '京💥', 'ann', 'bound', 'nobody'));
      expect(made).toMatchObject({ matched: 3, unknown: 3, list: { name: "o'hara 💥", count: 3 } });
      const { id } = made.list;
      expect(await lists.list(id)).toEqual(made.list);
      expect(
        await new StarrocksCheck(
          pool,
          () => catalog,
          () => 0,
        ).dataVersion(),
      ).toBe(Number(before) + 1);
      const rows = new StarrocksUserRows(pool, clock);
      expect(await rows.inLists(guids(1, 2, 3, 4_200_000), [id, 'list_none'])).toEqual(
        new Map([
          [id, new Set([1, 3, 4_200_000])],
          ['list_none', new Set()],
        ]),
      );
      expect(await open().has(id)).toBe(true);
      expect([await lists.has("x' OR '1' = '1"), await lists.list("x' OR '1'"), await lists.remove('list_0')]).toEqual([
        false,
        undefined,
        false,
      ]);
    });

    it('keeps an empty list, and shows lists by age', async () => {
      const lists = open();
      nowMs += 1_000;
      const empty = await lists.create('empty', cuidsOf());
      expect(empty).toMatchObject({ matched: 0, unknown: 0, list: { count: 0 } });
      const shown = await lists.lists();
      expect(shown.map(({ name }) => name)).toEqual(["o'hara 💥", 'empty']);
    });

    it('no longer counts users who were erased', async () => {
      const lists = open();
      const { list } = await lists.create('two', cuidsOf('ann', 'far'));
      await pool.write('DELETE FROM `sys_users` WHERE `sys_guid` = 4200000');
      expect((await lists.list(list.id))?.count).toBe(1);
      await pool.write("INSERT INTO `sys_users` (`sys_guid`, `sys_cuid`) VALUES (4200000, 'far')");
    });

    it('removes a list at once, and its users when nobody can be reading them any more', async () => {
      const lists = open();
      const { list } = await lists.create('gone', cuidsOf('ann'));
      const { list: kept } = await lists.create('kept', cuidsOf('ann'));
      expect(await lists.remove(list.id)).toBe(true);
      expect([await lists.has(list.id), await lists.remove(list.id), await lists.list(list.id)]).toEqual([
        false,
        false,
        undefined,
      ]);
      await lists.sweep();
      await lists.sweep();
      expect(await stored(list.id)).toBe(1);
      nowMs += 25 * 3_600_000;
      await lists.sweep();
      expect(await stored(list.id)).toBe(1);
      await lists.sweep();
      expect([await stored(list.id), await stored(kept.id)]).toEqual([0, 1]);
    });
  });

  it('counts what is stored of tags and events', async () => {
    const statistics = new StarrocksStatistics(pool, clock);
    const names = ['seen', 'city', 'level', 'interests', 'coupon', 'won', 'nothing'];
    const found = await statistics.tagStatistics(names.map(tagOf));
    expect(Object.fromEntries(found.map((each, place) => [names[place], each]))).toEqual({
      city: { coverage: 3, distinct: 2, lastWriteMs: NOW_MS - 5, bytes: null },
      level: { coverage: 2, distinct: 2, lastWriteMs: NOW_MS, bytes: null },
      interests: { coverage: 2, distinct: 2, lastWriteMs: NOW_MS, bytes: null },
      coupon: { coverage: 2, distinct: 1, lastWriteMs: NOW_MS + 1, bytes: null },
      won: { coverage: 1, distinct: 1, lastWriteMs: null, bytes: null },
      seen: { coverage: 1, distinct: 3, lastWriteMs: null, bytes: null },
      nothing: { coverage: 0, distinct: 0, lastWriteMs: null, bytes: null },
    });
    const added = patchTagType(catalog, 'customer', { tags: [{ name: 'newest', valueType: 'int' }] });
    const newest = added.ok ? added.value.tag('newest') : undefined;
    if (newest === undefined) throw new Error('newest');
    expect((await statistics.tagStatistics([newest, tagOf('city')])).map(({ coverage }) => coverage)).toEqual([0, 3]);
    expect(await statistics.eventRows(typeOf('order_paid'))).toEqual({ rows: 8, lastMs: NOW_MS + 1, bytes: null });
    expect(await statistics.eventRows(typeOf('not_migrated'))).toEqual({ rows: 0, lastMs: null, bytes: null });
    const holds = await Promise.all(
      catalog.types.map(async (type) => [type.name, await statistics.hasData(type)] as const),
    );
    expect(Object.fromEntries(holds)).toEqual({
      ...{ customer: true, campaigns: true, order_paid: true, page_view: true },
      ...{ not_migrated: false, no_table: false },
    });
  });

  it('finds what does not agree', async () => {
    const check = new StarrocksCheck(
      pool,
      () => catalog,
      () => 0,
    );
    expect(await check.findings()).toEqual([]);
    expect([await check.users(), await check.eventRows()]).toEqual([4, 10]);
    await pool.write("INSERT INTO `sys_users` (`sys_guid`, `sys_cuid`) VALUES (5, 'ann')");
    await pool.write('DELETE FROM `sys_users` WHERE `sys_guid` = 2');
    await pool.write(
      "INSERT INTO `sys_positions` (`sys_source`, `sys_begun`, `sys_next`) VALUES ('tags.customer/1', 5, 4)",
    );
    const findings = await check.findings();
    expect(findings.join('\n')).toMatch(/"ann" has 2 guids, 1 and 5/);
    expect(findings.filter((finding) => finding.includes('guids that nobody has'))).toHaveLength(3);
    expect(await check.dataVersion()).toBeNull();
  });
});
