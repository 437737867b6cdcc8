import { setTimeout as sleep } from 'node:timers/promises';
import { MysqlSequence } from '@tessera/identity';
import type { DurableReceiver, LetterWriter, Origin, StreamRecord } from '@tessera/ingest';
import { quietly } from '@tessera/platform';
import type { DependencyState, StarrocksUrls, WorkerLog } from '@tessera/platform';
import {
  readAccount,
  SchemaKeeper,
  StarrocksPool,
  StarrocksWriter,
  StreamLoadClient,
  tableOf,
} from '@tessera/starrocks-engine';
import type { LoadRow, WriterTables } from '@tessera/starrocks-engine';
import type { CatalogStore, OnlineProfiles } from '@tessera/tag-catalog';
import type { Registry } from 'prom-client';
import type { IngestWorkerConfig, StoreConfig } from './config';
import { schemaOptionsOf } from './starrocks-schema';
import { StoreMetrics } from './store-metrics';

const KB = 1_024;
/** How often it is looked whether the tables are to be looked at. */
const KEEP_MS = 1_000;
/** Statements that change tables may take longer than those that write. */
const SCHEMA_MS_MAX = 60_000;
/** At the end. */
const FINISH_MS_MAX = 4_000;
const SETTLE_MS_MAX = 500;
const CLOSE_MS_MAX = 200;

/** StarRocks as the tag store of the ingest worker. */
export interface OpenedStore {
  readonly writer: DurableReceiver;
  /** Ends what was left begun of topics that nobody reads any more. @param removed null: it is not known which they are. @throws StarrocksError */
  settleLeft(removed: () => Promise<((topic: string) => boolean) | null>): Promise<void>;
  /** For readiness. */
  state(): Promise<DependencyState>;
  /**
   * Writes what is there, as far as that is quickly done, and commits it: what is not is only told again later.
   * @param settle commits what is durable.
   */
  finish(settle: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

interface StoreParts {
  readonly catalogStore: Pick<CatalogStore, 'current' | 'refresh'>;
  readonly profiles: Pick<OnlineProfiles, 'retired'>;
  readonly letters: LetterWriter;
  readonly registry: Registry;
  readonly log: WorkerLog;
}

/** Connects when there is something to be written. */
export async function openStore(
  urls: StarrocksUrls,
  config: IngestWorkerConfig,
  parts: StoreParts,
): Promise<OpenedStore> {
  const { starrocksDatabase: database, starrocksTimeoutMs: timeoutMs, starrocksConcurrency, starrocksWaiting } = config;
  const pool = new StarrocksPool({
    ...{ urls, database, timeoutMs, concurrency: starrocksConcurrency, waitingMax: starrocksWaiting },
  });
  const tables = await keepTables(urls, config, parts);
  const metrics = new StoreMetrics(parts.registry, () => writer.bufferedBytes);
  const writer = new StarrocksWriter<StreamRecord>({
    ...{ pool, timeoutMs, tables: tables.of, tombstones: parts.profiles, limits: limitsOf(config) },
    streamLoad: streamLoadOf(urls, config),
    clearsTags: config.starrocksProfileModel === 'primary',
    bytesOf: ({ key, value }) => (key?.length ?? 0) + (value?.length ?? 0),
    onUnfit: (row, why) => writeLetters(parts.letters, row, why),
    events: {
      onLoad: (table, rows, ms) => {
        metrics.addLoad(table, rows, ms);
      },
      onRound: (topic, rows, ms) => {
        parts.log('debug', `${rows} entries of ${topic} are in StarRocks after ${Math.round(ms)} ms`);
      },
      onFailure: (topic, error, isNews) => {
        metrics.addFailure(error);
        if (isNews) parts.log('warn', `Rows of ${topic} can not be written to StarRocks: ${messageOf(error)}`);
      },
    },
  });
  return {
    writer,
    settleLeft: async (removed) => {
      const ended = await writer.settleLeft(async () => {
        const isRemoved = await removed();
        return isRemoved === null ? null : ({ topic }) => isRemoved(topic);
      });
      for (const source of ended) {
        parts.log('info', `${source} is of a tag type that was removed: what was left begun in StarRocks is ended`);
      }
    },
    state: async () => {
      const [first] = writer.troubles;
      if (first !== undefined) return { ok: false, detail: `${first[0]}: ${first[1]}` };
      const schema = tables.keeper.state();
      return schema.ok ? pool.state() : schema;
    },
    finish: async (settle) => {
      if (writer.troubles.size > 0) return;
      await within(writer.finish(), FINISH_MS_MAX);
      await within(settle(), SETTLE_MS_MAX);
    },
    close: () => within(Promise.all([writer.close(), tables.close(), pool.close()]), CLOSE_MS_MAX),
  };
}

function limitsOf({ starrocksBatchRows, starrocksBatchKb, starrocksBatchMs, starrocksBufferMb }: StoreConfig): {
  readonly rows: number;
  readonly bytes: number;
  readonly ageMs: number;
  readonly waitingBytes: number;
} {
  return {
    rows: starrocksBatchRows,
    bytes: starrocksBatchKb * KB,
    ageMs: starrocksBatchMs,
    waitingBytes: starrocksBufferMb * KB * KB,
  };
}

function streamLoadOf(urls: StarrocksUrls, config: StoreConfig): StreamLoadClient | null {
  const { starrocksHttpUrls, starrocksDatabase, starrocksTimeoutMs } = config;
  if (starrocksHttpUrls === null) return null;
  return new StreamLoadClient({
    urls: starrocksHttpUrls,
    ...readAccount(urls),
    database: starrocksDatabase,
    timeoutMs: starrocksTimeoutMs,
  });
}

/** Brings tables to what the catalogue says, now and then and when rows ask for it. */
async function keepTables(
  urls: StarrocksUrls,
  config: IngestWorkerConfig,
  { catalogStore, log }: StoreParts,
): Promise<{ readonly of: WriterTables; readonly keeper: SchemaKeeper; readonly close: () => Promise<void> }> {
  const { starrocksDatabase: database, starrocksMigrationUrls, mysqlUrl } = config;
  const pool = new StarrocksPool({
    ...{ urls: starrocksMigrationUrls ?? urls, database, timeoutMs: SCHEMA_MS_MAX, concurrency: 1 },
  });
  const sequence = await MysqlSequence.open(mysqlUrl);
  const keeper = new SchemaKeeper({
    ...{ pool, database, schema: schemaOptionsOf(config), catalog: () => catalogStore.current() },
    nextGuid: () => sequence.next(),
    say: (line) => {
      log('info', line);
    },
  });
  const keep = quietly('The tables in StarRocks can not be looked at', () => keeper.keep(), log);
  void keep();
  const timer = setInterval(() => {
    if (keeper.isDue) void keep();
  }, KEEP_MS);
  return {
    keeper,
    of: {
      demand: ({ tables, guid }) =>
        keeper.ensure({ catalogVersion: catalogStore.current().version, guid, tables: [...tables] }),
      all: async () => {
        // A type may have been declared, and filled by another worker, since this one looked last.
        await catalogStore.refresh?.();
        const { types, retiredTypes } = catalogStore.current();
        return [...types, ...retiredTypes].map(tableOf);
      },
    },
    close: async () => {
      clearInterval(timer);
      await Promise.all([pool.close(), sequence.close()]);
    },
  };
}

/** Of all messages that the row was made of. */
function writeLetters(letters: LetterWriter, { source, records }: LoadRow<StreamRecord>, why: string): Promise<void> {
  const rejection = { code: 'notApplied', detail: `the tag store can not take it: ${why}` };
  return letters.write(
    originOf(source),
    records.map((record) => ({ record, rejection })),
  );
}

function originOf(source: string): Origin {
  const place = source.lastIndexOf('/');
  return { topic: source.slice(0, place), partition: Number(source.slice(place + 1)) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Resolves when it is over, however it ends, or after that time. */
export async function within(work: Promise<unknown>, msMax: number): Promise<void> {
  const late = new AbortController();
  await Promise.race([
    work.catch(() => undefined),
    sleep(msMax, undefined, { signal: late.signal }).catch(() => undefined),
  ]);
  late.abort();
}
