import { describeWithStarrocks } from '../../../../test/support/starrocks-standin/with-starrocks';
import type { StarrocksAtHand } from '../../../../test/support/starrocks-standin/with-starrocks';
import type { StarrocksRow } from '../connection/starrocks-connection';
import { StreamLoadClient } from './stream-load-client';
import { CATALOG, erased, FLAG, NOON, PERSON, told } from './testing/told-entries';
import type { Told } from './testing/told-entries';
import { batchOf, makeTables, TIMEOUT_MS, writerAt } from './testing/writer-at-work';
import type { WriterAtWork } from './testing/writer-at-work';

const TESTS_MS_MAX = 120_000;

describe.each(['INSERT', 'Stream Load'])('By %s', (transport) => {
  describeWithStarrocks('profile tables made with REPLACE_IF_NOT_NULL', (starrocks) => {
    keeps(starrocks, transport === 'INSERT');
  });
});

function keeps(starrocks: () => StarrocksAtHand, isInsert: boolean): void {
  let work: WriterAtWork;

  beforeAll(async () => {
    const { mysqlUrl, httpUrls: urls, database } = starrocks();
    const client = new StreamLoadClient({ urls, user: 'root', password: '', database, timeoutMs: TIMEOUT_MS });
    work = writerAt(mysqlUrl, CATALOG, { clearsTags: false, streamLoad: isInsert ? null : client });
    await makeTables(work.pool, CATALOG, 'aggregate');
    for (const topic of ['tags.person', 'tags.flag', 'sys_cguid_mapping']) await work.begin(topic);
  }, TESTS_MS_MAX);

  afterAll(() => work.close());

  async function write(topic: string, ...some: readonly Told[]): Promise<void> {
    await work.take(batchOf(topic, some));
    await work.writer.flush();
  }

  const timesOf = (row: StarrocksRow | undefined): readonly string[] =>
    PERSON.tags.flatMap(({ name }) => {
      const time = row?.[`sys_t_${name}`] ?? null;
      return time === null ? [] : [`${name} ${Date.parse(`${String(time).replace(' ', 'T')}Z`) - NOON}`];
    });

  it('keep what a row does not name, each value with its time', async () => {
    const all = {
      ...{ vip: false, level: 0, spend: -1205, city: '', born: -1, seen: NOON, likes: ['a', `'b'`] },
    };
    await write('tags.person', told(PERSON, 0, 1, all), told(PERSON, 1, 2, { level: 3 }));
    await write('tags.person', told(PERSON, 2, 1, { level: 7 }), told(PERSON, 3, 2, { city: 'x', likes: [] }));
    await write('tags.person', told(PERSON, 4, 1, { likes: [] }), told(PERSON, 5, 3, { vip: true }));
    const [one, two, three] = await work.rows('profile_1_person', 'sys_guid');
    expect(one).toMatchObject({ vip: 0, level: '7', spend: '-12.05', city: '', born: '1969-12-31', likes: '[]' });
    expect(timesOf(one)).toEqual(['vip 0', 'level 2', 'spend 0', 'city 0', 'born 0', 'seen 0', 'likes 4']);
    expect(two).toMatchObject({ sys_guid: '2', vip: null, level: '3', city: 'x', likes: '[]' });
    expect(timesOf(two)).toEqual(['level 1', 'city 3', 'likes 3']);
    expect(three).toMatchObject({ sys_guid: '3', vip: 1, level: null });
    expect(work.unfit).toEqual([]);
    expect(work.settle('tags.person', 6)).toBe(6);
  });

  it('come out the same when rows come again, or under a time of nobody', async () => {
    const field = PERSON.tags.find(({ name }) => name === 'level')!;
    const { entry } = told(PERSON, 6, 4, { level: 5 });
    const outcome = { verdict: 'accepted', fields: [{ field, value: 5, timeMs: null }] } as const;
    await write('tags.person', { entry, outcome });
    await write('tags.person', { entry: { ...entry, offset: 7 }, outcome: { ...outcome, verdict: 'repeated' } });
    const rows = await work.rows('profile_1_person', 'sys_guid');
    expect(rows).toHaveLength(4);
    expect(rows[3]).toMatchObject({ sys_guid: '4', level: '5', sys_t_level: null, city: null });
  });

  it('clear nothing: that is told of the message, and what else came of the user is written', async () => {
    const before = work.unfit.length;
    await write(
      'tags.person',
      told(PERSON, 8, 1, { city: null }),
      told(PERSON, 9, 2, { level: 9, city: null }),
      told(PERSON, 10, 3, { level: 10 }),
    );
    const unfit = work.unfit.slice(before);
    expect(unfit.map(({ row }) => row.records)).toEqual([[{ offset: 8 }], [{ offset: 9 }]]);
    expect(unfit[0]?.why).toContain('REPLACE_IF_NOT_NULL');
    const [one, two, three] = await work.rows('profile_1_person', 'sys_guid');
    expect(one).toMatchObject({ city: '', level: '7' });
    expect(timesOf(one)).toContain('city 0');
    expect(two).toMatchObject({ level: '9', city: 'x' });
    expect(timesOf(two)).toEqual(['level 9', 'city 3', 'likes 3']);
    expect(three).toMatchObject({ level: '10', vip: 1 });
    expect(work.settle('tags.person', 11)).toBe(11);
  });

  it('leave kv tags as they are: those are cleared', async () => {
    await write('tags.flag', told(FLAG, 0, 1, { marked: 'm' }));
    await write('tags.flag', told(FLAG, 1, 1, { marked: null }));
    const [row] = await work.rows('kv_2_flag', 'sys_guid');
    expect(row).toMatchObject({ sys_guid: '1', sys_text: null });
    expect(row?.['sys_t']).toContain('12:00:00.124');
  });

  it('find the row that can not be stored, and lose erased users', async () => {
    const before = work.unfit.length;
    const long = 'x'.repeat(70_000);
    await write('tags.person', told(PERSON, 11, 5, { city: 'here' }), told(PERSON, 12, 6, { city: long }));
    expect(work.unfit.slice(before).map(({ row }) => row.records)).toEqual([[{ offset: 12 }]]);
    await write('sys_cguid_mapping', erased(0, 1));
    // Erased while their rows were on their way.
    work.retired.add(erased(1, 7).entry.guid);
    await write('tags.person', told(PERSON, 13, 7, { city: 'gone' }), told(PERSON, 14, 2, { vip: true }, 'retired'));
    const rows = await work.rows('profile_1_person', 'sys_guid');
    // Of 6 there are keys alone: of no tag do they say that it has a value.
    expect(rows.map((row) => [row['sys_guid'], row['city']])).toEqual([
      ['3', null],
      ['4', null],
      ['5', 'here'],
      ['6', null],
    ]);
    const users = await work.rows('sys_users', 'sys_guid');
    expect(users.map((row) => row['sys_guid'])).toEqual(['3', '4', '5', '6']);
  });
}
