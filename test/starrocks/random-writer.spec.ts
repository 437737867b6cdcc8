import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTableSql, schemaDefaults, StarrocksPool, tablesOf } from '@tessera/starrocks-engine';
import type { Guid } from '@tessera/tag-catalog';
import { StarrocksStandIn } from '../support/starrocks-standin/standin';
import { compareTables, TABLES_DATABASE } from '../streams/compare-tables';
import type { ExpectedRow, ExpectedTables, ExpectedUser } from '../streams/compare-tables';
import { seededRandom } from '../streams/seeded-random';
import { makeFaults } from './random-faults';
import { toldCatalog, ToldSource } from './told-source';
import type { SourceKind } from './told-source';
import { TellingProcess } from './telling-process';
import { VersionWatch } from './version-watch';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** How long rows are written under faults, for each way to write them. */
const RUN_MS = 1_000 * Number(process.env['WRITER_RANDOM_SECONDS'] ?? 8);
const GROW_MS = 100;
/** Every so often there is nothing new for a while, and nothing fails: answers have data versions then. */
const REST_EVERY_MS = 8_000;
const REST_MS = 4_500;
const END_MS_MAX = 120_000;
const CATALOG = toldCatalog();
/** `row` of an event: its Kafka partition above, its offset below. */
const ROWS_OF_A_PARTITION = 2n ** 44n;

type FieldOfUser = ExpectedUser['fields'] extends ReadonlyMap<number, infer F> ? F : never;

describe(`The writer under faults and take-overs, beside an oracle (SEED=${SEED})`, () => {
  let standIn: StarrocksStandIn;

  beforeEach(async () => {
    standIn = await StarrocksStandIn.start();
  });
  afterEach(() => standIn.close());

  async function makeTables(profileModel: 'primary' | 'aggregate'): Promise<void> {
    const admin = new StarrocksPool({ urls: [standIn.mysqlUrl], database: null });
    await admin.run(`CREATE DATABASE \`${TABLES_DATABASE}\``);
    await admin.close();
    const pool = new StarrocksPool({ urls: [standIn.mysqlUrl], database: TABLES_DATABASE });
    const options = { ...schemaDefaults('test'), profileModel, replication: 1, buckets: 1, bitmapBuckets: 1 };
    for (const table of tablesOf(CATALOG, options, { nowMs: Date.now(), nextGuid: 1 })) {
      await pool.run(createTableSql(table));
    }
    await pool.close();
  }

  it.each([
    ['INSERT', 'primary'],
    ['Stream Load', 'primary'],
    ['INSERT', 'aggregate'],
    ['Stream Load', 'aggregate'],
  ] as const)(
    'leaves in the tables what was told: %s, %s profile tables',
    async (transport, model) => {
      await makeTables(model);
      const random = seededRandom(SEED);
      const retired = new Set<Guid>();
      const recent: Guid[] = [];
      const sources = kinds(model === 'primary').map((kind) => new ToldSource(kind, random, { retired, recent }));
      const processes = [0, 1].map(
        () =>
          new TellingProcess({
            ...{ catalog: CATALOG, random, retired, clearsTags: model === 'primary' },
            starrocksUrl: standIn.mysqlUrl,
            httpUrl: transport === 'INSERT' ? null : standIn.httpUrl,
          }),
      );
      const watch = new VersionWatch(standIn.mysqlUrl, CATALOG, random);
      const watched = new AbortController();
      const watching = watch.watch(watched.signal);
      const over = AbortSignal.timeout(RUN_MS);
      // Each source and each fault waits with it.
      setMaxListeners(100, over);
      const work = sources.map((source) => keepTelling(source, processes, random, over));
      const restarts = processes.map((process) => process.restartNowAndThen(over));
      const [faults] = await Promise.all([
        makeFaults(standIn.faults, { random, isInsert: transport === 'INSERT', isResting }, over),
        ...work,
        ...restarts,
      ]);
      const durable = sources.reduce((sum, { committed }) => sum + committed, 0);
      const end = AbortSignal.timeout(END_MS_MAX);
      try {
        await Promise.all(sources.map((source) => oneOf(processes, random).tellToEnd(source, end)));
      } finally {
        watched.abort();
        await watching;
        for (const process of processes) await process.close();
      }
      expect([watch, ...processes].flatMap(({ flaws }) => flaws)).toEqual([]);
      const rows = await compareTables(standIn.mysqlUrl, CATALOG, expected(sources, retired));
      process.stdout.write(
        `${transport}, ${model}: ${sources.reduce((sum, { entries }) => sum + entries.length, 0)} entries, ${durable} of them durable before the end, ${rows} rows of events, ` +
          `${faults} faults, ${processes.reduce((sum, { lost }) => sum + lost, 0)} sources lost in the middle, ${watch.readings} readings of ${watch.versions} data versions\n`,
      );
      expect(rows).toBeGreaterThan(0);
      expect(faults).toBeGreaterThan(0);
    },
    RUN_MS + 2 * END_MS_MAX,
  );
});

function kinds(clearsProfiles: boolean): SourceKind[] {
  const partitions = 2;
  const ofTypes = CATALOG.types.flatMap((type) =>
    [0, 1].map((partition) => ({ topic: `tags.${type.name}`, partition, partitions, content: type, clearsProfiles })),
  );
  const own = { partition: 0, partitions: 1, clearsProfiles };
  return [
    ...ofTypes,
    { ...own, topic: 'tags.sys_offline_cuid', content: 'known' },
    { ...own, topic: 'sys_cguid_mapping', content: 'erase' },
  ];
}

function isResting(): boolean {
  return performance.now() % REST_EVERY_MS > REST_EVERY_MS - REST_MS;
}

function oneOf<T>(some: readonly T[], random: (limit: number) => number): T {
  return some[random(some.length)] as T;
}

/** Tells it at one process or the other, again and again, so that two may do so at a time; it grows meanwhile. Resolves when nobody does any more. */
async function keepTelling(
  source: ToldSource,
  processes: readonly TellingProcess[],
  random: (limit: number) => number,
  over: AbortSignal,
): Promise<void> {
  const telling = new Set<Promise<boolean>>();
  const growing = setInterval(() => {
    if (isResting()) return;
    for (let count = source.kind.content === 'erase' ? random(5) : random(20); count > 0; count--) source.grow();
  }, GROW_MS);
  while (!over.aborted) {
    const leaving = new AbortController();
    const told = oneOf(processes, random).tell(source, AbortSignal.any([over, leaving.signal]));
    telling.add(told);
    void told.finally(() => telling.delete(told));
    // Whoever takes over from one in the middle waits for seconds before it writes.
    const ms = random(3) === 0 ? random(500) : 2_000 + random(5_000);
    await Promise.race([told, sleep(ms, undefined, { signal: over }).catch(() => undefined)]);
    if (random(3) === 0) leaving.abort();
    if (random(6) === 0) source.setBack(random(200));
  }
  await Promise.all(telling);
  clearInterval(growing);
}

function expected(sources: readonly ToldSource[], retired: ReadonlySet<Guid>): ExpectedTables {
  const users = new Map<Guid, string>();
  const tags = new Map(CATALOG.types.flatMap((type) => type.tags.map((tag) => [tag.id, tag] as const)));
  const states = new Map<Guid, Map<number, FieldOfUser>>();
  const rows = new Map<number, ExpectedRow[]>();
  for (const source of sources) {
    for (const { guid, cuid, offset, content } of source.entries) {
      if (content === 'erase' || retired.has(guid)) continue;
      users.set(guid, cuid);
      if (content === 'known' || content.type.kind !== 'event') continue;
      const { type, timeMs, fields } = content;
      const values = new Map(fields.flatMap((one) => (one.op === 'set' ? [[one.field.id, one.value] as const] : [])));
      const row = BigInt(source.kind.partition) * ROWS_OF_A_PARTITION + BigInt(offset);
      rows.set(type.id, [...(rows.get(type.id) ?? []), { guid, timeMs, row, values }]);
    }
    for (const [guid, state] of source.finalStates()) {
      const tag = tags.get(state.field.id);
      if (tag === undefined) throw new Error(`${state.field.name} is no tag`);
      const fields = states.get(guid) ?? new Map<number, FieldOfUser>();
      states.set(guid, fields);
      fields.set(tag.id, { tag, state });
    }
  }
  return { users, stateOf: (guid) => ({ fields: states.get(guid) ?? new Map() }), rows };
}
