import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../../test/support/until';
import { describeWithStarrocks } from '../../../../test/support/starrocks-standin/with-starrocks';
import type { StarrocksAtHand } from '../../../../test/support/starrocks-standin/with-starrocks';
import type { Faults } from '../../../../test/support/starrocks-standin/faults';
import { SourceLostError } from './source-state';
import { SureStatements } from './statements';
import { StreamLoadClient } from './stream-load-client';
import { told } from './testing/told-entries';
import type { Told } from './testing/told-entries';
import { batchOf, catalogOf, makeTables, poolAt, writerAt } from './testing/writer-at-work';
import type { WriterAtWork } from './testing/writer-at-work';

const TESTS_MS_MAX = 120_000;
/** Of a writer whose statement is held up: it must not end by itself. */
const PATIENT_MS = 60_000;
/** Whoever waits for nothing is done long before twice this has passed. */
const LONG_MS = 20_000;
/** Of one that takes over. */
const TIMEOUT_MS = 500;
const CATALOG = catalogOf([
  { name: 'person', kind: 'profile', tags: [{ name: 'city', valueType: 'string' }] },
  { name: 'visit', kind: 'event', properties: [{ name: 'page', valueType: 'string' }] },
]);
const PERSON = CATALOG.type('person')!;
const TOPIC = 'tags.person';

describe.each(['INSERT', 'Stream Load'])('By %s', (transport) => {
  describeWithStarrocks('a source that is taken over from a writer at work', (starrocks) => {
    takesOver(starrocks, transport === 'INSERT');
  });
});

function takesOver(starrocks: () => StarrocksAtHand, isInsert: boolean): void {
  const open: (() => Promise<void>)[] = [];
  let users = 0;

  beforeAll(async () => {
    const pool = poolAt(starrocks().mysqlUrl);
    await makeTables(pool, CATALOG);
    await pool.close();
  }, TESTS_MS_MAX);

  beforeEach(async () => {
    const pool = poolAt(starrocks().mysqlUrl);
    await pool.write("DELETE FROM `sys_positions` WHERE `sys_source` <> ''");
    await pool.close();
  });

  afterEach(async () => {
    starrocks().standIn?.faults.clear();
    for (const close of open.splice(0)) await close();
  });

  /** On a cluster no statement can be held up. */
  function itOnStandIn(title: string, test: () => Promise<void>): void {
    it(
      title,
      async () => {
        if (starrocks().standIn !== null) await test();
      },
      TESTS_MS_MAX,
    );
  }

  function itByLoad(title: string, test: () => Promise<void>): void {
    if (!isInsert) itOnStandIn(title, test);
  }

  function faults(): Faults {
    const { standIn } = starrocks();
    if (standIn === null) throw new Error('statements can be held up on the stand-in alone');
    return standIn.faults;
  }

  function writer(timeoutMs: number): WriterAtWork {
    const { mysqlUrl, httpUrls: urls, database } = starrocks();
    const client = new StreamLoadClient({ urls, user: 'root', password: '', database, timeoutMs });
    const pool = poolAt(mysqlUrl, timeoutMs);
    const work = writerAt(mysqlUrl, CATALOG, { pool, timeoutMs, streamLoad: isInsert ? null : client });
    open.push(async () => {
      await work.close();
      await pool.close();
    });
    return work;
  }

  const city = (offset: number, user: number, name: string): Told => told(PERSON, offset, user, { city: name });
  const take = (work: WriterAtWork, ...some: readonly Told[]): Promise<void> => work.take(batchOf(TOPIC, some));
  const loading = (table: string): { readonly at: 'load-before' | 'statement-before'; readonly match: string } =>
    isInsert ? { at: 'statement-before', match: `^INSERT INTO \`${table}` } : { at: 'load-before', match: table };
  const looking = { at: 'statement-before', match: "'checks'" } as const;

  /** Holds up what comes next there. @returns when somebody is held up: lets it go on. */
  async function hold(
    fault: Pick<Parameters<Faults['add']>[0], 'at' | 'match' | 'skip'>,
    act: () => Promise<void>,
  ): Promise<() => void> {
    const id = faults().add({ ...fault, action: { kind: 'hang' } });
    await act();
    await until(() => faults().left === 0);
    return () => {
      faults().remove(id);
    };
  }

  async function durable(work: WriterAtWork, nextOffset: number): Promise<void> {
    await until(() => work.settle(TOPIC, nextOffset) === nextOffset);
  }

  async function cityOf(work: WriterAtWork, user: number): Promise<unknown> {
    const rows = await work.rows('profile_1_person', 'sys_guid');
    return rows.find((row) => row['sys_guid'] === String(user))?.['city'];
  }

  async function position(work: WriterAtWork, source = `${TOPIC}/0`): Promise<string | null> {
    const rows = await work.rows('sys_positions', 'sys_source');
    const row = rows.find((one) => one['sys_source'] === source);
    return row === undefined ? null : `${row['sys_begun']} ${row['sys_next']}`;
  }

  async function isLost(work: WriterAtWork, nextOffset: number): Promise<boolean> {
    try {
      work.settle(TOPIC, nextOffset);
      return false;
    } catch (error) {
      expect(error).toBeInstanceOf(SourceLostError);
      await expect(take(work, city(nextOffset, 1, 'late'))).rejects.toThrow(SourceLostError);
      return true;
    }
  }

  itOnStandIn('writes no row that comes behind the claim, and overwrites nothing', async () => {
    const [user, other] = [++users, ++users];
    const before = writer(PATIENT_MS);
    await before.begin(TOPIC);
    // Both users; then, by INSERT, the rows of the table; by Stream Load, the look before them.
    const late = isInsert ? loading('profile_') : { ...looking, skip: 1 };
    const release = await hold(late, () => take(before, city(0, user, 'old'), city(1, other, 'old')));
    expect(await position(before)).toBe('2 0');

    const after = writer(TIMEOUT_MS);
    const startedMs = performance.now();
    expect(await after.begin(TOPIC)).toBe(0);
    // It has waited for the round to end, as long as it may.
    expect(performance.now() - startedMs).toBeGreaterThan(TIMEOUT_MS);
    await take(after, city(0, user, 'new'));
    expect(after.settle(TOPIC, 1)).toBe(0);
    await durable(after, 1);
    expect(performance.now() - startedMs).toBeGreaterThan(2 * new SureStatements(after.pool, TIMEOUT_MS).lingerMs);
    expect(await cityOf(after, user)).toBe('new');
    expect(await position(after)).toBe('2 1');

    release();
    await until(() => isLost(before, 2));
    expect(await cityOf(after, user)).toBe('new');
    expect(await cityOf(after, other)).toBeUndefined();
    // What the one before had begun, the next one ends.
    await take(after, city(1, other, 'newer'));
    await durable(after, 2);
    expect(await cityOf(after, other)).toBe('newer');
    expect(await position(after)).toBe('2 2');
    expect(before.failures).toEqual([]);
    expect(before.unfit).toEqual([]);
  });

  itOnStandIn('waits for a round that ends, and then for nothing', async () => {
    const user = ++users;
    const before = writer(PATIENT_MS);
    await before.begin(TOPIC);
    const release = await hold(loading('profile_'), () => take(before, city(0, user, 'old')));
    // By its limit it waits long enough for the round to end.
    const after = writer(LONG_MS);
    const opened = after.begin(TOPIC);
    await sleep(300);
    release();
    expect(await opened).toBe(1);
    const startedMs = performance.now();
    await take(after, city(1, user, 'new'));
    await durable(after, 2);
    expect(performance.now() - startedMs).toBeLessThan(2 * new SureStatements(after.pool, LONG_MS).lingerMs);
    expect(await cityOf(after, user)).toBe('new');
    expect(await position(after)).toBe('2 2');
    expect(await position(after, `repeats/${TOPIC}/0`)).toBeNull();
    // Who has it no more hears of it when there is something to write.
    await take(before, city(1, user, 'late'));
    await until(() => isLost(before, 2));
    expect(await cityOf(after, user)).toBe('new');
  });

  // The stand-in plans an INSERT and does it in one; of a load the claim is looked at before.
  itByLoad('waits until a statement that was planned before the claim has ended', async () => {
    const user = ++users;
    const before = writer(PATIENT_MS);
    await before.begin(TOPIC);
    const release = await hold(loading('profile_'), () => take(before, city(0, user, 'old')));
    const after = writer(TIMEOUT_MS);
    expect(await after.begin(TOPIC)).toBe(0);
    await take(after, city(0, user, 'new'));
    const flushed = after.writer.flush();
    release();
    // It was begun under its claim, and is written.
    await until(async () => (await cityOf(after, user)) === 'old');
    await until(() => isLost(before, 1));
    await flushed;
    await durable(after, 1);
    expect(await cityOf(after, user)).toBe('new');
    expect(await position(after)).toBe('1 1');
    // Rows that nobody knew to be there were written over.
    expect(await position(after, `repeats/${TOPIC}/0`)).toBe('1 1');
  });

  itOnStandIn('finds nothing under way behind a writer that was finished in the middle of a round', async () => {
    const user = ++users;
    const before = writer(PATIENT_MS);
    await before.begin(TOPIC);
    const release = await hold(loading('profile_'), () => take(before, city(0, user, 'first')));
    await take(before, city(1, user, 'last'));
    let isFinished = false;
    const finished = before.writer.finish().then(() => {
      isFinished = true;
    });
    await sleep(100);
    expect(isFinished).toBe(false);
    release();
    await finished;
    expect(before.settle(TOPIC, 2)).toBe(2);
    expect(await position(before)).toBe('2 2');
    // It may take more; no round begins for it.
    await take(before, city(2, user, 'never'));
    await sleep(200);
    expect(before.settle(TOPIC, 3)).toBe(2);
    expect(await cityOf(before, user)).toBe('last');

    const after = writer(LONG_MS);
    const startedMs = performance.now();
    expect(await after.begin(TOPIC)).toBe(2);
    await take(after, city(2, user, 'new'));
    await durable(after, 3);
    expect(performance.now() - startedMs).toBeLessThan(2 * new SureStatements(after.pool, LONG_MS).lingerMs);
    expect(await cityOf(after, user)).toBe('new');
    await before.close();
    await expect(before.begin(TOPIC)).rejects.toThrow(SourceLostError);
    expect(await position(after)).toBe('3 3');
    expect(await cityOf(after, user)).toBe('new');
  });

  itOnStandIn('counts what it writes once more of what a dead writer had begun, and waits before it does', async () => {
    const user = ++users;
    const { pool, ...after } = writer(TIMEOUT_MS);
    await pool.write(
      'INSERT INTO `sys_positions` (`sys_source`, `sys_begun`, `sys_next`, `sys_writer`) VALUES ' +
        `('${TOPIC}/0', 4, 1, 'dead-1'), ('repeats/${TOPIC}/0', 6, 6, '')`,
    );
    const work = { pool, ...after };
    expect(await work.begin(TOPIC)).toBe(1);
    const startedMs = performance.now();
    await take(work, city(1, user, 'one'), city(2, user, 'two'));
    await durable(work, 3);
    expect(performance.now() - startedMs).toBeGreaterThan(2 * new SureStatements(pool, TIMEOUT_MS).lingerMs - 10);
    expect(await position(work)).toBe('4 3');
    expect(await position(work, `repeats/${TOPIC}/0`)).toBe('7 7');
    // This one reaches behind what the other had begun; the next one has nothing to do with it.
    await take(work, city(3, user, 'three'), city(4, user, 'four'));
    await durable(work, 5);
    expect(await position(work, `repeats/${TOPIC}/0`)).toBe('8 8');
    await take(work, city(5, user, 'five'));
    await durable(work, 6);
    expect(await position(work)).toBe('6 6');
    expect(await position(work, `repeats/${TOPIC}/0`)).toBe('8 8');
    // Told from further back, by the same process.
    await work.begin(TOPIC, 4);
    await take(work, city(4, user, 'four'), city(5, user, 'five'));
    await durable(work, 6);
    expect(await position(work)).toBe('6 6');
    expect(await position(work, `repeats/${TOPIC}/0`)).toBe('9 9');
    expect(await cityOf(work, user)).toBe('five');
  });
}
