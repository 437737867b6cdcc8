import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StarrocksRow, StarrocksSession } from '../connection/starrocks-connection';
import { untilVisible } from '../connection/until-visible';
import { identifier, POSITIONS_TABLE } from '../schema/names';
import { textLiteral } from '../sql/literal';
import { BEGUN, checkSql, claimedSql, NEXT, SOURCE, WRITER } from './load-sql';
import { GroupLine } from './group-line';
import { PositionLine } from './position-line';
import type { SureStatements } from './statements';
import type { Fence } from './table-load';

/** A source that this process writes. */
export interface Claim {
  /** Names it: no other claim has the same one. */
  readonly writer: string;
  /** Everything of the source below this offset is in StarRocks. */
  readonly next: number;
  /** Up to which writing has been announced, so rows below may be in StarRocks; more than `next`: it was broken off, or goes on. */
  readonly begun: number;
  /** Nothing is written before: until then a statement of whoever had the source before may be under way. As of `performance.now()`. */
  readonly fromMs: number;
}

/** How far a round brings a source. */
export interface RoundExtent {
  /** Everything below this was written before. */
  readonly from: number;
  /** Everything below this is written by the round. */
  readonly through: number;
}

/** Of one source a counter: how often something of it was written anew that had been passed. */
const REPEATS = 'repeats/';

/** So long whoever had a source before may take to end its round, where it lives. */
const QUIET_MS_MAX = 4_000;
const QUIET_POLL_MS = 100;
const COLLECT_MS = 5;
const SOURCES_A_STATEMENT = 500;

/**
 * Who writes which source, and how far each is written: `sys_positions`. docs/decisions/0026 says why nobody else's rows can come
 * between or after those of the one who has the claim.
 */
export class SourceClaims {
  readonly #process = randomUUID().slice(0, 13);
  readonly #table = identifier(POSITIONS_TABLE);
  #claims = 0;
  /** A process that starts claims many. They wait for each other, but not for a statement under way. */
  readonly #claiming = new GroupLine<string, Claim>({
    send: (sources) => this.#claim(sources),
    fits: (_source, before) => before.length < SOURCES_A_STATEMENT,
    holdMs: COLLECT_MS,
    collectMs: COLLECT_MS,
  });
  readonly #line: PositionLine;

  constructor(private readonly statements: SureStatements) {
    this.#line = new PositionLine(statements, (fence) => this.lost(fence));
  }

  /** Takes the source over, from whoever has it. @throws StarrocksError */
  claim(source: string): Promise<Claim> {
    return this.#claiming.add(source);
  }

  /**
   * Says that rows are about to be written. An answer that is read meanwhile is not taken for one of a single state.
   * @returns sources that another process has claimed; nothing was said of them. @throws StarrocksError
   */
  begin(fence: Fence, extents: ReadonlyMap<string, RoundExtent>): Promise<readonly string[]> {
    const changes = [...extents].map(([source, { from, through }]) => ({ ...claimOf(fence, source), from, through }));
    return this.#line.write(changes);
  }

  /** Says that everything below is written, or was nothing. @returns as `begin`. @throws StarrocksError */
  end(fence: Fence, extents: ReadonlyMap<string, RoundExtent>): Promise<readonly string[]> {
    const changes = [...extents].map(([source, { through }]) => ({ ...claimOf(fence, source), from: null, through }));
    return this.#line.write(changes);
  }

  /** Whether all of the fence is still claimed by this process, or was after this was called. @throws StarrocksError */
  holds(fence: Fence): Promise<boolean> {
    return this.#line.holds(fence);
  }

  /**
   * Changes the data version while rows are written that were passed before: positions come back to where they were, and
   * the data need not be the same meanwhile. To be called between `begin` and `end`. @throws StarrocksError
   */
  async countRepeats(sources: readonly string[]): Promise<void> {
    const names = sources.map((source) => `${REPEATS}${source}`);
    const found = await this.statements.pool.rows(
      `SELECT ${SOURCE}, ${NEXT} FROM ${this.#table} WHERE ${SOURCE} IN (${names.map(textLiteral).join(', ')})`,
    );
    const counts = new Map(found.map((row) => [row[SOURCE], Number(row[NEXT])] as const));
    const values = names.map((name) => {
      const count = (counts.get(name) ?? 0) + 1;
      return `(${textLiteral(name)}, ${count}, ${count})`;
    });
    await this.statements.write(`INSERT INTO ${this.#table} (${SOURCE}, ${BEGUN}, ${NEXT}) VALUES ${values.join(',')}`);
  }

  /** Those of the fence that another process has claimed. @throws StarrocksError */
  async lost(fence: Fence): Promise<readonly string[]> {
    const rows = await this.statements.pool.use(async (session) => {
      // A write comes first, so that the session sees what was claimed before it.
      await session.write(checkSql(fence));
      return session.rows(`SELECT ${SOURCE} FROM ${this.#table} WHERE ${claimedSql(fence)}`);
    });
    const held = new Set(rows.map((row) => row[SOURCE]));
    return [...fence.keys()].filter((source) => !held.has(source));
  }

  async #claim(sources: readonly string[]): Promise<readonly Claim[]> {
    const writer = `${this.#process}-${++this.#claims}`;
    const list = sources.map(textLiteral);
    await this.#untilQuiet(list);
    const values = list.map((source) => `(${source}, ${textLiteral(writer)})`);
    const sql = `INSERT INTO ${this.#table} (${SOURCE}, ${WRITER}) VALUES ${values.join(',')}`;
    const rows = await this.statements.pool.use(async (session) => {
      await this.#write(session, sql);
      // By the same session: it sees at least what the claim has come after.
      return session.rows(
        `SELECT ${SOURCE}, ${BEGUN}, ${NEXT} FROM ${this.#table} WHERE ${SOURCE} IN (${list.join(', ')})`,
      );
    });
    const nowMs = performance.now();
    const found = new Map(rows.map((row) => [String(row[SOURCE]), row] as const));
    return sources.map((source) => this.#claimOf(writer, found.get(source), nowMs));
  }

  /**
   * A while, until nobody is in the middle of a round: of one who lives and goes on, the rest of the round is awaited, which is short; of one whose claim is
   * taken in the middle, two limits of time.
   */
  async #untilQuiet(list: readonly string[]): Promise<void> {
    const { pool, timeoutMs } = this.statements;
    const untilMs = performance.now() + Math.min(QUIET_MS_MAX, timeoutMs);
    const sql = `SELECT ${SOURCE} FROM ${this.#table} WHERE ${SOURCE} IN (${list.join(', ')}) AND ${BEGUN} <> ${NEXT} LIMIT 1`;
    while ((await pool.rows(sql)).length > 0 && performance.now() < untilMs) await sleep(QUIET_POLL_MS);
  }

  async #write(session: StarrocksSession, sql: string): Promise<void> {
    const { timeoutMs } = this.statements;
    await untilVisible(session, await session.write(sql), { timeoutMs });
  }

  /**
   * Before each of its statements a writer has said so, under its claim. So if nothing is begun that has not ended, none is
   * under way, and none that comes later finds its claim. Else those that were sent before ours was seen end by their limit of time.
   */
  #claimOf(writer: string, row: StarrocksRow | undefined, nowMs: number): Claim {
    const [begun, next] = [Number(row?.[BEGUN] ?? 0), Number(row?.[NEXT] ?? 0)];
    const isClean = begun === next;
    return {
      writer,
      next,
      begun: Math.max(begun, next),
      fromMs: isClean ? nowMs : nowMs + 2 * this.statements.lingerMs,
    };
  }
}

function claimOf(fence: Fence, source: string): { readonly source: string; readonly writer: string } {
  const writer = fence.get(source);
  if (writer === undefined) throw new Error(`${source} is none of the fence`);
  return { source, writer };
}
