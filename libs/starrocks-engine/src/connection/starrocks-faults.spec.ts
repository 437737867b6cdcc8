import { TOO_MANY_VERSIONS } from '../../../../test/support/starrocks-standin/faults';
import { StarrocksStandIn } from '../../../../test/support/starrocks-standin/standin';
import { schemaDefaults, SchemaKeeper, StarrocksError, StarrocksPool } from '../index';
import type { StarrocksOptions } from '../index';
import { sampleCatalog } from '../schema/testing/sample-catalog';

const PASSWORD = 'p@ss word';

describe('StarrocksPool on a stand-in that fails', () => {
  let standIn: StarrocksStandIn;
  let pool: StarrocksPool;
  let others: StarrocksPool[];

  beforeEach(async () => {
    standIn = await StarrocksStandIn.start({ users: { app: PASSWORD } });
    others = [];
    const server = open({ database: null });
    await server.run('CREATE DATABASE `shop`');
    await server.run(
      'CREATE TABLE `shop`.`note` (`a` BIGINT NOT NULL, `b` VARCHAR(100) NULL) PRIMARY KEY (`a`) DISTRIBUTED BY HASH (`a`) BUCKETS 1 PROPERTIES ("replication_num" = "1")',
    );
    pool = open({ database: 'shop' });
  });

  afterEach(async () => {
    standIn.faults.clear();
    await Promise.all(others.map((one) => one.close()));
    await standIn.close();
  });

  function open(options: Partial<StarrocksOptions>): StarrocksPool {
    const url = new URL(standIn.mysqlUrl);
    url.username = 'app';
    url.password = PASSWORD;
    const opened = new StarrocksPool({ urls: [url.href], database: 'shop', timeoutMs: 5_000, ...options });
    others.push(opened);
    return opened;
  }

  async function failureOf(work: Promise<unknown>): Promise<StarrocksError> {
    const error: unknown = await work.then(
      () => null,
      (caught: unknown) => caught,
    );
    if (error instanceof StarrocksError) return error;
    throw new Error(`no StarrocksError: ${String(error)}`);
  }

  async function notes(): Promise<unknown> {
    return (await pool.rows('SELECT count(*) AS n FROM `note`'))[0]?.['n'];
  }

  it('says what became of a write, and when all can see it', async () => {
    const outcome = await pool.write("INSERT INTO `note` VALUES (1, 'a😀'), (2, NULL)");
    expect(outcome).toEqual({
      ...{ rows: 2, isVisible: true },
      label: expect.stringMatching(/^insert_/) as unknown,
      transaction: expect.stringMatching(/^\d+$/) as unknown,
    });
    expect(await pool.rows('SELECT `a`, `b` FROM `note` ORDER BY `a`', { timeoutMs: 1_500 })).toEqual([
      { a: '1', b: 'a😀' },
      { a: '2', b: null },
    ]);
    await pool.write('INSERT INTO `note` WITH LABEL `mine` VALUES (3, NULL)');
    await pool.untilVisible({ rows: 1, label: 'mine', transaction: null, isVisible: false });
  });

  it('writes partial rows as whole ones, keys alone too, whatever the server takes for best', async () => {
    expect(await pool.rows('SELECT @@partial_update_mode AS mode, @@enable_insert_partial_update AS keeps')).toEqual([
      { mode: 'row', keeps: 'true' },
    ]);
  });

  it('has a write answered when it is seen, up to the limit of statements', async () => {
    expect(await pool.rows('SELECT @@tx_visible_wait_timeout AS s')).toEqual([{ s: '5' }]);
    standIn.faults.add({ at: 'statement-before', match: '^INSERT', action: { kind: 'publishLate', ms: 400 } });
    expect(await pool.write("INSERT INTO `note` VALUES (1, 'a')")).toMatchObject({ isVisible: true });
    expect(await notes()).toBe('1');
  });

  it('waits for what is committed and not seen yet, however the frontend lists the load', async () => {
    const late = { kind: 'publishLate', ms: 400, isAnsweredAtOnce: true } as const;
    standIn.faults.add({ at: 'statement-before', match: '^INSERT', action: late });
    const outcome = await pool.write("INSERT INTO `note` WITH LABEL `early` VALUES (1, 'a')");
    expect(outcome).toMatchObject({ label: 'early', isVisible: false });
    expect(await pool.rows("SELECT STATE FROM information_schema.loads WHERE LABEL = 'early'")).toEqual([
      { STATE: 'FINISHED' },
    ]);
    expect(await notes()).toBe('0');
    await pool.untilVisible(outcome);
    expect(await notes()).toBe('1');
    standIn.faults.add({ at: 'statement-before', match: '^INSERT', action: { ...late, ms: 2_000 } });
    const tooLate = await pool.write("INSERT INTO `note` VALUES (2, 'a')");
    const failure = await failureOf(pool.untilVisible(tooLate, { timeoutMs: 200 }));
    expect(failure).toMatchObject({ kind: 'late', isUnknown: true, retriable: true });
    expect(await notes()).toBe('1');
  });

  it('asks again when the connection broke, and never writes again', async () => {
    standIn.faults.add({ at: 'statement-after', match: '^SELECT count', action: { kind: 'drop' } });
    expect(await notes()).toBe('0');
    for (const [at, rows] of [
      ['statement-before', '0'],
      ['statement-after', '1'],
    ] as const) {
      standIn.faults.add({ at, match: '^INSERT', action: { kind: 'drop' } });
      const error = await failureOf(pool.write("INSERT INTO `note` VALUES (1, 'a')"));
      expect(error).toMatchObject({ kind: 'lost', isUnknown: true, retriable: true });
      expect(await notes()).toBe(rows);
    }
    expect(standIn.faults.left).toBe(0);
  });

  it('reads what the leader has committed at a frontend that is behind, if it is told to', async () => {
    const url = new URL(standIn.followerUrl);
    url.username = 'app';
    url.password = PASSWORD;
    let mustSee = false;
    const behind = open({ urls: [url.href], syncsFirst: () => mustSee });
    await standIn.follower.fallBehind();
    await pool.write("INSERT INTO `note` VALUES (1, 'a')");
    const count = 'SELECT count(*) AS n FROM `note`';
    expect(await behind.rows(count)).toEqual([{ n: '0' }]);
    mustSee = true;
    expect(await behind.rows(count)).toEqual([{ n: '1' }]);
    await standIn.follower.fallBehind();
    await pool.write("INSERT INTO `note` VALUES (2, 'b')");
    const streamed: unknown[] = [];
    for await (const row of behind.stream(count)) streamed.push(row['n']);
    expect(streamed).toEqual(['2']);
    // Whoever writes there sees it there.
    mustSee = false;
    await standIn.follower.fallBehind();
    await behind.write("INSERT INTO `note` VALUES (3, 'c')");
    expect(await behind.rows(count)).toEqual([{ n: '3' }]);
  });

  it('uses connections again', async () => {
    const one = open({ concurrency: 1 });
    const id = (): Promise<unknown> => one.use((session) => session.rows('SELECT connection_id() AS id'));
    const first = await id();
    expect(await id()).toEqual(first);
    expect(await one.rows('SELECT connection_id() AS id')).toEqual(first);
    await failureOf(one.rows('SELECT nonsense'));
    expect(await id()).toEqual(first);
  });

  it('uses no connection that was closed while nobody used it', async () => {
    await Promise.all([1, 2, 3].map(() => notes()));
    standIn.dropConnections();
    // One of those that were used a moment ago may be tried before it is known to be closed.
    expect(await notes()).toBe('0');
    standIn.dropConnections();
    await pool.write("INSERT INTO `note` VALUES (1, 'a')");
    expect(await notes()).toBe('1');
  });

  it('gives up what hangs, and goes on', async () => {
    const small = open({ concurrency: 1, timeoutMs: 400 });
    standIn.faults.add({ at: 'statement-before', match: '^SELECT count', action: { kind: 'hang' } });
    const error = await failureOf(small.rows('SELECT count(*) AS n FROM `note`'));
    expect(error).toMatchObject({ kind: 'late', isUnknown: true });
    expect(await small.rows('SELECT count(*) AS n FROM `note`')).toEqual([{ n: '0' }]);
  });

  it('tells too much work from wrong work', async () => {
    standIn.faults.add({ at: 'statement-before', match: '^INSERT', action: TOO_MANY_VERSIONS });
    const busy = await failureOf(pool.write("INSERT INTO `note` VALUES (1, 'a')"));
    expect(busy).toMatchObject({ kind: 'overloaded', retriable: true, isUnknown: false });
    const wrong = await failureOf(pool.write('INSERT INTO `note` VALUES (1)'));
    expect(wrong).toMatchObject({ kind: 'refused', retriable: false });
    const unknown = open({
      urls: [`mysql://app:${encodeURIComponent('wrong secret')}@${new URL(standIn.mysqlUrl).host}`],
    });
    const denied = await failureOf(unknown.rows('SELECT 1'));
    expect(denied).toMatchObject({ kind: 'denied', retriable: false });
    expect(denied.message).not.toContain('secret');
    expect(await open({ database: 'nowhere' }).state()).toMatchObject({
      ok: false,
      detail: expect.stringContaining('nowhere') as unknown,
    });
  });

  it('keeps tables as far as the user may, and says which statement somebody has to run', async () => {
    const keeper = new SchemaKeeper({
      pool,
      database: 'shop',
      schema: { ...schemaDefaults('shop'), replication: 1, buckets: 1, bitmapBuckets: 1 },
      catalog: sampleCatalog,
      nextGuid: () => Promise.resolve(1),
    });
    const action = {
      kind: 'error',
      code: 5203,
      message: 'Access denied; you need (at least one of) the CREATE TABLE privilege(s) on DATABASE shop',
    } as const;
    standIn.faults.add({ at: 'statement-before', match: 'CREATE TABLE.*sys_lists', action });
    await expect(keeper.keep()).rejects.toMatchObject({
      retriable: false,
      message: expect.stringContaining('npm run migrate):\nCREATE TABLE IF NOT EXISTS `sys_lists` (') as unknown,
    });
    expect(keeper.isDue).toBe(false);
    expect(keeper.state()).toMatchObject({ ok: false, detail: expect.stringContaining('Access denied') as unknown });
    // As a user who may.
    await keeper.keep();
    expect(keeper.state()).toEqual({ ok: true });
    expect(keeper.isDue).toBe(false);
  });
});
