import { setTimeout as sleep } from 'node:timers/promises';
import { MysqlCatalogStore } from '@tessera/catalog-store';
import { LetterWriter, MAPPING_TOPIC } from '@tessera/ingest';
import type { AppliedBatch } from '@tessera/ingest';
import { readSettings } from '@tessera/platform';
import { StarrocksPool } from '@tessera/starrocks-engine';
import { declareTagType, removeTagType } from '@tessera/tag-catalog';
import type { Guid, JsonValue, ProfileEntry, TagTypeDefinition } from '@tessera/tag-catalog';
import { Registry } from 'prom-client';
import { MariaDbServer } from '../../../test/support/services/mariadb-server';
import { describeWithServer } from '../../../test/support/services/with-server';
import { StarrocksStandIn } from '../../../test/support/starrocks-standin/standin';
import { INGEST_WORKER } from './config';
import { openStore } from './starrocks-store';
import type { OpenedStore } from './starrocks-store';

const TEST_MS_MAX = 120_000;
const NOON = Date.UTC(2026, 10, 20, 12);
const NOBODY = new AbortController().signal;
const DATABASE = 'tessera';

describeWithServer('Erasures by a worker that has heard of nothing lately', MariaDbServer, (mariadb) => {
  let standIn: StarrocksStandIn;
  let pool: StarrocksPool;
  const open: (() => Promise<void>)[] = [];
  let ours: { readonly store: OpenedStore; readonly catalogStore: MysqlCatalogStore };
  let theirs: typeof ours;
  let erasures = 0;

  /** A worker that looks at the catalogue so often. */
  async function worker(pollMs: number): Promise<typeof ours> {
    const { mysqlUrl } = standIn;
    const read = readSettings(INGEST_WORKER, [], {
      ...{ STARROCKS_URL: mysqlUrl, STARROCKS_DATABASE: DATABASE, STARROCKS_REPLICATION: '1', STARROCKS_BUCKETS: '1' },
      ...{ STARROCKS_BATCH_MS: '10', STARROCKS_TIMEOUT_MS: '5000', MYSQL_URL: mariadb().url },
    });
    if (read.kind !== 'run') throw new Error('no settings');
    const { config } = read;
    const catalogStore = await MysqlCatalogStore.open(mariadb().url, { pollMs });
    const store = await openStore([mysqlUrl], config, {
      catalogStore,
      profiles: { retired: () => Promise.resolve([]) },
      letters: new LetterWriter({ write: () => Promise.resolve() }, Date.now, () => undefined),
      registry: new Registry(),
      log: () => undefined,
    });
    open.push(async () => {
      await store.close();
      await catalogStore.close();
    });
    return { store, catalogStore };
  }

  async function declare(json: JsonValue): Promise<void> {
    await theirs.catalogStore.update((catalog) => {
      const outcome = declareTagType(catalog, json);
      if (!outcome.ok) throw new Error(JSON.stringify(outcome.errors));
      return outcome.value;
    });
  }

  beforeAll(async () => {
    standIn = await StarrocksStandIn.start();
    pool = new StarrocksPool({ urls: [standIn.mysqlUrl], database: 'information_schema' });
    await pool.run(`CREATE DATABASE \`${DATABASE}\``);
    await pool.close();
    pool = new StarrocksPool({ urls: [standIn.mysqlUrl], database: DATABASE });
    theirs = await worker(50);
    await declare({ name: 'person', kind: 'profile', tags: [{ name: 'level', valueType: 'int' }] });
    // It looks once, as it begins.
    ours = await worker(3_600_000);
    for (const { store } of [ours, theirs]) while (!(await store.state()).ok) await sleep(50);
  }, TEST_MS_MAX);

  afterAll(async () => {
    for (const close of open.splice(0)) await close();
    await pool.close();
    await standIn.close();
  });

  /** Given to a store from offset 0 on; resolves when all of it is durable. */
  async function write(
    { store: { writer } }: typeof ours,
    topic: string,
    entries: readonly ProfileEntry[],
  ): Promise<void> {
    const origin = { topic, partition: 0 };
    const opening = await writer.open(origin);
    const [first] = entries;
    writer.begin(opening, first?.offset ?? 0);
    const batch: AppliedBatch = {
      ...{ origin, entries },
      records: entries.map(({ offset, arrivalMs }) => ({
        ...{ offset, timestampMs: arrivalMs, key: null, value: null, headers: {} },
      })),
      outcomes: entries.map(({ content }) => ({
        verdict: 'accepted',
        fields:
          typeof content === 'string'
            ? []
            : content.fields.flatMap((one) =>
                one.op === 'set' ? [{ field: one.field, value: one.value, timeMs: content.timeMs }] : [],
              ),
      })),
    };
    await writer.take(batch, opening, NOBODY);
    const end = (entries.at(-1)?.offset ?? -1) + 1;
    while (writer.settle(opening, end) < end) await sleep(20);
  }

  /** A message of each of these users. */
  function messages(type: TagTypeDefinition, users: readonly number[]): readonly ProfileEntry[] {
    return users.map((user, offset) => {
      const cuid = `user ${user}`;
      const fields = [...type.tags, ...type.properties].map((field) => ({ op: 'set' as const, field, value: user }));
      const content = { type, cuid, timeMs: NOON, id: null, fields };
      return { offset, cuid, guid: user as Guid, arrivalMs: NOON, content };
    });
  }

  async function fill(name: string): Promise<void> {
    const type = theirs.catalogStore.current().type(name);
    if (type === undefined) throw new Error(`${name} is not declared`);
    await write(theirs, `tags.${name}`, messages(type, [1, 2, 3]));
  }

  function erase(user: number): Promise<void> {
    const cuid = `user ${user}`;
    const entry = { offset: erasures++, cuid, guid: user as Guid, arrivalMs: NOON, content: 'erase' } as const;
    return write(ours, MAPPING_TOPIC, [entry]);
  }

  /** By table, which users have rows. */
  async function users(): Promise<Readonly<Record<string, string>>> {
    const found: Record<string, string> = {};
    for (const table of ['sys_users', 'profile_1_person', 'kv_2_coupon', 'event_3_visit']) {
      const rows = await pool.rows(`SELECT \`sys_guid\` FROM \`${table}\` ORDER BY \`sys_guid\``);
      found[table] = rows.map((row) => String(row['sys_guid'])).join(' ');
    }
    return found;
  }

  it(
    'take the user out of tables of types that were declared since, and of one that was removed again',
    async () => {
      await declare({ name: 'coupon', kind: 'kv', tags: [{ name: 'points', valueType: 'int' }] });
      await declare({ name: 'visit', kind: 'event', properties: [{ name: 'page', valueType: 'int' }] });
      for (const name of ['person', 'coupon', 'visit']) await fill(name);
      const all = { sys_users: '1 2 3', profile_1_person: '1 2 3', kv_2_coupon: '1 2 3', event_3_visit: '1 2 3' };
      expect(await users()).toEqual(all);
      expect(ours.catalogStore.current().types.map(({ name }) => name)).toEqual(['person']);
      await erase(1);
      const left = { sys_users: '2 3', profile_1_person: '2 3', kv_2_coupon: '2 3', event_3_visit: '2 3' };
      expect(await users()).toEqual(left);
      await theirs.catalogStore.update((catalog) => removeTagType(catalog, 'coupon'));
      await erase(2);
      expect(await users()).toEqual({ sys_users: '3', profile_1_person: '3', kv_2_coupon: '3', event_3_visit: '3' });
    },
    TEST_MS_MAX,
  );

  it(
    'wait while nobody can say which types there are',
    async () => {
      await mariadb().stop();
      let isErased = false;
      const erasing = erase(3).then(() => {
        isErased = true;
      });
      const detail = async (): Promise<string> => {
        const state = await ours.store.state();
        return state.ok ? '' : (state.detail ?? '');
      };
      while (!(await detail()).startsWith(MAPPING_TOPIC)) await sleep(50);
      expect(isErased).toBe(false);
      expect((await users())['event_3_visit']).toBe('3');
      await mariadb().start();
      await erasing;
      expect(await users()).toEqual({ sys_users: '', profile_1_person: '', kv_2_coupon: '', event_3_visit: '' });
    },
    TEST_MS_MAX,
  );
});
