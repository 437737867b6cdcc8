import { Catalog, declareTagType } from '@tessera/tag-catalog';
import type { Guid, JsonValue, ProfileEntry, ProfileOutcome } from '@tessera/tag-catalog';
import { StarrocksPool } from '../../connection/starrocks-pool';
import type { StarrocksRow } from '../../connection/starrocks-connection';
import { createTableSql } from '../../schema/create-table-sql';
import { tableOf } from '../../schema/names';
import { schemaDefaults, tablesOf } from '../../schema/tables-of';
import type { ProfileModel } from '../../schema/tables-of';
import type { WriterBatch } from '../row-buffer';
import { StarrocksWriter } from '../starrocks-writer';
import type { StarrocksWriterOptions, WriterOpening } from '../starrocks-writer';
import type { LoadRow } from '../table-load';

export const TIMEOUT_MS = 1_000;

/** A record as the writer is given it. */
export interface TestRecord {
  readonly offset: number;
}

/** A writer on tables of its own. */
export interface WriterAtWork {
  readonly writer: StarrocksWriter<TestRecord>;
  readonly pool: StarrocksPool;
  /** Rows given up, with why. */
  readonly unfit: { readonly row: LoadRow<TestRecord>; readonly why: string }[];
  readonly failures: string[];
  /** Guids that count as erased. */
  readonly retired: Set<Guid>;
  /** Opens partition 0 of the topic and begins where it is needed, or there. @returns where. */
  begin(topic: string, position?: number): Promise<number>;
  /** By the latest opening. */
  take(batch: WriterBatch<TestRecord>): Promise<void>;
  settle(topic: string, nextOffset: number): number;
  rows(table: string, order: string): Promise<readonly StarrocksRow[]>;
  close(): Promise<void>;
}

export function catalogOf(types: readonly JsonValue[]): Catalog {
  return types.reduce<Catalog>((catalog, json) => {
    const outcome = declareTagType(catalog, json);
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.errors));
    return outcome.value;
  }, Catalog.empty);
}

/** @param url of a database. */
export function poolAt(url: string, timeoutMs = TIMEOUT_MS, concurrency?: number): StarrocksPool {
  const server = new URL(url);
  const database = server.pathname.slice(1);
  server.pathname = '';
  const places = concurrency === undefined ? {} : { concurrency };
  return new StarrocksPool({ urls: [server.href], database, timeoutMs, ...places });
}

/** Makes the tables of the catalogue. */
export async function makeTables(
  pool: StarrocksPool,
  catalog: Catalog,
  profileModel: ProfileModel = 'primary',
): Promise<void> {
  const options = { ...schemaDefaults('test'), profileModel, replication: 1, buckets: 1, bitmapBuckets: 1 };
  for (const table of tablesOf(catalog, options, { nowMs: Date.now(), nextGuid: 1 })) {
    await pool.run(createTableSql(table));
  }
}

/** @param changes of how the writer is made. */
export function writerAt(
  url: string,
  catalog: Catalog,
  changes: Partial<StarrocksWriterOptions<TestRecord>> = {},
): WriterAtWork {
  const pool = poolAt(url, changes.timeoutMs);
  const unfit: { row: LoadRow<TestRecord>; why: string }[] = [];
  const failures: string[] = [];
  const retired = new Set<Guid>();
  const writer = new StarrocksWriter<TestRecord>({
    pool,
    timeoutMs: TIMEOUT_MS,
    streamLoad: null,
    tables: { demand: () => Promise.resolve(), all: () => Promise.resolve(catalog.types.map(tableOf)) },
    tombstones: {
      retired: (users) => Promise.resolve(users.map(({ guid }) => guid).filter((guid) => retired.has(guid))),
    },
    limits: { rows: 1_000, bytes: 1_000_000, ageMs: 20, waitingBytes: 10_000_000 },
    bytesOf: () => 100,
    clearsTags: true,
    onUnfit: (row, why) => {
      unfit.push({ row, why });
      return Promise.resolve();
    },
    events: {
      onLoad: () => undefined,
      onRound: () => undefined,
      onFailure: (_topic, error) => failures.push(String(error)),
    },
    ...changes,
  });
  const openings = new Map<string, WriterOpening>();
  const openingOf = (topic: string): WriterOpening => {
    const opening = openings.get(topic);
    if (opening === undefined) throw new Error(`${topic} is not open`);
    return opening;
  };
  return {
    ...{ writer, pool, unfit, failures, retired },
    begin: async (topic, position) => {
      const opening = await writer.open({ topic, partition: 0 });
      openings.set(topic, opening);
      const from = position ?? opening.next;
      writer.begin(opening, from);
      return from;
    },
    take: (batch) => writer.take(batch, openingOf(batch.origin.topic), new AbortController().signal),
    settle: (topic, nextOffset) => writer.settle(openingOf(topic), nextOffset),
    rows: (table, order) => pool.rows(`SELECT * FROM \`${table}\` ORDER BY ${order}`),
    close: async () => {
      await writer.close();
      await pool.close();
    },
  };
}

/** Entries as one call gives them; each record has its entry's offset. */
export function batchOf(
  topic: string,
  told: readonly { readonly entry: ProfileEntry; readonly outcome: ProfileOutcome }[],
  partition = 0,
): WriterBatch<TestRecord> {
  return {
    origin: { topic, partition },
    entries: told.map(({ entry }) => entry),
    records: told.map(({ entry: { offset } }) => ({ offset })),
    outcomes: told.map(({ outcome }) => outcome),
  };
}
