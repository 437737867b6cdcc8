import { setTimeout as sleep } from 'node:timers/promises';
import { MariaDbServer } from '../../../../test/support/services/mariadb-server';
import { describeWithServer } from '../../../../test/support/services/with-server';
import { StarrocksError, StarrocksPool } from '../index';
import type { StarrocksOptions } from '../index';

// The protocol is that of MySQL, so what a connection does when a server goes away can be seen on a MariaDB, which is killed for real.
describeWithServer('StarrocksPool and a server that goes away', MariaDbServer, (server) => {
  let pools: StarrocksPool[];

  beforeEach(async () => {
    await server().start();
    pools = [];
  });

  afterEach(async () => {
    await Promise.all(pools.map((one) => one.close()));
  });

  function open(options: Partial<StarrocksOptions> = {}): StarrocksPool {
    const urls = [`mysql://root@127.0.0.1:${server().port}`];
    const pool = new StarrocksPool({ urls, database: 'tessera', timeoutMs: 5_000, ...options });
    pools.push(pool);
    return pool;
  }

  async function failureOf(work: Promise<unknown>): Promise<StarrocksError> {
    const error: unknown = await work.then(
      () => null,
      (caught: unknown) => caught,
    );
    if (error instanceof StarrocksError) return error;
    throw new Error(`no StarrocksError: ${String(error)}`);
  }

  async function running(pool: StarrocksPool): Promise<number> {
    const rows = await pool.rows(
      "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO REGEXP '^(INSERT INTO tries )?SELECT SLEEP'",
    );
    return rows.length;
  }

  it('gives whole numbers of eight bytes and decimals as text, and any character as it is', async () => {
    const [row] = await open().rows("SELECT 9007199254740993 AS big, 1.50 AS part, 'a😀𠀀' AS words, NULL AS nothing");
    expect(row).toEqual({ big: '9007199254740993', part: '1.50', words: 'a😀𠀀', nothing: null });
  });

  it('stops a statement in the server when its signal says so', async () => {
    const pool = open();
    const stop = new AbortController();
    const asked = pool.rows('SELECT SLEEP(300)', { signal: stop.signal });
    while ((await running(pool)) === 0) await sleep(10);
    stop.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    while ((await running(pool)) > 0) await sleep(10);
  });

  it('gives a statement up that takes too long, and stops it', async () => {
    const pool = open();
    const error = await failureOf(pool.rows('SELECT SLEEP(300)', { timeoutMs: 300 }));
    expect(error).toMatchObject({ kind: 'late', retriable: true, isUnknown: true });
    expect(error.message).toBe('StarRocks gave no answer within 0.3 s');
    while ((await running(pool)) > 0) await sleep(10);
  });

  it('reads row by row, and stops the query when the reader has had enough', async () => {
    const pool = open({ concurrency: 1 });
    const seen: unknown[] = [];
    for await (const row of pool.stream('SELECT seq FROM seq_1_to_10000000')) {
      seen.push(row['seq']);
      if (seen.length === 3) break;
    }
    expect(seen).toEqual(['1', '2', '3']);
    expect(await pool.rows('SELECT COUNT(*) AS n FROM seq_1_to_10')).toEqual([{ n: '10' }]);
  });

  it('lets so many statements through at once, and refuses those that may not wait', async () => {
    const pool = open({ concurrency: 2, waitingMax: 1 });
    const first = [0, 1, 2].map(() => pool.rows('SELECT SLEEP(0.3) AS s'));
    const error = await failureOf(pool.rows('SELECT 1'));
    expect(error).toMatchObject({ kind: 'overloaded', retriable: true });
    expect(error.message).toContain('1 statements wait for StarRocks already');
    expect(await Promise.all(first)).toEqual([0, 1, 2].map(() => [{ s: 0 }]));
  });

  it('says what the server says, without the password', async () => {
    const wrong = open({ urls: [`mysql://nobody:root%21secret@127.0.0.1:${server().port}`] });
    const error = await failureOf(wrong.rows('SELECT 1'));
    expect(error).toMatchObject({ kind: 'denied', retriable: false });
    expect(error.message).not.toContain('secret');
    const refused = await failureOf(open().rows('SELECT nonsense FROM nowhere'));
    expect(refused).toMatchObject({ kind: 'refused', retriable: false, code: 1146 });
  });

  it('goes to another frontend when one is down, and asks again what broke', async () => {
    const other = await MariaDbServer.create(`${server().folder}-other`);
    await other.start();
    try {
      const urls = [server().port, other.port].map((port) => `mysql://root@127.0.0.1:${port}`);
      const pool = open({ urls, timeoutMs: 20_000 });
      const both = Array.from({ length: 8 }, () => pool.rows('SELECT SLEEP(1) AS s, @@port AS port'));
      await sleep(300);
      await server().kill();
      const answers = await Promise.all(both);
      expect(answers.flat().map((row) => row['port'])).toEqual(both.map(() => String(other.port)));
      expect(await pool.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await other.kill();
      const error = await failureOf(pool.rows('SELECT 1 AS one'));
      expect(error).toMatchObject({ kind: 'unreachable', retriable: true });
      expect(error.message).toContain(`127.0.0.1:${other.port}`);
      await other.start();
      expect(await pool.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      await other.remove();
    }
  });

  it('asks a frontend that has fallen silent once, and not on each connection that it had there', async () => {
    const other = await MariaDbServer.create(`${server().folder}-other`);
    await other.start();
    try {
      const urls = [server().port, other.port].map((port) => `mysql://root@127.0.0.1:${port}`);
      const pool = open({ urls, timeoutMs: 60_000, concurrency: 48 });
      await Promise.all(Array.from({ length: 48 }, () => pool.rows('SELECT SLEEP(1)')));
      // Its connections are closed, those to the silent one are not.
      await other.kill();
      await other.start();
      await sleep(600);
      await server().suspend();
      const startedMs = performance.now();
      expect(await pool.rows('SELECT @@port AS port')).toEqual([{ port: String(other.port) }]);
      // A second for the one, and three for a new connection there at the most; it had twenty-four.
      expect(performance.now() - startedMs).toBeLessThan(20_000);
    } finally {
      server().resume();
      await other.remove();
    }
  });

  it('never sends a write twice', async () => {
    const pool = open();
    await pool.run('CREATE OR REPLACE TABLE tries (n INT)');
    const error = failureOf(pool.write('INSERT INTO tries SELECT SLEEP(2)'));
    while ((await running(pool)) === 0) await sleep(10);
    await server().kill();
    expect(await error).toMatchObject({ kind: 'lost', isUnknown: true, retriable: true });
    await server().start();
    await sleep(2_500);
    expect(await pool.rows('SELECT COUNT(*) AS n FROM tries')).toEqual([{ n: '0' }]);
  });
});
