import { setTimeout as sleep } from 'node:timers/promises';
import type { FieldState, Guid } from '@tessera/tag-catalog';
import { describeWithStarrocks } from '../../../../test/support/starrocks-standin/with-starrocks';
import { StreamLoadClient } from './stream-load-client';
import { batchOf, catalogOf, makeTables, writerAt } from './testing/writer-at-work';
import type { WriterAtWork } from './testing/writer-at-work';

const TESTS_MS_MAX = 120_000;
/** So many columns take their time. */
const TIMEOUT_MS = 30_000;
const TOPIC = 'tags.wide';
/** Names of as many columns, twice over, are more than a frontend takes as headers. */
const TAGS = 300;
const nameOf = (place: number): string => `one_of_very_many_tags_${place}`;
const tags = Array.from({ length: TAGS }, (_, place) => ({ name: nameOf(place), valueType: 'int' }));
const CATALOG = catalogOf([{ name: 'wide', kind: 'profile', tags }]);
const WIDE = CATALOG.type('wide')!;

describeWithStarrocks('Rows with hundreds of columns', (starrocks) => {
  let work: WriterAtWork;
  const loaded: string[] = [];

  beforeAll(async () => {
    const { mysqlUrl, httpUrls: urls, database } = starrocks();
    const client = new StreamLoadClient({ urls, user: 'root', password: '', database, timeoutMs: TIMEOUT_MS });
    work = writerAt(mysqlUrl, CATALOG, {
      timeoutMs: TIMEOUT_MS,
      streamLoad: {
        stateOf: (label) => client.stateOf(label),
        load: (request) => {
          loaded.push(request.table);
          return client.load(request);
        },
      },
    });
    await makeTables(work.pool, CATALOG);
  }, TESTS_MS_MAX);

  afterAll(() => work.close());

  async function write(offset: number, count: number): Promise<void> {
    const fields = WIDE.tags
      .slice(0, count)
      .map((field, place): FieldState => ({ field, value: place, timeMs: offset }));
    const content = { type: WIDE, cuid: 'ann', timeMs: offset, id: null, fields: [] };
    const entry = { offset, cuid: 'ann', guid: 1 as Guid, arrivalMs: 0, content };
    await work.take(batchOf(TOPIC, [{ entry, outcome: { verdict: 'accepted', fields } }]));
    await work.writer.flush();
    for (let left = 1_200; work.settle(TOPIC, offset + 1) <= offset; left--) {
      if (left === 0) throw new Error(`not written: ${work.failures.join('; ').slice(0, 500)}`);
      await sleep(50);
    }
  }

  it(
    'are written where Stream Load takes no headers as long',
    async () => {
      await work.begin(TOPIC);
      await write(0, TAGS);
      expect(loaded).toEqual(['sys_users']);
      await write(1, 2);
      expect(loaded).toEqual(['sys_users', 'profile_1_wide']);
      const [row] = await work.rows('profile_1_wide', 'sys_guid');
      expect(tags.map(({ name }) => row?.[name])).toEqual(tags.map((_, place) => String(place)));
      expect([row?.['sys_version'], row?.[`sys_t_${nameOf(0)}`], row?.[`sys_t_${nameOf(2)}`]]).toEqual([
        '1',
        '1970-01-01 00:00:00.001000',
        '1970-01-01 00:00:00',
      ]);
      expect([work.unfit, work.failures]).toEqual([[], []]);
    },
    TESTS_MS_MAX,
  );
});
