import { setTimeout as sleep } from 'node:timers/promises';
import type { Guid, ProfileOutcome } from '@tessera/tag-catalog';
import { describeWithStarrocks } from '../../../../test/support/starrocks-standin/with-starrocks';
import type { StarrocksAtHand } from '../../../../test/support/starrocks-standin/with-starrocks';
import { SourceLostError } from './source-state';
import { TOO_MANY_VERSIONS } from '../../../../test/support/starrocks-standin/faults';
import { StreamLoadClient } from './stream-load-client';
import { CATALOG, erased, FLAG, NOON, PERSON, told, VISIT } from './testing/told-entries';
import type { Told } from './testing/told-entries';
import { batchOf, makeTables, TIMEOUT_MS, writerAt } from './testing/writer-at-work';
import type { WriterAtWork } from './testing/writer-at-work';

const TESTS_MS_MAX = 120_000;
const NEVER = new AbortController().signal;
const guid = (number: number): Guid => number as Guid;

describe.each(['INSERT', 'Stream Load'])('By %s', (transport) => {
  describeWithStarrocks('the writer on StarRocks', (starrocks) => {
    writes(starrocks, transport === 'INSERT');
  });
});

function writes(starrocks: () => StarrocksAtHand, isInsert: boolean): void {
  let work: WriterAtWork;

  const another = (changes: Parameters<typeof writerAt>[2] = {}): WriterAtWork => {
    const { mysqlUrl, httpUrls: urls, database } = starrocks();
    const streamLoad = new StreamLoadClient({ urls, user: 'root', password: '', database, timeoutMs: TIMEOUT_MS });
    return writerAt(mysqlUrl, CATALOG, { streamLoad: isInsert ? null : streamLoad, ...changes });
  };

  beforeAll(async () => {
    work = another();
    await makeTables(work.pool, CATALOG);
  }, TESTS_MS_MAX);

  afterAll(() => work.close());

  function begin(at: WriterAtWork, topic: string): Promise<number> {
    return at.begin(topic);
  }

  async function write(at: WriterAtWork, topic: string, ...some: readonly Told[]): Promise<void> {
    await at.take(batchOf(topic, some));
    await at.writer.flush();
  }

  async function durable(at: WriterAtWork, topic: string, nextOffset: number): Promise<void> {
    for (let left = 400; at.settle(topic, nextOffset) < nextOffset; left--) {
      if (left === 0) throw new Error('is not durable');
      await sleep(20);
    }
  }

  it('writes fields that won with their times, clears as NULL with a time, and users once', async () => {
    await begin(work, 'tags.person');
    await write(
      work,
      'tags.person',
      told(PERSON, 0, 1, { vip: true, level: 2 ** 53 - 1, spend: -1205, city: `a'b\\"\n\0 𝄞` }),
      told(PERSON, 1, 2, { born: -1, seen: NOON, likes: ['a', `'b'`] }),
      told(PERSON, 2, 1, { level: 7, city: null }),
      told(PERSON, 3, 3, {}, 'stale'),
      told(PERSON, 4, 4, { likes: [], group: 'g', order: 3 }),
      told(PERSON, 5, 5, { level: 1 }, { code: 'outOfRange', detail: '' }),
    );
    await durable(work, 'tags.person', 6);
    const [one, two, four] = await work.rows('profile_1_person', 'sys_guid');
    expect(one).toMatchObject({ sys_guid: '1', vip: 1, level: '7', spend: '-12.05', city: null, born: null });
    expect([one, two, four].map((row) => row?.['sys_version'])).toEqual(['2', '1', '4']);
    expect(one?.['sys_t_city']).toContain('2026-11-20 12:00:00.125');
    expect(two).toMatchObject({ sys_guid: '2', born: '1969-12-31', level: null });
    expect(four).toMatchObject({ sys_guid: '4', likes: '[]', group: 'g', order: '3' });
    const users = await work.rows('sys_users', 'sys_guid');
    expect(users.map((row) => [row['sys_guid'], row['sys_cuid']])).toEqual([
      ['1', 'user 1 𝄞'],
      ['2', 'user 2 𝄞'],
      ['3', 'user 3 𝄞'],
      ['4', 'user 4 𝄞'],
    ]);
  });

  it('leaves columns alone that a row does not name', async () => {
    await write(work, 'tags.person', told(PERSON, 6, 1, { city: 'x' }));
    const [one] = await work.rows('profile_1_person', 'sys_guid');
    expect(one).toMatchObject({ vip: 1, level: '7', spend: '-12.05', city: 'x', sys_version: '6' });
  });

  it('writes kv tags as rows of a tag and a user, and rows of events once however often they come', async () => {
    await begin(work, 'tags.flag');
    await begin(work, 'tags.visit');
    await write(work, 'tags.flag', told(FLAG, 0, 1, { marked: 'm', points: 3 }), told(FLAG, 1, 1, { since: 1 }));
    const visits = [told(VISIT, 0, 1, { page: 'p' }), told(VISIT, 1, 1, {}), told(VISIT, 2, 9, { page: 'q' }, 'stale')];
    await write(work, 'tags.visit', ...visits);
    await work.begin('tags.visit', 0);
    await write(work, 'tags.visit', ...visits.map(({ entry }) => ({ entry, outcome: repeated() })));
    await durable(work, 'tags.visit', 3);
    const flags = await work.rows('kv_2_flag', 'sys_tag');
    expect(flags.map((row) => [row['sys_text'], row['sys_number'], row['sys_moment']])).toEqual([
      ['m', null, null],
      [null, '3', null],
      [null, null, expect.stringContaining('1970-01-02 00:00:00')],
    ]);
    const rows = await work.rows('event_3_visit', 'sys_row');
    expect(rows.map((row) => [row['sys_guid'], row['sys_row'], row['page']])).toEqual([
      ['1', '0', 'p'],
      ['1', '1', null],
      ['9', '2', 'q'],
    ]);
  });

  it('says how far it is, and goes on there', async () => {
    const [found] = await work.pool.rows("SELECT * FROM sys_positions WHERE sys_source = 'tags.person/0'");
    expect(found).toMatchObject({ sys_begun: '7', sys_next: '7' });
    const again = another();
    expect(await begin(again, 'tags.person')).toBe(7);
    await again.close();
  });

  it('writes nothing more of a source that another writer has taken over', async () => {
    await begin(work, 'tags.person').catch(() => undefined);
    const other = another();
    await work.take(batchOf('tags.person', [told(PERSON, 7, 1, { city: 'old' })]));
    expect(await begin(other, 'tags.person')).toBe(7);
    await write(other, 'tags.person', told(PERSON, 7, 1, { city: 'new' }));
    await durable(other, 'tags.person', 8);
    await work.writer.flush();
    const [one] = await work.rows('profile_1_person', 'sys_guid');
    expect(one?.['city']).toBe('new');
    await expect(work.take(batchOf('tags.person', [told(PERSON, 8, 1, { city: 'older' })]))).rejects.toThrow(
      SourceLostError,
    );
    await other.close();
  });

  it('listens to the latest opening of a source alone', async () => {
    const origin = { topic: 'tags.visit', partition: 5 };
    const early = await work.writer.open(origin);
    const late = await work.writer.open(origin);
    expect(() => work.writer.begin(early, 0)).toThrow(SourceLostError);
    work.writer.begin(late, 0);
    const batch = batchOf('tags.visit', [told(VISIT, 0, 9, { page: 'p' })], 5);
    await expect(work.writer.take(batch, early, NEVER)).rejects.toThrow(SourceLostError);
    await work.writer.take(batch, late, NEVER);
    work.writer.leave(early);
    expect(() => work.writer.begin(early, 1)).toThrow(SourceLostError);
    await work.writer.flush();
    expect(work.writer.settle(late, 1)).toBe(1);
    const others = [another(), another()];
    const found = await Promise.all(others.map((at) => at.writer.open(origin)));
    expect(found.map(({ next }) => next)).toEqual([1, 1]);
    await Promise.all(others.map((at) => at.close()));
    const both = await Promise.all([1, 2].map(() => work.writer.open({ ...origin, partition: 6 })));
    const isHeard = both.map((opening) => {
      try {
        work.writer.begin(opening, 0);
        return true;
      } catch {
        return false;
      }
    });
    expect(isHeard.filter(Boolean)).toHaveLength(1);
  });

  it('lets others work while what fills its shelf may not be written yet', async () => {
    await work.pool.write("INSERT INTO sys_positions (sys_source, sys_begun) VALUES ('tags.waiting/0', 12)");
    const other = another({ limits: { rows: 2, bytes: 1_000_000, ageMs: 20, waitingBytes: 10_000_000 } });
    await other.begin('tags.waiting', 0);
    const startedMs = performance.now();
    const rows = [0, 1, 2, 3].map((offset) => told(VISIT, offset, 2, { page: 'p' }));
    await other.take(batchOf('tags.waiting', rows));
    const last = other.take(batchOf('tags.waiting', [told(VISIT, 4, 2, { page: 'p' })]));
    await sleep(20);
    expect(performance.now() - startedMs).toBeLessThan(2 * TIMEOUT_MS);
    await last;
    await durable(other, 'tags.waiting', 5);
    expect(performance.now() - startedMs).toBeGreaterThan(2 * TIMEOUT_MS);
    await other.close();
    const here = await work.pool.rows('SELECT sys_guid FROM event_3_visit WHERE sys_guid = 2');
    expect(here).toHaveLength(5);
  });

  it('waits for what may be under way of a writer that died in the middle', async () => {
    await work.pool.write("INSERT INTO sys_positions (sys_source, sys_begun) VALUES ('tags.person/0', 12)");
    const other = another();
    const startedMs = performance.now();
    await begin(other, 'tags.person');
    await other.take(batchOf('tags.person', [told(PERSON, 8, 1, { city: 'later' })]));
    await other.writer.flush();
    const cityOf = async (): Promise<unknown> => (await work.rows('profile_1_person', 'sys_guid'))[0]?.['city'];
    expect(await cityOf()).toBe('new');
    while ((await cityOf()) !== 'later') await sleep(50);
    expect(performance.now() - startedMs).toBeGreaterThan(2 * TIMEOUT_MS);
    await durable(other, 'tags.person', 9);
    const [found] = await work.pool.rows("SELECT * FROM sys_positions WHERE sys_source = 'tags.person/0'");
    expect(found).toMatchObject({ sys_begun: '12', sys_next: '9' });
    await other.close();
  });

  it('takes away users who were erased, in all tables, and those erased while their rows were on their way', async () => {
    await begin(work, 'tags.person');
    await begin(work, 'sys_cguid_mapping');
    await write(work, 'sys_cguid_mapping', erased(0, 1));
    expect((await work.rows('sys_users', 'sys_guid')).map((row) => row['sys_guid'])).not.toContain('1');
    for (const table of ['profile_1_person', 'kv_2_flag', 'event_3_visit']) {
      const rows = await work.rows(table, 'sys_guid');
      expect(rows.map((row) => row['sys_guid'])).not.toContain('1');
    }
    // The tombstone comes between the verdict and the rows.
    work.retired.add(guid(20));
    await write(work, 'tags.person', told(PERSON, 20, 20, { city: 'gone' }), told(PERSON, 21, 21, { city: 'here' }));
    // Somebody who died has written a row, and it is told again.
    await work.pool.write("INSERT INTO sys_users (sys_guid, sys_cuid) VALUES (22, 'z')");
    await work.pool.write('INSERT INTO profile_1_person (sys_guid, level) VALUES (22, 1)');
    await write(work, 'tags.person', told(PERSON, 22, 22, { level: 1 }, 'retired'));
    await durable(work, 'tags.person', 23);
    const left = [...(await work.rows('sys_users', 'sys_guid')), ...(await work.rows('profile_1_person', 'sys_guid'))];
    expect(left.map((row) => row['sys_guid'])).toEqual(['2', '3', '4', '9', '21', '2', '4', '21']);
  });

  it('finds the row that StarRocks can not take, and writes the others', async () => {
    const some = Array.from({ length: 40 }, (_, place) => {
      const offset = 30 + place;
      return told(VISIT, offset, 100 + place, { page: place === 17 ? 'x'.repeat(70_000) : `page ${place}` });
    });
    await write(work, 'tags.visit', ...some);
    await durable(work, 'tags.visit', 70);
    expect(work.unfit.map(({ row }) => row.records)).toEqual([[{ offset: 47 }]]);
    const rows = await work.rows('event_3_visit', 'sys_row');
    expect(rows.filter((row) => Number(row['sys_guid']) >= 100)).toHaveLength(39);
  });

  it('gives up no row for a refusal that passes', async () => {
    const faults = starrocks().standIn?.faults;
    if (faults === undefined) return;
    const match = isInsert ? '^INSERT INTO `event_3' : 'event_3_visit';
    const action = { kind: 'error', message: 'disk of node 10004 is full' } as const;
    const at = isInsert ? 'statement-before' : 'load-before';
    faults.add({ at, match, action });
    // The keys are taken; the row is refused once more.
    faults.add({ at, match, action, skip: 1 });
    await work.take(batchOf('tags.visit', [told(VISIT, 79, 61, { page: 'a' })]));
    await durable(work, 'tags.visit', 80);
    expect(faults.left).toBe(0);
    expect(work.unfit).toHaveLength(1);
    const rows = await work.rows('event_3_visit', 'sys_row');
    expect(rows.filter((row) => row['sys_guid'] === '61')).toHaveLength(1);
  });

  it('goes on after too many versions and broken connections, each row once', async () => {
    const faults = starrocks().standIn?.faults;
    // On a cluster none can be made.
    if (faults === undefined) return;
    const match = 'event_3_visit';
    const at = isInsert ? 'statement' : 'load';
    faults.add({ at: `${at}-before`, match, action: TOO_MANY_VERSIONS });
    // The rows are written, and nobody hears of it.
    faults.add({ at: `${at}-after`, match, action: { kind: 'drop' } });
    if (!isInsert) faults.add({ at: 'load-after', match: 'sys_users', action: { kind: 'publishTimeout' } });
    await work.take(batchOf('tags.visit', [told(VISIT, 80, 60, { page: 'a' })]));
    await durable(work, 'tags.visit', 81);
    expect(faults.left).toBe(0);
    expect(work.failures.join()).toContain('too many versions');
    const rows = await work.rows('event_3_visit', 'sys_row');
    expect(rows.filter((row) => row['sys_guid'] === '60')).toHaveLength(1);
    expect(work.unfit).toHaveLength(1);
  });

  it('waits while a table can take nothing, without holding up others', async () => {
    await work.pool.run('ALTER TABLE kv_2_flag RENAME kv_away');
    await work.take(batchOf('tags.flag', [told(FLAG, 2, 50, { points: 1 })]));
    while (!work.writer.troubles.has('tags.flag')) await sleep(20);
    expect(work.writer.troubles.get('tags.flag')).toContain('kv_2_flag');
    expect(work.settle('tags.flag', 3)).toBe(2);
    await work.take(batchOf('tags.visit', [told(VISIT, 90, 50, { page: 'meanwhile' })]));
    await durable(work, 'tags.visit', 91);
    await work.pool.run('ALTER TABLE kv_away RENAME kv_2_flag');
    await durable(work, 'tags.flag', 3);
    expect(work.unfit).toHaveLength(1);
    expect(work.writer.troubles.size).toBe(0);
  });
}

function repeated(): ProfileOutcome {
  return { verdict: 'repeated', fields: [] };
}
