import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Connection, FieldPacket } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { connect, errorOf, rowsOf, valueOf, write } from './client';
import { TOO_MANY_VERSIONS } from './faults';
import { StarrocksStandIn } from './standin';
import { StarrocksStandInServer } from './standin-server';
import { putLoad } from './stream-load/put-load';

const TABLE =
  'CREATE TABLE t (k INT NOT NULL, v VARCHAR(1048576) NULL) PRIMARY KEY (k) DISTRIBUTED BY HASH(k) BUCKETS 1';

describe('The MySQL protocol of the stand-in for StarRocks', () => {
  let standIn: StarrocksStandIn;
  let connection: Connection;

  beforeAll(async () => {
    standIn = await StarrocksStandIn.start({ users: { reader: "p'w" } });
    connection = await connect(standIn.mysqlUrl);
    await write(connection, 'CREATE DATABASE d');
    await write(connection, 'USE d');
    await write(connection, TABLE);
  });

  afterEach(() => {
    standIn.faults.clear();
  });

  afterAll(async () => {
    await connection.end();
    await standIn.close();
  });

  it('says what it is', async () => {
    expect(await valueOf(connection, 'version()')).toMatch(/standin/);
    expect(await valueOf(connection, '@@version_comment')).toMatch(/stand-in/);
    expect(await valueOf(connection, 'connection_id()')).toBe(String(connection.threadId));
  });

  it('labels columns as StarRocks does', async () => {
    const [rows, fields] = await connection.query(
      `SELECT true b, 1 t, CAST(1 AS SMALLINT) s, CAST(1 AS INT) i, CAST(1 AS BIGINT) g, CAST(1 AS LARGEINT) l, 1.50 d, 1e0 f, 'x' v,
         CAST('2024-01-02' AS DATE) a, CAST('2024-01-02 03:04:05.006' AS DATETIME) m, [1, NULL] r, ['a"', 'b'] q, bitmap_to_binary(to_bitmap(1)) y, NULL n`,
    );
    const codes = fields.map(
      ({ columnType, characterSet }: FieldPacket & { columnType?: number; characterSet?: number }) => [
        columnType,
        characterSet,
      ],
    );
    expect(codes.map(([type]) => type)).toEqual([1, 1, 2, 3, 8, 254, 246, 5, 253, 10, 12, 253, 253, 252, 6]);
    expect(codes[8]).toEqual([253, 33]);
    expect((rows as unknown[][])[0]!.slice(0, 13)).toEqual([
      1,
      1,
      1,
      1,
      '1',
      '1',
      '1.50',
      1,
      'x',
      '2024-01-02',
      '2024-01-02 03:04:05.006000',
      '[1,null]',
      '["a\\"","b"]',
    ]);
  });

  it('sends all of Unicode under the label of three bytes a character, which mysql2 spoils unless it is told', async () => {
    await write(connection, "INSERT INTO t VALUES (1, 'a😀𠮷')");
    expect(await valueOf(connection, 'SELECT v FROM t WHERE k = 1')).toBe('a😀𠮷');
    const plain = await createConnection({ uri: `${standIn.mysqlUrl}/d` });
    const [rows] = await plain.query('SELECT v FROM t WHERE k = 1');
    expect((rows as { v: string }[])[0]!.v).not.toBe('a😀𠮷');
    await plain.end();
  });

  it('keeps strings of a megabyte, and takes no packet above 32 MB', async () => {
    const long = 'x'.repeat(1_048_576);
    await connection.query('INSERT INTO t VALUES (?, ?)', [2, long]);
    expect(await valueOf(connection, 'SELECT v FROM t WHERE k = 2')).toBe(long);
    expect(await errorOf(connection, `INSERT INTO t VALUES (3, '${long}x')`)).toMatch(/too long/);
    const other = await connect(`${standIn.mysqlUrl}/d`);
    expect(await valueOf(other, `SELECT length('${'y'.repeat(20_000_000)}') AS n`)).toBe(20_000_000);
    expect(await errorOf(other, `SELECT '${'y'.repeat(34_000_000)}'`)).toMatch(/^1153 /);
    await other.end();
  });

  it('runs every statement of a text, whatever the client allowed', async () => {
    const [results] = await connection.query(
      'INSERT INTO t VALUES (10, NULL); SELECT count(*) FROM t WHERE k = 10; SELECT 2;',
    );
    expect((results as unknown[][]).slice(1)).toEqual([[['1']], [[2]]]);
    expect(await errorOf(connection, 'INSERT INTO t VALUES (11, NULL); SELECT nope')).toMatch(/cannot be resolved/);
    expect(await valueOf(connection, 'SELECT count(*) FROM t WHERE k = 11')).toBe('1');
    // What can't be parsed is found before anything runs.
    expect(await errorOf(connection, 'INSERT INTO t VALUES (12, NULL); SELEC 1')).toMatch(/syntax/);
    expect(await valueOf(connection, 'SELECT count(*) FROM t WHERE k = 12')).toBe('0');
  });

  it('prepares SELECTs and nothing else', async () => {
    await write(connection, "INSERT INTO t VALUES (20, 'p')");
    const [rows] = await connection.execute(
      'SELECT k, v, CAST(NULL AS BIGINT), CAST(k AS BIGINT) FROM t WHERE k = ? AND v = ?',
      [20, 'p'],
    );
    expect(rows).toEqual([[20, 'p', null, '20']]);
    await expect(connection.execute('DELETE FROM t WHERE k = ?', [20])).rejects.toMatchObject({ errno: 1295 });
    await expect(connection.execute('SELECT 1 LIMIT ?', [1])).rejects.toMatchObject({ errno: 1064 });
  });

  it('asks for passwords', async () => {
    const url = new URL(standIn.mysqlUrl);
    const reader = await connect(`mysql://reader:${encodeURIComponent("p'w")}@${url.host}/d`);
    expect(await valueOf(reader, 'current_user()')).toBe("'reader'@'%'");
    await reader.end();
    for (const login of ['reader:no', 'reader', 'nobody', 'root:x']) {
      await expect(connect(`mysql://${login}@${url.host}`)).rejects.toMatchObject({ errno: 1045 });
    }
    await expect(connect(`${standIn.mysqlUrl}/nope`)).rejects.toMatchObject({ errno: 1049 });
  });

  it('ends statements by KILL and by their time', async () => {
    const slow =
      'SELECT count(*) FROM (SELECT a.k FROM n AS a CROSS JOIN n AS b CROSS JOIN n AS c WHERE a.k + b.k + c.k = -1) x';
    await write(connection, 'CREATE TABLE n (k INT NOT NULL) DUPLICATE KEY (k) DISTRIBUTED BY HASH(k) BUCKETS 1');
    await write(
      connection,
      `INSERT INTO n VALUES ${Array.from({ length: 8_000 }, (_, index) => `(${index})`).join(',')}`,
    );
    const victim = await connect(`${standIn.mysqlUrl}/d`);
    const running = errorOf(victim, slow);
    const isBusy = async (): Promise<boolean> =>
      (await rowsOf(connection, 'SHOW PROCESSLIST')).some(
        ([id, , , command]) => id === String(victim.threadId) && command === 'Query',
      );
    while (!(await isBusy())) await new Promise((resolve) => setTimeout(resolve, 10));
    await write(connection, `KILL QUERY ${victim.threadId}`);
    expect(await running).toMatch(/^1317 /);
    expect(await errorOf(victim, slow.replace('SELECT', 'SELECT /*+ SET_VAR(query_timeout = 1) */'))).toMatch(
      /^5024 .*timeout of 1 seconds/,
    );
    await write(victim, 'SET query_timeout = 1');
    standIn.faults.add({ at: 'statement-before', action: { kind: 'hang' }, match: 'hanging' });
    expect(await errorOf(victim, 'SELECT 1 AS hanging')).toMatch(/^5024 /);
    expect(await valueOf(victim, '5')).toBe(5);
    await write(connection, `KILL ${victim.threadId}`);
    await expect(victim.query('SELECT 1')).rejects.toThrow();
  });

  it('fails in the ways that it is told to', async () => {
    const other = await connect(`${standIn.mysqlUrl}/d`);
    standIn.faults.add({ at: 'statement-before', action: { kind: 'drop' }, match: 'VALUES \\(30' });
    await expect(other.query('INSERT INTO t VALUES (30, NULL)')).rejects.toMatchObject({
      code: 'PROTOCOL_CONNECTION_LOST',
    });
    expect(await valueOf(connection, 'SELECT count(*) FROM t WHERE k = 30')).toBe('0');
    const third = await connect(`${standIn.mysqlUrl}/d`);
    standIn.faults.add({ at: 'statement-after', action: { kind: 'drop' }, match: 'VALUES \\(30' });
    await expect(third.query('INSERT INTO t VALUES (30, NULL)')).rejects.toMatchObject({
      code: 'PROTOCOL_CONNECTION_LOST',
    });
    expect(await valueOf(connection, 'SELECT count(*) FROM t WHERE k = 30')).toBe('1');
    standIn.faults.add({ at: 'statement-before', action: TOO_MANY_VERSIONS, match: '^INSERT', times: 2, skip: 1 });
    const insert = (): Promise<string> => errorOf(connection, 'INSERT INTO t VALUES (31, NULL)');
    expect([await insert(), await insert(), await insert(), await insert()]).toEqual([
      'no error',
      expect.stringMatching(/too many versions/),
      expect.stringMatching(/too many versions/),
      'no error',
    ]);
  });
});

describe('The stand-in for StarRocks as a process', () => {
  it('has after kill -9 what it had acknowledged, labels too', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'tessera-standin-'));
    const server = await StarrocksStandInServer.create(path.join(folder, 'server'));
    try {
      await server.start();
      let connection = await connect(server.mysqlUrl);
      await write(connection, 'CREATE DATABASE d');
      await write(connection, 'USE d');
      await write(connection, TABLE);
      await write(
        connection,
        'CREATE TABLE b (s INT NOT NULL, g BITMAP BITMAP_UNION NULL) AGGREGATE KEY (s) DISTRIBUTED BY HASH(s) BUCKETS 1',
      );
      await write(connection, 'INSERT INTO b VALUES (0, to_bitmap(5))');
      const load = {
        url: `${server.httpUrl}/api/d/t/_stream_load`,
        headers: { format: 'json', label: 'one', columns: 'k, v' },
        body: '{"k": 1, "v": "x"}',
      };
      await server.addFault({ at: 'load-after', action: { kind: 'drop' } });
      await expect(putLoad(load)).rejects.toThrow();
      expect(await server.faultsLeft()).toBe(0);
      connection.destroy();
      await server.kill();
      await server.start();
      expect((await putLoad(load)).body).toMatchObject({
        Status: 'Label Already Exists',
        ExistingJobStatus: 'FINISHED',
      });
      connection = await connect(`${server.mysqlUrl}/d`);
      expect(await rowsOf(connection, 'SELECT k, v FROM t')).toEqual([[1, 'x']]);
      await write(connection, 'INSERT INTO b VALUES (0, to_bitmap(6))');
      expect(await rowsOf(connection, 'SELECT bitmap_to_string(g) FROM b')).toEqual([['5,6']]);
      await connection.end();
    } finally {
      await server.remove();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
