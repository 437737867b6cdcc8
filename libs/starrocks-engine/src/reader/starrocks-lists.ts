import { randomBytes } from 'node:crypto';
import { listReadNode } from '@tessera/audience';
import type { ListStore, ListSummary, SegmentationEngine } from '@tessera/audience';
import { RoaringBitmap32, starrocksBitmapText } from '@tessera/bitmap';
import type { StarrocksRow, StarrocksSession } from '../connection/starrocks-connection';
import { untilVisible } from '../connection/until-visible';
import type { WriterPool } from '../writer/statements';
import {
  GUID,
  GUIDS,
  identifier,
  LIST_NAMES_TABLE,
  LISTS_TABLE,
  SEGMENT,
  SEGMENT_GUIDS,
  USERS_TABLE,
} from '../schema/names';
import { instantLiteral, textLiteral } from '../sql/literal';
import { chunksOf } from './chunks';
import { ListChanges } from './list-changes';
import { readInstant, readWhole } from './read-cell';

const PREFIX = 'list_';
const TIME_DIGITS = 9;
const ID = /^list_[0-9a-z]{1,59}$/;
const LOOKUP_CUIDS = 1_000;
/** A full segment is some 700 KB of text. */
const SEGMENTS_A_STATEMENT = 8;
/** Nothing that was made later is taken for left over: its name may be about to be written. */
const SWEPT_AFTER_MS = 24 * 3_600_000;

const [list, name, created, seg, guids, guid] = ['sys_list', 'sys_name', 'sys_created', SEGMENT, GUIDS, GUID].map(
  identifier,
);
const names = identifier(LIST_NAMES_TABLE);
const lists = identifier(LISTS_TABLE);

/** Looks cuids up, each given once at most; 0: it has no guid. */
export type GuidLookup = (cuids: readonly string[]) => Promise<ArrayLike<number>>;

/**
 * Uploaded lists. A list is there when its name is: that is written behind its users and taken away before them, each in one statement, so a rule that
 * names it sees all of it. Users taken away later, see `sweep`, may still be read by questions that began before.
 */
export class StarrocksLists implements ListStore {
  #leftOver: ReadonlySet<string> = new Set();

  readonly #changes: ListChanges;

  /** @param timeoutMs limit of the pool's statements. */
  constructor(
    private readonly pool: WriterPool,
    private readonly engine: Pick<SegmentationEngine, 'counts'>,
    private readonly lookUp: GuidLookup,
    private readonly clock: () => number,
    timeoutMs: number,
  ) {
    this.#changes = new ListChanges({ pool, clock, timeoutMs });
  }

  async create(
    listName: string,
    cuids: AsyncIterable<string>,
  ): Promise<{ readonly list: ListSummary; readonly matched: number; readonly unknown: number }> {
    const { segments, bound, unknown } = await this.#collect(cuids);
    const nowMs = this.clock();
    const id = PREFIX + nowMs.toString(36).padStart(TIME_DIGITS, '0') + randomBytes(9).toString('hex');
    for (const some of chunksOf([...segments], SEGMENTS_A_STATEMENT)) await this.#write(insertSql(id, some));
    const naming = `INSERT INTO ${names} (${list}, ${name}, ${created}) VALUES (${textLiteral(id)}, ${textLiteral(listName)}, ${instantLiteral(nowMs)})`;
    const matched = await this.#changes.make(
      id,
      (session) => storedUsers(id, session),
      () => this.#write(naming),
    );
    const summary = { id, name: listName, count: matched, createdAt: new Date(nowMs).toISOString() };
    // Bound, but not known: of numbers alone nobody has heard.
    return { list: summary, matched, unknown: unknown + bound - matched };
  }

  async list(id: string): Promise<ListSummary | undefined> {
    if (!ID.test(id)) return undefined;
    return (await this.#summaries(`WHERE ${list} = ${textLiteral(id)}`))[0];
  }

  /** Oldest first. */
  lists(): Promise<readonly ListSummary[]> {
    return this.#summaries('');
  }

  async has(id: string): Promise<boolean> {
    if (!ID.test(id)) return false;
    return (await this.pool.rows(`SELECT ${list} FROM ${names} WHERE ${list} = ${textLiteral(id)}`)).length > 0;
  }

  async remove(id: string): Promise<boolean> {
    if (!(await this.has(id))) return false;
    await this.#changes.make(
      id,
      () => Promise.resolve(),
      () => this.#write(`DELETE FROM ${names} WHERE ${list} = ${textLiteral(id)}`),
    );
    return true;
  }

  /** To be called every few seconds: see `ListChanges`. @throws StarrocksError */
  settleLeft(): Promise<void> {
    return this.#changes.settleLeft();
  }

  /**
   * Makes one count of old changes, and takes away the users of lists that have no name: removed ones, and those of which the making broke off. What is found the first time is looked at again the next
   * time, so call it once in a while, with more time in between than a question takes.
   */
  async sweep(): Promise<void> {
    await this.#changes.fold();
    const end = textLiteral(
      PREFIX +
        Math.max(0, this.clock() - SWEPT_AFTER_MS)
          .toString(36)
          .padStart(TIME_DIGITS, '0'),
    );
    const stored = await this.pool.rows(
      `SELECT DISTINCT ${list} FROM ${lists} WHERE ${list} >= ${textLiteral(PREFIX)} AND ${list} < ${end}`,
    );
    const named = await this.pool.rows(`SELECT ${list} FROM ${names}`);
    const kept = new Set(named.map((row) => String(row['sys_list'])));
    const leftOver = stored.map((row) => String(row['sys_list'])).filter((id) => !kept.has(id));
    for (const some of chunksOf(leftOver.filter((id) => this.#leftOver.has(id)))) {
      await this.#write(`DELETE FROM ${lists} WHERE ${list} IN (${some.map(textLiteral).join(', ')})`);
    }
    this.#leftOver = new Set(leftOver);
  }

  /** The bound ones by segment, each once. */
  async #collect(cuids: AsyncIterable<string>): Promise<{
    readonly segments: ReadonlyMap<number, RoaringBitmap32>;
    readonly bound: number;
    readonly unknown: number;
  }> {
    const segments = new Map<number, RoaringBitmap32>();
    let unknown = 0;
    const add = async (some: readonly string[]): Promise<void> => {
      const distinct = [...new Set(some)];
      const found = await this.lookUp(distinct);
      const missing = new Set<string>();
      distinct.forEach((cuid, place) => {
        const user = found[place] ?? 0;
        if (user === 0) {
          missing.add(cuid);
          return;
        }
        const segment = Math.floor(user / SEGMENT_GUIDS);
        const bitmap = segments.get(segment) ?? new RoaringBitmap32();
        bitmap.add(user);
        segments.set(segment, bitmap);
      });
      unknown += some.filter((cuid) => missing.has(cuid)).length;
    };
    let waiting: string[] = [];
    for await (const cuid of cuids) {
      waiting.push(cuid);
      if (waiting.length < LOOKUP_CUIDS) continue;
      await add(waiting);
      waiting = [];
    }
    if (waiting.length > 0) await add(waiting);
    const bound = [...segments.values()].reduce((sum, { size }) => sum + size, 0);
    return { segments, bound, unknown };
  }

  async #summaries(where: string): Promise<readonly ListSummary[]> {
    const rows = await this.pool.rows(
      `SELECT ${list}, ${name}, ${created} FROM ${names} ${where} ORDER BY ${created}, ${list}`,
    );
    if (rows.length === 0) return [];
    const { counts } = await this.engine.counts(rows.map((row) => listReadNode(String(row['sys_list']))));
    return rows.map((row, place) => summaryOf(row, counts[place] ?? 0));
  }

  /** Resolves when it is seen. The wait is the session's own: those that hold a connection wait for no other one. */
  #write(statement: string): Promise<void> {
    return this.pool.use(async (session) => untilVisible(session, await session.write(statement), {}));
  }
}

/** Users of a list as they were stored. */
async function storedUsers(id: string, session: StarrocksSession): Promise<number> {
  const [row] = await session.rows(
    `SELECT ifnull(sum(bitmap_count(${guids})), 0) AS \`sys_rows\` FROM ${lists} WHERE ${list} = ${textLiteral(id)}`,
  );
  return readWhole(row?.['sys_rows'] ?? null);
}

/** Of the bound users those that are known. */
function insertSql(id: string, segments: readonly (readonly [number, RoaringBitmap32])[]): string {
  const parts = segments.map(([segment, bitmap]) => {
    const text = starrocksBitmapText(bitmap);
    const from = segment * SEGMENT_GUIDS;
    return (
      `SELECT ${textLiteral(id)}, ${segment}, bitmap_and(base64_to_bitmap(${textLiteral(text)}), k.${guids}) FROM ` +
      `(SELECT ifnull(bitmap_agg(${guid}), bitmap_empty()) AS ${guids} FROM ${identifier(USERS_TABLE)} ` +
      `WHERE ${guid} >= ${from} AND ${guid} < ${from + SEGMENT_GUIDS}) k`
    );
  });
  return `INSERT INTO ${lists} (${list}, ${seg}, ${guids}) ${parts.join(' UNION ALL ')}`;
}

function summaryOf(row: StarrocksRow, count: number): ListSummary {
  const createdAt = new Date(readInstant(row['sys_created'] ?? null)).toISOString();
  return { id: String(row['sys_list']), name: String(row['sys_name']), count, createdAt };
}
