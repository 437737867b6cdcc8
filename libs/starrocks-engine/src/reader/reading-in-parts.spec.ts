import type { Guid, TagTypeDefinition } from '@tessera/tag-catalog';
import { describeWithStarrocks } from '../../../../test/support/starrocks-standin/with-starrocks';
import { onceMade } from '../connection/not-made-yet';
import type { StarrocksPool } from '../connection/starrocks-pool';
import { createTableSql } from '../schema/create-table-sql';
import { tableOf } from '../schema/names';
import { schemaDefaults, tablesOf } from '../schema/tables-of';
import type { SchemaOptions } from '../schema/tables-of';
import { catalogOf, makeTables, poolAt } from '../writer/testing/writer-at-work';
import { StarrocksCheck } from './starrocks-check';
import { StarrocksStatistics } from './starrocks-statistics';
import { StarrocksUserRows } from './starrocks-user-rows';

const SUITE_MS_MAX = 120_000;
const NOW_MS = Date.now();
/** Types before it keep its id from that of the wide one. */
const CATALOG = catalogOf([
  { name: 'first', kind: 'profile', tags: [{ name: 'other', valueType: 'int' }] },
  { name: 'customer', kind: 'profile', tags: [{ name: 'city', valueType: 'string' }] },
  {
    name: 'order_paid',
    kind: 'event',
    properties: [
      { name: 'note', valueType: 'string' },
      { name: 'items', valueType: 'set' },
    ],
  },
  { name: 'page_view', kind: 'event', properties: [{ name: 'page', valueType: 'string' }] },
]);

function typeOf(name: string): TagTypeDefinition {
  const type = CATALOG.type(name);
  if (type === undefined) throw new Error(name);
  return type;
}

const guids = (...numbers: readonly number[]): readonly Guid[] => numbers.map((number) => number as Guid);
const at = (ms: number): string => `'${new Date(ms).toISOString().replace('T', ' ').replace('Z', '')}'`;
const clock = (): number => NOW_MS;
const items = typeOf('order_paid').properties.find(({ name }) => name === 'items')?.id ?? 0;

describeWithStarrocks('How StarRocks is asked beside questions', (starrocks) => {
  let pool: StarrocksPool;
  const options = (): SchemaOptions => ({
    ...schemaDefaults(starrocks().database),
    ...{ replication: 1, buckets: 1, bitmapBuckets: 1 },
  });

  beforeAll(async () => {
    pool = poolAt(starrocks().mysqlUrl, 30_000);
    await makeTables(pool, CATALOG);
  }, SUITE_MS_MAX);
  afterAll(() => pool.close());

  it('never shows an event without the elements of its set, whatever comes or goes between two looks', async () => {
    const type = typeOf('order_paid');
    const table = tableOf(type);
    const want = { type, fromMs: null, toMs: NOW_MS + 1_000, newest: null };
    const changedBehindTheFirst = (change: string): StarrocksUserRows => {
      let looks = 0;
      return new StarrocksUserRows(
        {
          rows: async (statement) => {
            const found = await pool.rows(statement);
            if (!statement.includes('information_schema') && looks++ === 0) await pool.write(change);
            return found;
          },
        },
        clock,
      );
    };
    const itemsOf = async (reader: StarrocksUserRows): Promise<readonly unknown[]> =>
      ((await reader.rows(guids(3), want)).get(3 as Guid) ?? []).map(({ properties }) => properties.get(items));
    const before = [['a, "c"', '京'], []];
    await pool.write(
      `INSERT INTO \`${table}\` (\`sys_guid\`, \`sys_t\`, \`sys_row\`, \`items\`) VALUES (3, ${at(NOW_MS)}, 1, ['京', 'a, "c"']), (3, ${at(NOW_MS + 1)}, 2, [])`,
    );
    const rows = new StarrocksUserRows(pool, clock);
    const insert = `INSERT INTO \`${table}\` (\`sys_guid\`, \`sys_t\`, \`sys_row\`, \`items\`) VALUES (3, ${at(NOW_MS + 2)}, 10, ['x'])`;
    expect(await itemsOf(changedBehindTheFirst(insert))).toEqual(before);
    expect(await itemsOf(rows)).toEqual([...before, ['x']]);
    expect(await itemsOf(changedBehindTheFirst(`DELETE FROM \`${table}\` WHERE \`sys_row\` = 10`))).toEqual(before);
  });

  it('counts many tags in statements of a size that StarRocks can hold', async () => {
    const tags = Array.from({ length: 45 }, (_, place) => ({ name: `t${place}`, valueType: 'int' }));
    const wider = catalogOf([{ name: 'wide', kind: 'profile', tags }]);
    const wide = wider.type('wide');
    if (wide === undefined) throw new Error('wide');
    const table = tablesOf(wider, options(), { nowMs: NOW_MS, nextGuid: 10 }).find(
      ({ name }) => name === tableOf(wide),
    );
    if (table === undefined) throw new Error('no table');
    await pool.run(createTableSql(table));
    await pool.write(`INSERT INTO \`${tableOf(wide)}\` (\`sys_guid\`, \`t0\`, \`t44\`) VALUES (1, 7, 8), (2, 7, 9)`);
    const asked: string[] = [];
    const rows: typeof pool.rows = (statement) => {
      if (statement.includes('DISTINCT')) asked.push(statement);
      return pool.rows(statement);
    };
    const found = await new StarrocksStatistics({ rows }, clock).tagStatistics(wide.tags);
    expect([found[0], found[44], found[20]]).toMatchObject([
      { coverage: 2, distinct: 1 },
      { coverage: 2, distinct: 2 },
      { coverage: 0, distinct: 0 },
    ]);
    expect(asked.map((statement) => statement.split('count(DISTINCT').length - 1)).toEqual([20, 20, 5]);
  });

  it('compares one table after the other', async () => {
    let [underWay, most] = [0, 0];
    const rows: typeof pool.rows = async (statement) => {
      most = Math.max(most, ++underWay);
      try {
        return await pool.rows(statement);
      } finally {
        underWay -= 1;
      }
    };
    const check = new StarrocksCheck({ rows }, () => CATALOG);
    await check.findings();
    await check.eventRows();
    expect(most).toBe(1);
  });

  it('says that it is worth another try when a column or table is not made yet', async () => {
    for (const [table, column] of [
      [tableOf(typeOf('customer')), 'just_declared'],
      ['profile_99_just_declared', 'city'],
    ]) {
      const asked = onceMade(() => pool.rows(`SELECT \`${column}\` FROM \`${table}\``));
      await expect(asked).rejects.toMatchObject({
        name: 'StoreUnavailableError',
        retriable: true,
        message: expect.stringMatching(
          /not made in StarRocks yet.*just_declared.*npm run migrate -- --dry-run/,
        ) as unknown,
      });
    }
    await expect(onceMade(() => pool.rows('SELECT'))).rejects.toMatchObject({ kind: 'refused', retriable: false });
  });
});
