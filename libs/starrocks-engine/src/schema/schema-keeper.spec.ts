import { describeWithStarrocks } from '../../../../test/support/starrocks-standin/with-starrocks';
import {
  applyMigration,
  keptFromMs,
  planMigration,
  readSchema,
  schemaDefaults,
  SchemaKeeper,
  StarrocksPool,
  tablesOf,
} from '../index';
import type { SchemaOptions, StarrocksSession } from '../index';
import { sampleCatalog, withFields } from './testing/sample-catalog';

const DAY_MS = 86_400_000;

describeWithStarrocks('Migrations on StarRocks', (starrocks) => {
  let pool: StarrocksPool;
  let database: string;
  let options: SchemaOptions;
  let made = 0;

  beforeEach(async () => {
    const { mysqlUrl } = starrocks();
    database = `${starrocks().database}_${made++}`;
    const server = new StarrocksPool({ urls: [mysqlUrl], database: null });
    await server.run(`CREATE DATABASE \`${database}\``);
    await server.close();
    pool = new StarrocksPool({ urls: [mysqlUrl], database, concurrency: 8 });
    options = {
      ...schemaDefaults(database),
      replication: 1,
      buckets: 1,
      bitmapBuckets: 1,
      eventDays: { back: 2, ahead: 2 },
    };
  });

  afterEach(async () => {
    await pool.run(`DROP DATABASE \`${database}\` FORCE`);
    await pool.close();
  });

  interface Moment {
    readonly catalog?: ReturnType<typeof sampleCatalog>;
    readonly nowMs?: number;
    readonly nextGuid?: number;
  }

  function target({ catalog = sampleCatalog(), nowMs = Date.now(), nextGuid = 1 }: Moment = {}) {
    return { database, wanted: tablesOf(catalog, options, { nowMs, nextGuid }), nowMs };
  }

  function apply(moment: Moment = {}) {
    return pool.use((session) => applyMigration(session, target(moment), { pollMs: 10 }));
  }

  async function missing(moment: Moment = {}): Promise<unknown> {
    return planMigration(await pool.use((session) => readSchema(session, database)), target(moment).wanted);
  }

  const NOTHING = { steps: [], refusals: [] };

  it('makes every table, and finds nothing to do then', async () => {
    const { done, problems } = await apply();
    expect([done, problems]).toEqual([target().wanted.length, []]);
    expect(await missing()).toEqual(NOTHING);
    expect((await apply()).done).toBe(0);
  });

  it('adds columns, days and guids to tables with rows, which stay', async () => {
    await apply();
    await pool.write("INSERT INTO `profile_1_customer` (`sys_guid`, `city`) VALUES (7, 'a😀')");
    const catalog = withFields(sampleCatalog(), 'customer', [
      { name: 'age', valueType: 'int' },
      { name: 'likes', valueType: 'set' },
    ]);
    const later = { catalog, nextGuid: 120_000_000, nowMs: Date.now() + 3 * DAY_MS };
    await apply(later);
    expect(await missing(later)).toEqual(NOTHING);
    await pool.write(
      "INSERT INTO `profile_1_customer` (`sys_guid`, `age`, `likes`) VALUES (7, 30, ['x']), (119999999, 1, [])",
    );
    const rows = await pool.rows(
      'SELECT `sys_guid`, `city`, `age`, `sys_t_age` FROM `profile_1_customer` ORDER BY `sys_guid`',
    );
    expect(rows).toEqual([
      { sys_guid: '7', city: 'a😀', age: '30', sys_t_age: null },
      { sys_guid: '119999999', city: null, age: '1', sys_t_age: null },
    ]);
  });

  it('drops days past retention, if it is sure of the time', async () => {
    await apply({ nowMs: Date.now() - 60 * DAY_MS });
    const oldest = async (): Promise<number> => {
      const schema = await pool.use((session) => readSchema(session, database));
      const ends = schema.get('event_4_page_seen')?.partitions.map(({ range }) => range?.to ?? 0) ?? [];
      return Math.min(...ends);
    };
    const before = await oldest();
    const doubtful = await apply({ nowMs: Date.now() + DAY_MS });
    expect(doubtful.problems).toEqual([
      expect.stringContaining('partitions past retention are not dropped; set the clocks'),
    ]);
    expect(await oldest()).toBe(before);
    expect((await apply()).problems).toEqual([]);
    expect(await oldest()).toBeGreaterThan(keptFromMs(30, Date.now()) - DAY_MS);
    expect(before).toBeLessThan(keptFromMs(30, Date.now()));
    expect(await missing()).toEqual(NOTHING);
  });

  it('is gone on with wherever it was killed', async () => {
    const catalog = withFields(sampleCatalog(), 'order_paid', [{ name: 'more', valueType: 'decimal' }]);
    const moment = { catalog, nowMs: Date.now(), nextGuid: 70_000_000 };
    let killed = 0;
    for (let left = 0; ; left += 3) {
      const dying = pool.use((session) => applyMigration(mortal(session, left), target(moment), { pollMs: 10 }));
      const isDead = await dying.then(
        () => false,
        (error: unknown) => String(error) === 'Error: killed',
      );
      if (!isDead) break;
      killed++;
    }
    expect(killed).toBeGreaterThan(1);
    expect(await missing(moment)).toEqual(NOTHING);
  });

  it('waits for changes that go on in the background, whoever began them', async () => {
    const { standIn } = starrocks();
    await apply();
    if (standIn !== null) standIn.schemaChangeMs = 200;
    try {
      const catalogs = ['age', 'height'].map((name) =>
        withFields(sampleCatalog(), 'customer', [{ name, valueType: 'int' }]),
      );
      const both = withFields(catalogs[0] ?? sampleCatalog(), 'customer', [{ name: 'height', valueType: 'int' }]);
      const said: string[] = [];
      await Promise.all(
        [...catalogs, both].map((catalog) =>
          pool.use((session) =>
            applyMigration(session, target({ catalog }), { pollMs: 10, say: (line) => said.push(line) }),
          ),
        ),
      );
      expect(await missing({ catalog: both })).toEqual(NOTHING);
      expect(said).toContainEqual(expect.stringContaining('waiting for the change of profile_1_customer'));
    } finally {
      if (standIn !== null) standIn.schemaChangeMs = 0;
    }
  });

  it('is done by several at once, with different clocks and catalogues', async () => {
    const bases = [sampleCatalog(), withFields(sampleCatalog(), 'customer', [{ name: 'age', valueType: 'int' }])];
    const moments = Array.from({ length: 8 }, (_, index) => ({
      catalog: bases[index % 2] ?? sampleCatalog(),
      nowMs: Date.now() + (index % 3) * DAY_MS,
      nextGuid: index % 2 === 0 ? 49_000_000 : 51_000_000,
    }));
    await Promise.all(moments.map(apply));
    const schema = await pool.use((session) => readSchema(session, database));
    for (const moment of moments) {
      const { steps, refusals } = planMigration(schema, target(moment).wanted);
      // With a clock that is a day ahead nothing is dropped.
      expect(steps.filter(({ kind }) => kind !== 'drop partition')).toEqual([]);
      expect(refusals).toEqual([]);
    }
  });

  it('keeps places ready for a writer', async () => {
    let catalog = sampleCatalog();
    let nextGuid = 1;
    const said: string[] = [];
    const keeper = new SchemaKeeper({
      pool,
      database,
      schema: options,
      catalog: () => catalog,
      nextGuid: () => (nextGuid > 0 ? Promise.resolve(nextGuid) : Promise.reject(new Error('MySQL is away'))),
      say: (line) => said.push(line),
    });
    expect(keeper.state()).toEqual({ ok: false, detail: 'the tables in StarRocks have not been looked at yet' });
    const tables = ['profile_1_customer'];
    await Promise.all([1, 2, 3].map((guid) => keeper.ensure({ catalogVersion: catalog.version, guid, tables })));
    expect(keeper.state()).toEqual({ ok: true });
    const lines = said.length;
    await keeper.ensure({ catalogVersion: catalog.version, guid: 99, tables });
    expect(said).toHaveLength(lines);
    catalog = withFields(catalog, 'customer', [{ name: 'age', valueType: 'int' }]);
    nextGuid = 0;
    await keeper.ensure({ catalogVersion: catalog.version, guid: 300_000_000, tables });
    expect(said.slice(lines)[0]).toContain('2 columns are missing: age, sys_t_age');
    await pool.write('INSERT INTO `profile_1_customer` (`sys_guid`, `age`) VALUES (300000000, 1)');
    await expect(keeper.ensure({ catalogVersion: catalog.version + 1, guid: 1, tables })).rejects.toMatchObject({
      retriable: true,
    });
  });

  it('says what can not be changed, for the tables that it is about', async () => {
    await apply();
    const keeper = new SchemaKeeper({
      pool,
      database,
      schema: { ...options, profileModel: 'aggregate' },
      catalog: sampleCatalog,
      nextGuid: () => Promise.resolve(1),
    });
    const need = { catalogVersion: sampleCatalog().version, guid: 1 };
    await keeper.ensure({ ...need, tables: ['kv_2_scores'] });
    await expect(keeper.ensure({ ...need, tables: ['profile_1_customer'] })).rejects.toMatchObject({
      retriable: false,
      message: expect.stringContaining('is a table with PRIMARY KEY') as unknown,
    });
    expect(keeper.state()).toMatchObject({ ok: false });
  });
});

/** A session that dies after so many changes, each before or behind the statement. */
function mortal(session: StarrocksSession, left: number): StarrocksSession {
  let rest = left;
  return {
    rows: (statement, options) => session.rows(statement, options),
    stream: (statement, options) => session.stream(statement, options),
    write: (statement, options) => session.write(statement, options),
    run: async (statement, options) => {
      if (--rest === -1) throw new Error('killed');
      await session.run(statement, options);
      if (--rest === -1) throw new Error('killed');
    },
  };
}
