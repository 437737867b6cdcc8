import { MysqlCatalogStore } from '@tessera/catalog-store';
import { StarrocksPool } from '@tessera/starrocks-engine';
import { declareTagType, patchTagType, removeTagType } from '@tessera/tag-catalog';
import type { Catalog, Parsed } from '@tessera/tag-catalog';
import { emptyDatabase } from '../support/services/empty-database';
import { MariaDbServer } from '../support/services/mariadb-server';
import { describeWithServer } from '../support/services/with-server';
import { SourceProcess } from '../support/source-process';
import type { Ended } from '../support/source-process';
import { release, starrocksAtHand } from '../support/starrocks-standin/with-starrocks';
import type { StarrocksAtHand } from '../support/starrocks-standin/with-starrocks';

const PROGRAM = 'apps/ingest-worker/src/cli/migrate.ts';
const TEST_MS_MAX = 120_000;

describeWithServer('npm run migrate', MariaDbServer, (server) => {
  let starrocks: StarrocksAtHand;
  let pool: StarrocksPool;
  let database: string;

  beforeAll(async () => {
    starrocks = await starrocksAtHand();
  }, TEST_MS_MAX);

  afterAll(async () => {
    await release(starrocks);
  }, TEST_MS_MAX);

  beforeEach(async () => {
    await emptyDatabase(server().url);
    database = `${starrocks.database}_migrated`;
    pool = new StarrocksPool({ urls: [starrocks.mysqlUrl], database: null });
  });

  afterEach(async () => {
    await pool.run(`DROP DATABASE IF EXISTS \`${database}\` FORCE`);
    await pool.close();
  });

  function start(...argv: string[]): SourceProcess {
    const starrocksUrl = new URL(starrocks.mysqlUrl);
    starrocksUrl.pathname = '';
    const environment = {
      MYSQL_URL: server().url,
      STARROCKS_URL: starrocksUrl.href,
      STARROCKS_DATABASE: database,
      STARROCKS_REPLICATION: '1',
      STARROCKS_BUCKETS: '1',
      STARROCKS_EVENT_DAYS: '1',
    };
    return SourceProcess.start(PROGRAM, { argv, environment });
  }

  function run(...argv: string[]): Promise<Ended> {
    return start(...argv).ended();
  }

  async function change(with_: (catalog: Catalog) => Catalog): Promise<void> {
    const store = await MysqlCatalogStore.open(server().url);
    await store.update(with_);
    await store.close();
  }

  function declare(name: string, tag: string): (catalog: Catalog) => Catalog {
    const json = { name, kind: 'profile', tags: [{ name: tag, valueType: 'int' }] };
    return (catalog) => valueOf(declareTagType(catalog, json));
  }

  async function columns(table: string): Promise<unknown[]> {
    const rows = await pool.rows(
      `SELECT COLUMN_NAME FROM information_schema.columns WHERE TABLE_SCHEMA = '${database}' AND TABLE_NAME = '${table}' ORDER BY ORDINAL_POSITION`,
    );
    return rows.map((row) => row['COLUMN_NAME']);
  }

  it(
    'prints a script that makes the tables, and changes nothing meanwhile',
    async () => {
      await change(declare('customer', 'level'));
      const { code, output } = await run('--dry-run');
      expect(code).toBe(0);
      expect(output).toContain(
        '-- create table profile_1_customer: there is none yet: tags of the profile type customer',
      );
      expect(await columns('profile_1_customer')).toEqual([]);
      const scripted = new StarrocksPool({ urls: [starrocks.mysqlUrl], database: null, concurrency: 1 });
      // As a client would run it: comments stay in.
      const statements = output.split(/;\n\n?/).filter((text) => text.trim() !== '');
      await scripted.use(async (session) => {
        for (const statement of statements) await session.run(statement);
      });
      await scripted.close();
      expect(await columns('profile_1_customer')).toEqual(['sys_guid', 'sys_version', 'level', 'sys_t_level']);
      expect(await run('--dry-run')).toEqual({
        code: 0,
        output: `-- nothing to do: the tables of ${database} are as version 1 of the catalogue asks for\n`,
      });
    },
    TEST_MS_MAX,
  );

  it(
    'makes the database and the tables, and later what they lack, wherever it was killed',
    async () => {
      await change(declare('customer', 'level'));
      const first = await run();
      expect(first.output).toContain(`create database ${database}\n`);
      expect(first.output).toContain('8 statements done');
      expect(first.code).toBe(0);
      await change((catalog) =>
        valueOf(patchTagType(catalog, 'customer', { tags: [{ name: 'age', valueType: 'int' }] })),
      );
      if (starrocks.standIn !== null) starrocks.standIn.schemaChangeMs = 1_000;
      const killed = start();
      await killed.printed(/add columns profile_1_customer/);
      await killed.end('SIGKILL');
      const again = await run();
      expect(again.code).toBe(0);
      expect(await columns('profile_1_customer')).toEqual([
        ...['sys_guid', 'sys_version', 'level', 'sys_t_level', 'age', 'sys_t_age'],
      ]);
      if (starrocks.standIn !== null) starrocks.standIn.schemaChangeMs = 0;
    },
    TEST_MS_MAX,
  );

  it(
    'leaves the tables of removed types until it is told to drop them',
    async () => {
      await change(declare('customer', 'level'));
      await run();
      await change((catalog) => declare('customer', 'level')(removeTagType(catalog, 'customer')));
      const kept = await run();
      expect(kept.output).toContain(
        'the table profile_1_customer belongs to a removed tag type; --drop-removed drops it',
      );
      expect(await columns('profile_1_customer')).toHaveLength(4);
      expect(await columns('profile_2_customer')).toHaveLength(4);
      expect((await run('--dry-run', '--drop-removed')).output).toContain('DROP TABLE IF EXISTS `profile_1_customer`;');
      expect((await run('--drop-removed')).code).toBe(0);
      expect(await columns('profile_1_customer')).toEqual([]);
    },
    TEST_MS_MAX,
  );

  it(
    'says what can not be changed and ends with 1, with 2 for wrong settings',
    async () => {
      await run();
      const refused = await run('--starrocks-buckets', '7');
      expect(refused.output).toContain('but the table sys_users has 1 buckets, to have 7; set STARROCKS_BUCKETS');
      expect(refused.code).toBe(1);
      const longer = await run('--starrocks-database', 'No Name', '--starrocks-event-days', '-1');
      expect(longer.output).toContain('--starrocks-database "No Name" is not a name');
      expect(longer.output).toContain('--starrocks-event-days "-1" is not a whole number');
      expect(longer.code).toBe(2);
      const environment = { STARROCKS_URL: 'mysql://root:secret@127.0.0.1:1/db' };
      const path = await SourceProcess.run(PROGRAM, { environment });
      expect(path).toEqual({
        code: 2,
        output: 'STARROCKS_URL names a database; leave that out and set STARROCKS_DATABASE\n',
      });
      const help = await run('--help');
      expect(help.output).toContain('--dry-run');
      expect(help.output).toContain('STARROCKS_MIGRATION_URL');
      expect(help.code).toBe(0);
    },
    TEST_MS_MAX,
  );

  it(
    'says of a StarRocks that is too old that it is, before anything is made there',
    async () => {
      const { standIn } = starrocks;
      // A real cluster is not too old for its tests.
      if (standIn === null) return;
      await change(declare('customer', 'level'));
      standIn.starrocksVersion = '3.2.16';
      const problem = 'this is StarRocks 3.2.16 standin; Tessera needs 3.3.1 or newer: upgrade it';
      const dry = await run('--dry-run');
      expect(dry).toMatchObject({ code: 1, output: expect.stringContaining(`-- not possible: ${problem}\n`) });
      expect(dry.output).toContain('-- create table profile_1_customer');
      expect(await run()).toMatchObject({ code: 1, output: expect.stringContaining(problem) });
      await expect(pool.run(`USE \`${database}\``)).rejects.toThrow('Unknown database');
      standIn.starrocksVersion = '3.3.1';
      expect((await run('--dry-run')).code).toBe(0);
      expect((await run()).code).toBe(0);
    },
    TEST_MS_MAX,
  );

  it(
    'says that StarRocks can not be reached, without the password',
    async () => {
      const environment = { MYSQL_URL: server().url, STARROCKS_URL: 'mysql://root:hunter2@127.0.0.1:1' };
      const { code, output } = await SourceProcess.run(PROGRAM, { environment });
      expect(code).toBe(1);
      expect(output).toContain('no frontend of StarRocks answers (127.0.0.1:1:');
      expect(output).not.toContain('hunter2');
    },
    TEST_MS_MAX,
  );
});

function valueOf<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new Error(JSON.stringify(parsed.errors));
}
