import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithStarrocks } from '../../../../test/support/starrocks-standin/with-starrocks';
import type { StarrocksSession } from '../connection/starrocks-connection';
import type { StarrocksPool } from '../connection/starrocks-pool';
import type { WriterPool } from '../writer/statements';
import { catalogOf, makeTables, poolAt } from '../writer/testing/writer-at-work';
import { StarrocksCheck } from './starrocks-check';
import { StarrocksLists } from './starrocks-lists';

const CATALOG = catalogOf([]);
const TIMEOUT_MS = 300;
const DAY_MS = 86_400_000;
const COUNT = { counts: () => Promise.resolve({ counts: [1], universe: 1, dataVersion: 0 }) };

describeWithStarrocks('Changes of lists', (starrocks) => {
  let pool: StarrocksPool;
  let nowMs = Date.UTC(2026, 10, 20);

  beforeAll(async () => {
    pool = poolAt(starrocks().mysqlUrl, 10_000);
    await makeTables(pool, CATALOG);
    await pool.write("INSERT INTO `sys_users` (`sys_guid`, `sys_cuid`) VALUES (1, 'ann')");
  });

  afterAll(() => pool.close());

  async function* cuids(): AsyncGenerator<string> {
    yield await Promise.resolve('ann');
  }

  const listsAt = (at: WriterPool): StarrocksLists =>
    new StarrocksLists(
      at,
      COUNT,
      () => Promise.resolve([1]),
      () => nowMs,
      TIMEOUT_MS,
    );

  const version = (): Promise<number | null> =>
    new StarrocksCheck(
      pool,
      () => CATALOG,
      () => 0,
    ).dataVersion();

  const named = async (): Promise<number> => (await pool.rows('SELECT `sys_list` FROM `sys_list_names`')).length;

  const sources = async (): Promise<readonly string[]> =>
    (await pool.rows("SELECT `sys_source` FROM `sys_positions` WHERE starts_with(`sys_source`, 'lists/')")).map((row) =>
      String(row['sys_source']),
    );

  /** A process that dies right behind its statement number `count` of those that write; null: before the first. */
  function dyingAfter(count: number): {
    readonly at: WriterPool;
    readonly dead: Promise<void>;
    readonly sent: string[];
  } {
    const sent: string[] = [];
    let die: () => void = () => undefined;
    const dead = new Promise<void>((resolve) => {
      die = resolve;
    });
    const never = new Promise<never>(() => undefined);
    const session = (own: StarrocksSession): StarrocksSession => ({
      rows: (sql, options) => own.rows(sql, options),
      stream: (sql, options) => own.stream(sql, options),
      run: (sql, options) => own.run(sql, options),
      write: async (sql, options) => {
        const outcome = await own.write(sql, options);
        sent.push(sql);
        if (sent.length < count) return outcome;
        die();
        return never;
      },
    });
    const at: WriterPool = {
      rows: (sql) => pool.rows(sql),
      write: (sql) => pool.write(sql),
      untilVisible: (outcome) => pool.untilVisible(outcome),
      // The connection goes back to the pool when the process is dead.
      use: async (work) =>
        pool
          .use((own) => Promise.race([work(session(own)), dead.then(() => null as never)]))
          .then((done) => (sent.length < count ? done : never)),
    };
    return { at, dead, sent };
  }

  async function settled(lists: StarrocksLists): Promise<void> {
    for (let left = 100; (await version()) === null; left--) {
      if (left === 0) throw new Error('no data version');
      await lists.settleLeft();
      await sleep(100);
    }
  }

  // users, begun, name, ended.
  it.each([1, 2, 3, 4])(
    'is of no data version in the middle, and of another one when its process died behind statement %i of making',
    async (count) => {
      const before = await version();
      const there = await named();
      const { at, dead, sent } = dyingAfter(count);
      void listsAt(at).create('half', cuids());
      await dead;
      expect(sent).toHaveLength(count);
      const isBegun = count === 2 || count === 3;
      expect(await version()).toBe(isBegun ? null : count === 1 ? before : Number(before) + 1);
      expect(await named()).toBe(there + (count >= 3 ? 1 : 0));
      const others = listsAt(pool);
      // Not at once: what the process has sent may be under way.
      await others.settleLeft();
      expect(await version()).toBe(isBegun ? null : count === 1 ? before : Number(before) + 1);
      await settled(others);
      expect(await version()).toBe(count === 1 ? before : Number(before) + 1);
    },
  );

  it.each([1, 2, 3])(
    'is of no data version in the middle, and of another one when its process died behind statement %i of removing',
    async (count) => {
      const { list } = await listsAt(pool).create('gone', cuids());
      nowMs += 1;
      const before = Number(await version());
      const { at, dead } = dyingAfter(count);
      void listsAt(at).remove(list.id);
      await dead;
      expect(await version()).toBe(count < 3 ? null : before + 1);
      expect(await listsAt(pool).has(list.id)).toBe(count === 1);
      await settled(listsAt(pool));
      expect(await version()).toBe(before + 1);
    },
  );

  it('leaves nothing begun when StarRocks refuses it', async () => {
    const { standIn } = starrocks();
    if (standIn === null) return;
    const before = Number(await version());
    const action = { kind: 'error', code: 1064, message: 'no such luck' } as const;
    standIn.faults.add({ at: 'statement-before', match: 'INSERT INTO `sys_list_names`', action });
    await expect(listsAt(pool).create('refused', cuids())).rejects.toThrow('no such luck');
    expect(await version()).toBe(before + 1);
  });

  it('leaves one row for all that are older than a day, and the data version as it was, whenever it dies', async () => {
    const lists = listsAt(pool);
    const { list } = await lists.create('kept', cuids());
    const before = await version();
    expect((await sources()).length).toBeGreaterThan(5);
    await lists.sweep();
    expect((await sources()).length).toBeGreaterThan(5);
    nowMs += DAY_MS + 1;
    nowMs += 1;
    // Dies between the two statements: what was added is not added again.
    const half = listsAt({
      ...poolOf(pool),
      write: (sql) => (sql.startsWith('DELETE') ? new Promise(() => undefined) : pool.write(sql)),
    });
    void half.sweep();
    for (let left = 100; ; left--) {
      const [row] = await pool.rows("SELECT `sys_next` FROM `sys_positions` WHERE `sys_source` = 'lists'");
      if (Number(row?.['sys_next'] ?? 0) > 0) break;
      if (left === 0) throw new Error('nothing is folded');
      await sleep(50);
    }
    expect(await version()).toBe(before);
    expect((await sources()).length).toBeGreaterThan(5);
    await listsAt(pool).sweep();
    expect(await sources()).toEqual([]);
    expect(await version()).toBe(before);
    await lists.remove(list.id);
    expect(await version()).toBe(Number(before) + 1);
    expect(await sources()).toHaveLength(1);
  });

  it('is counted once by two processes that count at once', async () => {
    const lists = listsAt(pool);
    for (let n = 0; n < 5; n++) await lists.create(`list ${n}`, cuids());
    const before = await version();
    nowMs += DAY_MS + 1;
    await Promise.all([listsAt(pool).sweep(), listsAt(pool).sweep()]);
    await listsAt(pool).sweep();
    expect(await version()).toBe(before);
    expect(await sources()).toEqual([]);
  });
});

function poolOf(pool: StarrocksPool): WriterPool {
  return {
    rows: (sql) => pool.rows(sql),
    write: (sql) => pool.write(sql),
    use: (work) => pool.use(work),
    untilVisible: (outcome) => pool.untilVisible(outcome),
  };
}
