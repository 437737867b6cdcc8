import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../test/support/until';
import { emptyDatabase } from '../../../test/support/services/empty-database';
import { MariaDbServer } from '../../../test/support/services/mariadb-server';
import { describeWithServer } from '../../../test/support/services/with-server';
import { MysqlDatabase } from './index';
import type { MysqlOptions } from './index';

const NOTES = 'CREATE TABLE IF NOT EXISTS note (id INT NOT NULL PRIMARY KEY, n INT NOT NULL) ENGINE=InnoDB';

describeWithServer('MysqlDatabase', MariaDbServer, (server) => {
  let opened: MysqlDatabase[];

  beforeEach(async () => {
    await server().start();
    await emptyDatabase(server().url);
    opened = [];
  });

  afterEach(async () => {
    await Promise.all(opened.map((one) => one.close()));
  });

  async function open(options: MysqlOptions = {}): Promise<MysqlDatabase> {
    const made = await MysqlDatabase.open(server().url, options);
    opened.push(made);
    return made;
  }

  const migrations = [
    { name: 'notes', statements: [NOTES, 'INSERT INTO note (id, n) VALUES (1, 0)'] },
    { name: 'counted', statements: ['UPDATE note SET n = n + 1'] },
  ];

  it('makes the tables once, however many begin at the same time', async () => {
    const databases = await Promise.all(Array.from({ length: 12 }, () => open({ migrations })));
    const counts = await Promise.all(databases.map((one) => one.use((session) => session.rows('SELECT n FROM note'))));
    expect(counts).toEqual(databases.map(() => [{ n: 1 }]));
    const versions = await databases[0]?.use((session) => session.rows('SELECT version, name FROM schema_version'));
    expect(versions).toEqual([
      { version: 1, name: 'notes' },
      { version: 2, name: 'counted' },
    ]);
  });

  it('goes on from the version that is there', async () => {
    await (await open({ migrations: migrations.slice(0, 1) })).use(async () => undefined);
    const later = await open({ migrations });
    expect(await later.use((session) => session.rows('SELECT n FROM note'))).toEqual([{ n: 1 }]);
  });

  it('goes on behind the step that failed, once it can be done', async () => {
    const broken = [...migrations, { name: 'broken', statements: ['UPDATE nothing SET n = 1'] }];
    const database = await open({ migrations: broken });
    await expect(database.use(async () => undefined)).rejects.toThrow('nothing');
    const other = await open({ migrations });
    expect(await other.use((session) => session.rows('SELECT n FROM note'))).toEqual([{ n: 1 }]);
    await other.use((session) => session.run('CREATE TABLE nothing (n INT)'));
    expect(await database.use((session) => session.rows('SELECT n FROM note'))).toEqual([{ n: 1 }]);
  });

  it('refuses tables that a newer release has made', async () => {
    await (await open({ migrations })).use(async () => undefined);
    const older = await open({ migrations: migrations.slice(0, 1) });
    await expect(older.use(async () => undefined)).rejects.toThrow(/version 2, this release knows up to 1/);
  });

  it('undoes a transaction that throws, and all of it', async () => {
    const database = await open({ migrations });
    const failing = database.transaction(async (session) => {
      await session.run('UPDATE note SET n = 7');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await database.use((session) => session.rows('SELECT n FROM note'))).toEqual([{ n: 1 }]);
    await database.transaction((session) => session.run('UPDATE note SET n = ?', [8]));
    expect(await database.use((session) => session.rows('SELECT n FROM note'))).toEqual([{ n: 8 }]);
  });

  it('says when one of two transactions that wait for each other was undone', async () => {
    const database = await open({ migrations });
    await database.use((session) => session.run('INSERT INTO note (id, n) VALUES (2, 0)'));
    let held = 0;
    const both = await Promise.all(
      [
        [1, 2],
        [2, 1],
      ].map((order) =>
        database.transaction(async (session) => {
          for (const id of order) {
            await session.run('UPDATE note SET n = n + 10 WHERE id = ?', [id]);
            held += 1;
            await until(() => held >= 2);
          }
          return 'done';
        }),
      ),
    );
    expect(both.sort()).toEqual(['conflict', 'done']);
  });

  it('gives up what takes too long, and lets go of what it held', async () => {
    const database = await open({ migrations, timeoutMs: 500 });
    const stuck = database.transaction(async (session) => {
      await session.run('UPDATE note SET n = 9');
      await sleep(3_000);
    });
    await expect(stuck).rejects.toThrow('no answer within 0.5 s');
    await database.use((session) => session.run('UPDATE note SET n = n + 1'));
    expect(await database.use((session) => session.rows('SELECT n FROM note'))).toEqual([{ n: 2 }]);
  });
});
