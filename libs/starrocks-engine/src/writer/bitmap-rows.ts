import { setTimeout as sleep } from 'node:timers/promises';
import type { RoaringBitmap32 } from '@tessera/bitmap';
import type { TagDefinition } from '@tessera/tag-catalog';
import type { StarrocksRow } from '../connection/starrocks-connection';
import { StarrocksError } from '../connection/starrocks-error';
import { BIGINT, BITMAP, DATETIME, INT, varchar, VARCHAR_BYTES_MAX } from '../schema/column-type';
import {
  GUIDS,
  identifier,
  KV_BITMAPS_TABLE,
  POSITIONS_TABLE,
  SEGMENT,
  SNAPSHOTS_TABLE,
  TAG,
  VERSION,
} from '../schema/names';
import { textLiteral } from '../sql/literal';
import { BATCH_LIMITS, batchesOf, segmentsOf } from './bitmap-batches';
import type { BatchLimits } from './bitmap-batches';
import { BitmapClaims, DELETE_JOB_MS, positionsOf } from './bitmap-claims';
import type { BitmapClaim, Position } from './bitmap-claims';
import { InsertTransport } from './insert-transport';
import { SOURCE } from './load-sql';
import { SureStatements } from './statements';
import type { WriterPool } from './statements';
import type { StreamLoadClient } from './stream-load-client';
import { SourceClaims } from './source-claims';
import { StreamLoadTransport } from './stream-load-transport';
import type { BatchLoad, Cell, Fence, LoadColumn, LoadTransport } from './table-load';

export interface BitmapRowsOptions {
  readonly pool: WriterPool;
  /** Limit of each statement and load, ms; the same for all processes that write (STARROCKS_TIMEOUT_MS). */
  readonly timeoutMs: number;
  /** Longest time from when a question finds out what it may read until it has its answer, ms; that of the frontends' lagging behind included. */
  readonly readersMs: number;
  /** Null: by INSERT. */
  readonly streamLoad: Pick<StreamLoadClient, 'load' | 'stateOf'> | null;
  readonly limits?: BatchLimits;
  /** How long a DELETE of kv bitmaps may go on in StarRocks of which nobody knows any more, ms. */
  readonly deleteMs?: number;
}

export interface Snapshot {
  readonly audienceId: string;
  /** From 1 up; each is larger than those published before. */
  readonly version: number;
  readonly createdMs: number;
}

/** Users with one value of a tag. */
export interface KvBitmap {
  /** As the catalogue has it: decimals, dates and datetimes as ordinals. */
  readonly value: string | number | boolean;
  readonly guids: RoaringBitmap32;
}

export interface KvBitmaps {
  readonly tag: TagDefinition;
  /** Each value once. Read as they are written. */
  readonly bitmaps: Iterable<KvBitmap>;
  /** By source of the tag's table (`tags.<type>/<Kafka partition>`) the position of which, exactly, the bitmaps are. */
  readonly positions: ReadonlyMap<string, number>;
}

/** What was written is not what stands in StarRocks. Nothing was published. */
export class BitmapCountError extends Error {
  override readonly name = 'BitmapCountError';
}

const SNAPSHOTS = 'snapshots/';
/** Of an audience the lowest version that is kept. */
const KEPT = 'snapshots_kept/';
const KV_BITMAPS = 'kv_bitmaps/';
const NAME_BYTES_MAX = 64;
const SOURCES_MAX = 5_000;
/** Before a batch is tried again; doubled each time. StarRocks takes about a minute to merge versions that are too many. */
const PAUSE_MS = 500;
const PAUSE_MS_MAX = 64_000;
const NO_GUIDS = { segment: 0, text: 'AA==', count: 0 };

const snapshots = identifier(SNAPSHOTS_TABLE);
const kvBitmaps = identifier(KV_BITMAPS_TABLE);
const [audience, version, seg, guids, value] = ['sys_audience', VERSION, SEGMENT, GUIDS, 'sys_value'].map(identifier);

/** A count that is read back. */
const stored = identifier('sys_rows');

const SNAPSHOT_COLUMNS: readonly LoadColumn[] = [
  { name: 'sys_audience', type: varchar(NAME_BYTES_MAX) },
  { name: VERSION, type: BIGINT },
  { name: SEGMENT, type: INT },
  { name: GUIDS, type: BITMAP },
  { name: 'sys_count', type: BIGINT },
  { name: 'sys_created', type: DATETIME },
];
const KV_COLUMNS: readonly LoadColumn[] = [
  { name: TAG, type: INT },
  { name: 'sys_value', type: varchar(VARCHAR_BYTES_MAX) },
  { name: SEGMENT, type: INT },
  { name: GUIDS, type: BITMAP },
];

/**
 * Writes bitmaps of guids: snapshots of audiences, and kv tags loaded offline or rolled up. Several statements each, so rows come first and a position in
 * `sys_positions` says last that they are complete, when their counts have been read back. What a process that died has left is never read, and is taken
 * away when the same is written again. See decision 0026, "Bitmaps".
 */
export class BitmapRows {
  readonly #statements: SureStatements;
  readonly #claims: BitmapClaims;
  /** Their table has no primary key. */
  readonly #kvClaims: BitmapClaims;
  readonly #transport: LoadTransport;

  constructor(private readonly options: BitmapRowsOptions) {
    const { pool, timeoutMs, streamLoad, deleteMs = DELETE_JOB_MS } = options;
    this.#statements = new SureStatements(pool, timeoutMs);
    this.#claims = new BitmapClaims(this.#statements);
    this.#kvClaims = new BitmapClaims(this.#statements, deleteMs);
    this.#transport =
      streamLoad === null
        ? new InsertTransport(this.#statements)
        : new StreamLoadTransport({
            ...{ client: streamLoad, statements: this.#statements },
            claims: new SourceClaims(this.#statements),
            // Rows are whole.
            takesPartialUpdates: () => false,
            closing: new AbortController().signal,
            // What does not end in time is thrown.
            onWait: () => undefined,
          });
  }

  /**
   * Writes a version and publishes it: `snapshotVersions` gives it from then on, and never before. If this fails the version may be written again, unless it was
   * published all the same.
   * @throws RangeError for a version that is not above the published ones; BitmapCountError, FencedError, UnfitRowsError, StarrocksError
   */
  async putSnapshot({ audienceId, version: number, createdMs }: Snapshot, users: RoaringBitmap32): Promise<void> {
    checkSnapshot(audienceId, number);
    const source = SNAPSHOTS + audienceId;
    const claim = await this.#claims.take(source);
    const published = (await this.#position(claim, source))?.next ?? 0;
    if (number <= published) {
      await this.#claims.giveBack(claim, [{ source, next: published, writer: '' }]);
      throw new RangeError(
        `snapshot ${number} of audience ${audienceId}: version ${published} is published; the next one must be above it`,
      );
    }
    // Of writers that have died. Also of this version, with segments that it may have no more.
    const ofAudience = `${audience} = ${textLiteral(audienceId)}`;
    await this.#claims.delete(claim, `DELETE FROM ${snapshots} WHERE ${ofAudience} AND ${version} > ${published}`);
    const sent = new Map<string, number>();
    const rows = function* (): Generator<readonly Cell[]> {
      // A version without rows would be none.
      for (const { segment, text, count } of users.isEmpty ? [NO_GUIDS] : segmentsOf(users)) {
        sent.set(placeOf(segment, ''), count);
        yield [audienceId, number, segment, text, count, createdMs];
      }
    };
    await this.#load(claim, SNAPSHOTS_TABLE, SNAPSHOT_COLUMNS, rows());
    const found = await this.#claims.read(
      claim,
      `SELECT ${seg}, bitmap_count(${guids}) AS ${stored} FROM ${snapshots} WHERE ${ofAudience} AND ${version} = ${number}`,
    );
    demandCounts(`snapshot ${number} of audience ${audienceId}`, sent, found);
    await this.#claims.giveBack(claim, [{ source, next: number, writer: '' }]);
  }

  /** Versions that may be read, ascending. */
  async snapshotVersions(audienceId: string): Promise<readonly number[]> {
    const names = [SNAPSHOTS + audienceId, KEPT + audienceId].map(textLiteral).join(', ');
    return this.options.pool.use(async (session) => {
      const found = positionsOf(
        await session.rows(`SELECT * FROM ${identifier(POSITIONS_TABLE)} WHERE ${SOURCE} IN (${names})`),
      );
      const nextOf = (name: string): number => found.find(({ source }) => source === name)?.next ?? 0;
      // What is at or below a published version was complete when it was published.
      const rows = await session.rows(
        `SELECT DISTINCT ${version} FROM ${snapshots} WHERE ${audience} = ${textLiteral(audienceId)} ` +
          `AND ${version} >= ${nextOf(KEPT + audienceId)} AND ${version} <= ${nextOf(SNAPSHOTS + audienceId)} ORDER BY ${version}`,
      );
      return rows.map((row) => Number(row[VERSION]));
    });
  }

  /**
   * Takes away the versions below one. They are given to nobody any more at once, and deleted when those who were given them have their answers.
   * @param lowest is kept; the latest one always is. @throws FencedError, StarrocksError
   */
  async dropSnapshots(audienceId: string, lowest: number): Promise<void> {
    checkSnapshot(audienceId, lowest);
    const source = KEPT + audienceId;
    const claim = await this.#claims.take(source);
    const published = (await this.#position(claim, SNAPSHOTS + audienceId))?.next ?? 0;
    const before = (await this.#position(claim, source))?.next ?? 0;
    const kept = Math.max(before, Math.min(lowest, published));
    await this.#claims.put(claim, [{ source, next: kept, writer: claim.writer }]);
    await sleep(this.options.readersMs);
    const ofAudience = `${audience} = ${textLiteral(audienceId)}`;
    await this.#claims.delete(claim, `DELETE FROM ${snapshots} WHERE ${ofAudience} AND ${version} < ${kept}`);
    await this.#claims.giveBack(claim, [{ source, next: kept, writer: '' }]);
  }

  /**
   * Puts these bitmaps in the place of all that the tag has. From when this begins until it has ended well, and for ever if it does not, the tag is read from its
   * table; so it may be begun again at any time.
   * @throws RangeError for what can't be read from bitmaps; BitmapCountError, FencedError, UnfitRowsError, StarrocksError
   */
  async replaceKv({ tag, bitmaps, positions }: KvBitmaps): Promise<void> {
    checkKv(tag, positions);
    const source = `${KV_BITMAPS}${tag.id}`;
    const claim = await this.#kvClaims.take(source);
    // Questions that still found the bitmaps in their place.
    await sleep(this.options.readersMs);
    await this.#kvClaims.delete(claim, `DELETE FROM ${kvBitmaps} WHERE ${identifier(TAG)} = ${tag.id}`);
    const sent = new Map<string, number>();
    await this.#load(claim, KV_BITMAPS_TABLE, KV_COLUMNS, kvRows(tag, bitmaps, sent));
    const found = await this.#kvClaims.read(
      claim,
      `SELECT ${seg}, ${value}, bitmap_count(bitmap_union(${guids})) AS ${stored} FROM ${kvBitmaps} ` +
        `WHERE ${identifier(TAG)} = ${tag.id} GROUP BY ${seg}, ${value}`,
    );
    demandCounts(`bitmaps of ${tag.name}`, sent, found);
    await this.#kvClaims.giveBack(claim, await this.#kvPositions(claim, positions));
  }

  /**
   * The sources at their new positions. The tag's own row counts up so that the sum over all rows, the data version, only ever grows, also where a position is lower than it
   * was. Sources that are not named any more keep theirs, with a writer: they count as behind.
   */
  async #kvPositions(claim: BitmapClaim, positions: ReadonlyMap<string, number>): Promise<readonly Position[]> {
    const { source, writer } = claim;
    const before = positionsOf(
      await this.#kvClaims.read(
        claim,
        `SELECT * FROM ${identifier(POSITIONS_TABLE)} WHERE ${SOURCE} = ${textLiteral(source)} OR starts_with(${SOURCE}, ${textLiteral(`${source}/`)})`,
      ),
    );
    const after = new Map<string, Position>();
    for (const position of before) after.set(position.source, { ...position, writer });
    for (const [primary, next] of positions) {
      after.set(`${source}/${primary}`, { source: `${source}/${primary}`, next, writer: '' });
    }
    after.delete(source);
    const sum = (some: Iterable<Position>): number => [...some].reduce((total, { next }) => total + next, 0);
    const count = before.find((position) => position.source === source)?.next ?? 0;
    const lowered = sum(before) - count - sum(after.values());
    return [...after.values(), { source, next: count + 1 + Math.max(0, lowered), writer: '' }];
  }

  async #load(
    { source, fence }: BitmapClaim,
    table: string,
    columns: readonly LoadColumn[],
    rows: Iterable<readonly Cell[]>,
  ): Promise<void> {
    for (const batch of batchesOf(rows, this.options.limits ?? BATCH_LIMITS)) {
      const loads = batch.map((cells) => ({ cells, source, records: [] }));
      await this.#loadBatch({ table, columns, rows: loads, batch: table }, fence);
    }
  }

  /** Rows that are written twice are the same rows, or the same union of bitmaps. */
  async #loadBatch(load: BatchLoad, fence: Fence): Promise<void> {
    for (let pauseMs = PAUSE_MS; ; pauseMs *= 2) {
      try {
        await this.#transport.load(load, fence);
        return;
      } catch (error) {
        const isWorthIt = error instanceof StarrocksError && error.kind !== 'refused' && error.kind !== 'denied';
        if (!isWorthIt || pauseMs > PAUSE_MS_MAX) throw error;
        await sleep(pauseMs);
      }
    }
  }

  async #position(claim: BitmapClaim, source: string): Promise<Position | undefined> {
    const sql = `SELECT * FROM ${identifier(POSITIONS_TABLE)} WHERE ${SOURCE} = ${textLiteral(source)}`;
    return positionsOf(await this.#claims.read(claim, sql))[0];
  }
}

/** @param sent is filled with the counts, by segment and value. */
function* kvRows(
  { id, name }: TagDefinition,
  bitmaps: Iterable<KvBitmap>,
  sent: Map<string, number>,
): Generator<readonly Cell[]> {
  for (const bitmap of bitmaps) {
    const text = String(bitmap.value);
    for (const part of segmentsOf(bitmap.guids)) {
      const place = placeOf(part.segment, text);
      if (sent.has(place)) throw new RangeError(`bitmaps of ${name}: the value ${JSON.stringify(text)} is given twice`);
      sent.set(place, part.count);
      yield [id, text, part.segment, part.text];
    }
  }
}

function placeOf(segment: number, text: string): string {
  return `${segment} ${text}`;
}

/** StarRocks makes NULL of what it can't read, and reads what it likes. @throws BitmapCountError */
function demandCounts(what: string, sent: ReadonlyMap<string, number>, found: readonly StarrocksRow[]): void {
  const rows = new Map(
    found.map(
      (row) => [placeOf(Number(row[SEGMENT]), String(row['sys_value'] ?? '')), Number(row['sys_rows'])] as const,
    ),
  );
  const wrong = [...new Set([...sent.keys(), ...rows.keys()])].filter((place) => sent.get(place) !== rows.get(place));
  const [first] = wrong;
  if (first === undefined) return;
  throw new BitmapCountError(
    `${what}: ${wrong.length} of ${sent.size} bitmaps differ from what was sent, the first at ${JSON.stringify(first.slice(0, 100))}: ` +
      `sent ${sent.get(first) ?? 'none'}, stored ${rows.get(first) ?? 'none'}`,
  );
}

function checkSnapshot(audienceId: string, number: number): void {
  const bytes = Buffer.byteLength(audienceId);
  if (bytes === 0 || bytes > NAME_BYTES_MAX) {
    throw new RangeError(`id of an audience: ${bytes} bytes, 1 to ${NAME_BYTES_MAX} can be stored`);
  }
  if (!Number.isSafeInteger(number) || number < 1) throw new RangeError(`version of a snapshot: ${number}; from 1 up`);
}

function checkKv(tag: TagDefinition, positions: ReadonlyMap<string, number>): void {
  if (tag.kind !== 'kv' || tag.valueType === 'set') {
    throw new RangeError(`${tag.name}: bitmaps are kept of kv tags with single values`);
  }
  if (positions.size > SOURCES_MAX)
    throw new RangeError(`${tag.name}: ${positions.size} sources, at most ${SOURCES_MAX}`);
  for (const [source, next] of positions) {
    if (!source.startsWith(`tags.${tag.typeName}/`)) throw new RangeError(`${source} is no source of ${tag.name}`);
    if (!Number.isSafeInteger(next) || next < 0) throw new RangeError(`${source}: no position: ${next}`);
  }
}
