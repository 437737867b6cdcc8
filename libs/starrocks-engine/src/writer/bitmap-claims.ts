import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StarrocksRow } from '../connection/starrocks-connection';
import { StarrocksError } from '../connection/starrocks-error';
import { BIGINT, varchar } from '../schema/column-type';
import { identifier, POSITIONS_TABLE } from '../schema/names';
import { textLiteral } from '../sql/literal';
import { BEGUN, checkSql, insertSql, NEXT, rowSql, SOURCE, WRITER } from './load-sql';
import type { SureStatements } from './statements';
import { FencedError } from './table-load';
import type { Fence, LoadColumn } from './table-load';

/** A row of `sys_positions`. */
export interface Position {
  readonly source: string;
  /** `sys_begun` and `sys_next`: bitmaps never say that something is begun, so answers keep their data versions. */
  readonly next: number;
  readonly writer: string;
}

/** A source that this process alone writes, as long as StarRocks says so. */
export interface BitmapClaim {
  readonly source: string;
  readonly writer: string;
  readonly fence: Fence;
}

/** Sources that say under which claim rows may be under way. */
const WRITING = 'writing/';
/** What a DELETE takes at most before StarRocks has it: from the look at the claim until it is sent, in the line of the pool. */
const LIMITS_BEFORE_A_DELETE = 2;
/**
 * What a DELETE from a table without a primary key may take. It is a job of the leading frontend, which the session's limit ends only where the session is one of
 * that frontend's own. Else it waits for the tablets, 2 s for each, at least 30 s, at most 300 s (`load_straggler_wait_second`), and half as long again for the
 * last copies (`OlapDeleteJob` of StarRocks 4.1).
 */
export const DELETE_JOB_MS = 450_000;
const COLUMNS: readonly LoadColumn[] = [
  { name: SOURCE, type: varchar(120) },
  { name: BEGUN, type: BIGINT },
  { name: NEXT, type: BIGINT },
  { name: WRITER, type: varchar(64) },
];
const table = identifier(POSITIONS_TABLE);

/**
 * Who writes which bitmaps (decision 0026, "Claims", for rows that come from no Kafka partition). A writer claims its source, and says under its claim that it
 * writes, before its first row. INSERTs have the claim as a condition; DELETEs can't, so the claim is looked at right before. Whoever claims next and
 * finds that somebody has said so waits until all that was sent under the other claim has ended by its limit of time.
 */
export class BitmapClaims {
  /** @param deleteMs what a DELETE may take in StarRocks where that is more than the limit of statements: see `DELETE_JOB_MS`. */
  constructor(
    private readonly statements: SureStatements,
    private readonly deleteMs = 0,
  ) {}

  /** Takes the source from whoever has it; nothing of theirs is under way then. @throws StarrocksError, FencedError */
  async take(source: string): Promise<BitmapClaim> {
    const writer = `bitmaps-${randomUUID()}`;
    const claim = { source, writer, fence: new Map([[source, writer]]) };
    const writing = WRITING + source;
    const sql = `INSERT INTO ${table} (${SOURCE}, ${WRITER}) VALUES (${textLiteral(source)}, ${textLiteral(writer)})`;
    await this.statements.write(sql);
    const [said] = positionsOf(
      await this.read(claim, `SELECT * FROM ${table} WHERE ${SOURCE} = ${textLiteral(writing)}`),
    );
    const { lingerMs } = this.statements;
    const deletedMs = LIMITS_BEFORE_A_DELETE * lingerMs + Math.max(lingerMs, this.deleteMs);
    if (said !== undefined && said.writer !== '') await sleep(deletedMs);
    // Before this is seen no row is sent, so who claims later and does not see it has nothing to wait for.
    await this.put(claim, [{ source: writing, next: 0, writer }]);
    return claim;
  }

  /** Positions that are set when the claim is given back, all at once. @throws as `put`. */
  async giveBack(claim: BitmapClaim, positions: readonly Position[]): Promise<void> {
    await this.put(claim, [...positions, { source: WRITING + claim.source, next: 0, writer: '' }]);
  }

  /** @throws StarrocksError, FencedError */
  async put({ source, fence }: BitmapClaim, positions: readonly Position[]): Promise<void> {
    const rows = positions.map((row) =>
      rowSql(COLUMNS, { ...ROW, cells: [row.source, row.next, row.next, row.writer] }),
    );
    const written = await this.statements.write(insertSql(POSITIONS_TABLE, COLUMNS, rows, fence));
    if (written === 0) throw lost(source);
  }

  /** @throws StarrocksError, FencedError */
  async delete({ source, fence }: BitmapClaim, sql: string): Promise<void> {
    const lookedMs = performance.now();
    if ((await this.statements.write(checkSql(fence))) !== 1) throw lost(source);
    if (performance.now() - lookedMs > this.statements.timeoutMs) {
      throw new StarrocksError(`StarRocks took too long to say who writes ${source}`, 'overloaded');
    }
    await this.statements.write(sql);
  }

  /** A query that sees all that was written before, of whomever. @throws StarrocksError, FencedError */
  read({ source, fence }: BitmapClaim, sql: string): Promise<readonly StarrocksRow[]> {
    const { pool } = this.statements;
    return pool.use(async (session) => {
      const looked = await session.write(checkSql(fence));
      if (looked.rows !== 1) throw lost(source);
      await pool.untilVisible(looked);
      return session.rows(sql);
    });
  }
}

const ROW = { source: '', records: [] };

/** @param rows of `sys_positions`. */
export function positionsOf(rows: readonly StarrocksRow[]): readonly Position[] {
  return rows.map((row) => ({
    source: String(row[SOURCE]),
    next: Number(row[NEXT]),
    writer: String(row[WRITER] ?? ''),
  }));
}

function lost(source: string): FencedError {
  return new FencedError(`another process writes ${source} now`);
}
