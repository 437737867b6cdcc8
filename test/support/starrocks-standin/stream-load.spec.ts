import { once } from 'node:events';
import { createConnection } from 'node:net';
import type { Connection } from 'mysql2/promise';
import { connect, rowsOf, valueOf, write } from './client';
import { TOO_MANY_VERSIONS } from './faults';
import { StarrocksStandIn } from './standin';
import { putLoad, putOnce } from './stream-load/put-load';
import type { LoadAnswer } from './stream-load/put-load';

const JSON_ROWS = { format: 'json', strip_outer_array: 'true' };

describe('Stream Load of the stand-in for StarRocks', () => {
  let standIn: StarrocksStandIn;
  let connection: Connection;

  beforeAll(async () => {
    standIn = await StarrocksStandIn.start({ users: { root: '', writer: 'se:cret' } });
    connection = await connect(standIn.mysqlUrl);
    await write(connection, 'CREATE DATABASE d');
    await write(connection, 'USE d');
    await write(
      connection,
      `CREATE TABLE p (guid BIGINT NOT NULL, city VARCHAR(10) NULL, price DECIMAL(18, 4) NULL, t DATETIME NULL, tags ARRAY<VARCHAR(10)> NULL,
         flag BOOLEAN NULL, ver BIGINT NOT NULL DEFAULT "0") PRIMARY KEY (guid) DISTRIBUTED BY HASH(guid) BUCKETS 1`,
    );
    await write(
      connection,
      `CREATE TABLE kv (tag INT NOT NULL, seg INT NOT NULL, guids BITMAP BITMAP_UNION NOT NULL) AGGREGATE KEY (tag, seg) DISTRIBUTED BY HASH(seg) BUCKETS 1`,
    );
  });

  beforeEach(async () => {
    standIn.faults.clear();
    await write(connection, 'TRUNCATE TABLE p');
    await write(connection, 'TRUNCATE TABLE kv');
  });

  afterAll(async () => {
    await connection.end();
    await standIn.close();
  });

  function load(table: string, headers: Record<string, string>, body: string, login?: string): Promise<LoadAnswer> {
    return putLoad({ url: `${standIn.httpUrl}/api/d/${table}/_stream_load`, headers, body }, login);
  }

  const guids = async (): Promise<unknown[]> => (await rowsOf(connection, 'SELECT guid FROM p ORDER BY guid')).flat();

  it('goes on when a client dies in the middle of a load', async () => {
    const url = `${standIn.httpUrl}/api/d/p/_stream_load`;
    const authorization = `Basic ${Buffer.from('root:').toString('base64')}`;
    const headers = { Authorization: authorization, Expect: '100-continue' };
    const { location } = await putOnce({ url, headers, body: '' });
    const { hostname, port, pathname } = new URL(location ?? '');
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    const socket = createConnection(Number(port), hostname);
    const lines = [`PUT ${pathname} HTTP/1.1`, `Host: ${hostname}`, `Authorization: ${authorization}`];
    socket.write([...lines, 'Expect: 100-continue', 'Content-Length: 1000', 'format: json', '', ''].join('\r\n'));
    await once(socket, 'data');
    socket.write('[{"guid": 1},');
    socket.end();
    await once(socket, 'close');
    const { body } = await load('p', JSON_ROWS, '[{"guid": 2, "ver": 1}]');
    expect(body).toMatchObject({ Status: 'Success' });
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    expect(await guids()).toEqual(['2']);
  });

  it('asks for a login, for Expect, and sends to the backend', async () => {
    const url = `${standIn.httpUrl}/api/d/p/_stream_load`;
    const authorization = `Basic ${Buffer.from('root:').toString('base64')}`;
    const without = await putOnce({ url, headers: { Authorization: authorization }, body: '[]' });
    expect([without.status, without.body]).toEqual([200, expect.objectContaining({ Status: 'FAILED' })]);
    expect((await putOnce({ url, headers: { Expect: '100-continue' }, body: '' })).status).toBe(401);
    const redirect = await putOnce({
      url,
      headers: { Authorization: authorization, Expect: '100-continue' },
      body: '',
    });
    expect([redirect.status, redirect.location]).toEqual([
      307,
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/api\/d\/p\/_stream_load$/),
    ]);
    expect(redirect.location).not.toContain(standIn.httpUrl);
    // The backend does not know who asked the frontend.
    expect((await putOnce({ url: redirect.location!, headers: { Expect: '100-continue' }, body: '' })).status).toBe(
      401,
    );
    expect((await load('p', JSON_ROWS, '[]', 'writer:wrong')).status).toBe(401);
    expect((await load('p', JSON_ROWS, '[]', 'writer:se:cret')).body).toMatchObject({ Status: 'Success' });
    const health = await fetch(`${standIn.httpUrl}/api/health`);
    expect(await health.json()).toMatchObject({ online_backend_num: 1 });
  });

  it('loads JSON, each value digit by digit', async () => {
    const body = `[{"guid": 9007199254740993, "city": "a\\"€", "price": 12345678901234.56785, "t": "2024-02-29 01:02:03.004", "tags": ["x", "y"], "flag": true, "ver": 1},
      {"guid": 2, "city": null, "ver": "7", "flag": false, "tags": []}]`;
    expect((await load('p', JSON_ROWS, body)).body).toMatchObject({
      Status: 'Success',
      NumberLoadedRows: 2,
      NumberFilteredRows: 0,
    });
    expect(await rowsOf(connection, 'SELECT * FROM p ORDER BY guid')).toEqual([
      ['2', null, null, null, '[]', 0, '7'],
      ['9007199254740993', 'a"€', '12345678901234.5679', '2024-02-29 01:02:03.004000', '["x","y"]', 1, '1'],
    ]);
    expect((await load('p', { format: 'json' }, body)).body).toMatchObject({ Status: 'Fail' });
    expect((await load('p', { format: 'json' }, '{"guid": 5, "ver": 1}\n{"guid": 6, "ver": 1}')).body).toMatchObject({
      NumberLoadedRows: 2,
    });
    expect(
      (
        await load(
          'p',
          { ...JSON_ROWS, jsonpaths: '["$.a.b", "$.v"]', columns: 'guid, ver' },
          '[{"a": {"b": 8}, "v": 1}]',
        )
      ).body,
    ).toMatchObject({
      Status: 'Success',
    });
    expect(await guids()).toEqual(['2', '5', '6', '8', '9007199254740993']);
  });

  it('loads CSV, bitmaps and segments by expressions', async () => {
    const columns = 'tag, g, seg = CAST(CAST(g AS BIGINT) DIV 4194304 AS INT), guids = to_bitmap(g)';
    expect((await load('kv', { columns }, '1\t5\n1\t4194304\n')).body).toMatchObject({ Status: 'Success' });
    const prebuilt = { ...JSON_ROWS, columns: 'tag, seg, s, guids = base64_to_bitmap(s)' };
    const bitmap = Buffer.from('0107000000', 'hex').toString('base64');
    expect((await load('kv', prebuilt, JSON.stringify([{ tag: 1, seg: 0, s: bitmap }]))).body).toMatchObject({
      Status: 'Success',
    });
    expect(await rowsOf(connection, 'SELECT seg, bitmap_to_string(guids) FROM kv ORDER BY seg')).toEqual([
      [0, '5,7'],
      [1, '4194304'],
    ]);
    const broken = await load('kv', prebuilt, JSON.stringify([{ tag: 1, seg: 0, s: 'AQ==' }]));
    expect(broken.body).toMatchObject({
      Status: 'Fail',
      Message: expect.stringMatching(/NULL value in non-nullable column 'guids'/),
    });
    const log = await fetch(String(broken.body['ErrorURL']));
    expect(await log.text()).toMatch(/non-nullable/);
    const long = JSON.stringify([{ tag: 1, seg: 0, s: 'A'.repeat(1_048_577) }]);
    expect((await load('kv', prebuilt, long)).body).toMatchObject({ Status: 'Fail' });
    await write(connection, 'TRUNCATE TABLE p');
    expect(
      (await load('p', { columns: 'guid, city, ver', column_separator: ',' }, '1,\\N,2\n2,\\\\N,3')).body,
    ).toMatchObject({ Status: 'Success' });
    expect(await rowsOf(connection, 'SELECT guid, city FROM p ORDER BY guid')).toEqual([
      ['1', null],
      ['2', '\\\\N'],
    ]);
  });

  it('upserts whole rows or some columns, deletes, and keeps what is newer', async () => {
    await write(connection, "INSERT INTO p (guid, city, ver) VALUES (1, 'a', 5), (2, 'b', 5), (3, 'c', 5)");
    const partial = { ...JSON_ROWS, columns: 'guid, ver', partial_update: 'true' };
    await load('p', partial, '[{"guid": 1, "ver": 6}]');
    await load('p', { ...JSON_ROWS, columns: 'guid, ver' }, '[{"guid": 2, "ver": 6}]');
    await load(
      'p',
      { ...partial, merge_condition: 'ver' },
      '[{"guid": 3, "ver": 4}, {"guid": 4, "ver": 1}, {"guid": 4, "ver": 3}, {"guid": 4, "ver": 2}]',
    );
    expect(await rowsOf(connection, 'SELECT guid, city, ver FROM p ORDER BY guid')).toEqual([
      ['1', 'a', '6'],
      ['2', null, '6'],
      ['3', 'c', '5'],
      ['4', null, '3'],
    ]);
    const deletes = { ...JSON_ROWS, columns: 'guid, op, __op = op', partial_update: 'true' };
    const answer = await load('p', deletes, '[{"guid": 1, "op": 1}, {"guid": 3, "op": 0}, {"guid": 9, "op": 1}]');
    expect(answer.body).toMatchObject({ Status: 'Success', NumberLoadedRows: 3 });
    expect(await guids()).toEqual(['2', '3', '4']);
  });

  it('is all or nothing, and strict where that is asked for', async () => {
    const rows = '[{"guid": 1, "ver": 1}, {"guid": null, "ver": 1}]';
    expect((await load('p', { ...JSON_ROWS, label: 'half' }, rows)).body).toMatchObject({
      Status: 'Fail',
      NumberLoadedRows: 0,
    });
    expect(await guids()).toEqual([]);
    // A label of a load that failed is free.
    expect(
      (await load('p', { ...JSON_ROWS, label: 'half' }, '[{"guid": 1, "ver": 1, "price": "x"}]')).body,
    ).toMatchObject({ Status: 'Success' });
    expect(await valueOf(connection, 'SELECT price FROM p')).toBeNull();
    const strict = { ...JSON_ROWS, strict_mode: 'true' };
    expect((await load('p', strict, '[{"guid": 2, "ver": 1, "price": "x"}]')).body).toMatchObject({ Status: 'Fail' });
    expect((await load('nope', JSON_ROWS, '[]')).body).toMatchObject({ Status: 'Fail' });
    expect((await load('p', { ...JSON_ROWS, columns: 'guid, nope = 1' }, '[]')).body).toMatchObject({ Status: 'Fail' });
    expect((await load('p', { ...JSON_ROWS, where: 'guid > 1' }, '[]')).body).toMatchObject({ Status: 'Fail' });
  });

  it('takes a label once, also at the same time', async () => {
    const headers = { ...JSON_ROWS, label: 'orders_0_17_42' };
    expect((await load('p', headers, '[{"guid": 1, "ver": 1}]')).body).toMatchObject({
      Status: 'Success',
      Label: 'orders_0_17_42',
    });
    const again = await load('p', headers, '[{"guid": 2, "ver": 1}]');
    expect(again.body).toMatchObject({ Status: 'Label Already Exists', ExistingJobStatus: 'FINISHED' });
    expect(await guids()).toEqual(['1']);
    const hanging = standIn.faults.add({ at: 'load-before', action: { kind: 'hang' }, match: 'both$' });
    const first = load('p', { ...JSON_ROWS, label: 'both' }, '[{"guid": 3, "ver": 1}]');
    while (standIn.faults.left > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const second = await load('p', { ...JSON_ROWS, label: 'both' }, '[{"guid": 4, "ver": 1}]');
    expect(second.body).toMatchObject({ Status: 'Label Already Exists', ExistingJobStatus: 'RUNNING' });
    standIn.faults.remove(hanging);
    expect((await first).body).toMatchObject({ Status: 'Success' });
    expect(await guids()).toEqual(['1', '3']);
  });

  it('fails in the ways that it is told to', async () => {
    const one = (guid: number, label: string): Promise<LoadAnswer> =>
      load('p', { ...JSON_ROWS, label }, `[{"guid": ${guid}, "ver": 1}]`);
    standIn.faults.add({ at: 'load-before', action: TOO_MANY_VERSIONS });
    expect((await one(1, 'v')).body).toMatchObject({
      Status: 'Fail',
      Message: expect.stringMatching(/too many versions/),
    });
    standIn.faults.add({ at: 'load-after', action: { kind: 'publishTimeout' } });
    expect((await one(1, 'w')).body).toMatchObject({ Status: 'Publish Timeout' });
    expect((await one(1, 'w')).body).toMatchObject({ Status: 'Label Already Exists' });
    standIn.faults.add({ at: 'load-before', action: { kind: 'drop' }, match: '^d\\.p x$' });
    await expect(one(2, 'x')).rejects.toThrow();
    expect(await guids()).toEqual(['1']);
    standIn.faults.add({ at: 'load-after', action: { kind: 'drop' } });
    await expect(one(2, 'x')).rejects.toThrow();
    expect(await guids()).toEqual(['1', '2']);
    standIn.faults.add({ at: 'load-before', action: { kind: 'labelExists', existingJobStatus: 'CANCELLED' } });
    expect((await one(3, 'y')).body).toMatchObject({ Status: 'Label Already Exists', ExistingJobStatus: 'CANCELLED' });
    standIn.faults.add({ at: 'redirect', action: { kind: 'backendDown' } });
    await expect(one(3, 'y')).rejects.toThrow(/ECONNREFUSED/);
    expect((await one(3, 'y')).body).toMatchObject({ Status: 'Success' });
  });
});
