import { setTimeout as sleep } from 'node:timers/promises';
import type { FieldState, Guid, TagValue } from '@tessera/tag-catalog';
import { TOO_MANY_VERSIONS } from '../../../../test/support/starrocks-standin/faults';
import { describeWithStarrocks } from '../../../../test/support/starrocks-standin/with-starrocks';
import { StreamLoadClient } from './stream-load-client';
import { batchOf, catalogOf, makeTables, TIMEOUT_MS, writerAt } from './testing/writer-at-work';
import type { WriterAtWork } from './testing/writer-at-work';

const TESTS_MS_MAX = 120_000;
const TOPIC = 'tags.person';
const CATALOG = catalogOf([{ name: 'person', kind: 'profile', tags: [{ name: 'level', valueType: 'int' }] }]);
const PERSON = CATALOG.type('person')!;
const LEVEL = PERSON.tags[0]!;
const TABLE = 'profile_1_person';

/** A load that was answered. */
interface Sent {
  readonly table: string;
  readonly label: string;
  readonly status: string;
  readonly existing: string;
}

describeWithStarrocks('labels of Stream Load', (starrocks) => {
  const open: WriterAtWork[] = [];
  let sent: Sent[] = [];
  /** Tables of loads, answered or not. */
  let begun: string[] = [];

  function another(timeoutMs = TIMEOUT_MS): WriterAtWork {
    const { mysqlUrl, httpUrls: urls, database } = starrocks();
    const client = new StreamLoadClient({ urls, user: 'root', password: '', database, timeoutMs });
    const work = writerAt(mysqlUrl, CATALOG, {
      timeoutMs,
      streamLoad: {
        stateOf: (label) => client.stateOf(label),
        load: async (request) => {
          begun.push(request.table);
          const answer = await client.load(request);
          const { table, label } = request;
          sent.push({ table, label, status: answer.status, existing: answer.existingStatus });
          return answer;
        },
      },
    });
    open.push(work);
    return work;
  }

  beforeAll(async () => {
    const work = another();
    await makeTables(work.pool, CATALOG);
  }, TESTS_MS_MAX);

  beforeEach(() => {
    sent = [];
    begun = [];
  });

  afterAll(async () => {
    for (const work of open) await work.close();
  });

  /** The level alone, as increments make it: it has no time. */
  async function write(work: WriterAtWork, offset: number, user: number, level: TagValue): Promise<void> {
    const fields: FieldState[] = [{ field: LEVEL, value: level, timeMs: null }];
    const content = { type: PERSON, cuid: `user ${user}`, timeMs: offset, id: null, fields: [] };
    const entry = { offset, cuid: `user ${user}`, guid: user as Guid, arrivalMs: 0, content };
    await work.take(batchOf(TOPIC, [{ entry, outcome: { verdict: 'accepted', fields } }]));
    await work.writer.flush();
    while (work.settle(TOPIC, offset + 1) <= offset) await sleep(20);
  }

  async function levelOf(work: WriterAtWork, user: number): Promise<unknown> {
    const rows = await work.rows(TABLE, 'sys_guid');
    return rows.find((row) => row['sys_guid'] === String(user))?.['level'];
  }

  it(
    'are those of before when a round is tried again, so that what is written is written once',
    async () => {
      const faults = starrocks().standIn?.faults;
      // On a cluster none can be made.
      if (faults === undefined) return;
      const work = another();
      await work.begin(TOPIC);
      faults.add({ at: 'load-before', match: TABLE, action: TOO_MANY_VERSIONS });
      await write(work, 0, 1, 5);
      expect(work.failures.join()).toContain('too many versions');
      expect(sent.map(({ table, status, existing }) => [table, status, existing])).toEqual([
        ['sys_users', 'Success', ''],
        [TABLE, 'Fail', ''],
        ['sys_users', 'Label Already Exists', 'FINISHED'],
        [TABLE, 'Success', ''],
      ]);
      expect(sent[2]?.label).toBe(sent[0]?.label);
      expect(sent[3]?.label).toBe(sent[1]?.label);
      expect(await levelOf(work, 1)).toBe('5');
    },
    TESTS_MS_MAX,
  );

  it(
    'stay when the claims have to be looked at once more, since it was half a limit until StarRocks asked for the rows',
    async () => {
      const faults = starrocks().standIn?.faults;
      if (faults === undefined) return;
      const work = another(4_000);
      const from = await work.begin(TOPIC);
      faults.add({ at: 'redirect', match: TABLE, action: { kind: 'delay', ms: 2_500 } });
      await write(work, from, 7, 8);
      expect(begun.filter((table) => table === TABLE)).toHaveLength(2);
      expect(sent.filter(({ table }) => table === TABLE).map(({ status }) => status)).toEqual(['Success']);
      expect(await levelOf(work, 7)).toBe('8');
    },
    TESTS_MS_MAX,
  );

  it(
    'are others for the same rows in another round, told again, or by another writer',
    async () => {
      const first = another();
      const from = await first.begin(TOPIC);
      // The same row three times, with another one between: were a label the same, the row would not be written.
      await write(first, from, 2, 1);
      await write(first, from + 1, 2, 2);
      await write(first, from + 2, 2, 1);
      expect(await levelOf(first, 2)).toBe('1');
      await write(first, from + 3, 2, 3);
      await first.begin(TOPIC, from + 2);
      await write(first, from + 2, 2, 1);
      expect(await levelOf(first, 2)).toBe('1');
      await write(first, from + 3, 2, 4);
      const next = another();
      await next.begin(TOPIC, from + 2);
      await write(next, from + 2, 2, 1);
      expect(await levelOf(next, 2)).toBe('1');
      const labels = sent.map(({ label }) => label);
      expect(sent.every(({ status }) => status === 'Success')).toBe(true);
      expect(new Set(labels).size).toBe(labels.length);
      for (const label of labels) expect(label).toMatch(/^tessera_(?:profile_1_person|sys_users)_[0-9a-f]{40}$/);
    },
    TESTS_MS_MAX,
  );
});
