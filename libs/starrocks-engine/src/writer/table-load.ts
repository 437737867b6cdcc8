import type { TagValue } from '@tessera/tag-catalog';
import type { ColumnType } from '../schema/column-type';

/**
 * A value of a column:
 *
 * | type | value |
 * |---|---|
 * | boolean | boolean |
 * | int, bigint | whole number |
 * | decimal | value × 10^scale, a whole number |
 * | date | days since 1970-01-01 |
 * | datetime | milliseconds since 1970-01-01T00:00:00Z |
 * | varchar | string |
 * | strings | array of strings |
 * | bitmap | base64 of the bitmap's bytes |
 */
export type Cell = TagValue | bigint | null;

export interface LoadColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** A row on its way to a table. */
export interface LoadRow<R = unknown> {
  /** One for each column of the load. */
  readonly cells: readonly Cell[];
  /** The source that it comes from. */
  readonly source: string;
  /** The records that it was made of; for who has to tell that it can't be stored. */
  readonly records: readonly R[];
}

/** Rows of one table that have values for the same columns; columns that are not named keep theirs. */
export interface TableLoad<R = unknown> {
  readonly table: string;
  readonly columns: readonly LoadColumn[];
  readonly rows: readonly LoadRow<R>[];
}

/** Rows that are one batch with others of its name. */
export interface BatchLoad<R = unknown> extends TableLoad<R> {
  /**
   * Names the batch among all of its claims: for a round, from where to where each source goes. What is sent again because nobody knows what became of it
   * has the same name; what is sent again although that is known has another one.
   */
  readonly batch: string;
}

/** By source, the claim under which this process writes it: see `SourceClaims`. */
export type Fence = ReadonlyMap<string, string>;

/** The statement has written nothing: another process has claimed one of its sources. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
}

/** StarRocks can't take these rows, whoever sends them and however often. */
export class UnfitRowsError extends Error {
  override readonly name = 'UnfitRowsError';
}

/** How rows get into StarRocks. */
export interface LoadTransport {
  /**
   * Resolves when all rows are durable and seen by every query that begins then. They are written in one transaction, or in several where they don't fit
   * into one statement; if it fails, some may be written.
   * @param fence of all sources of the rows. Nothing is written once another process has claimed one of them, however late this arrives.
   * @throws FencedError, UnfitRowsError, and StarrocksError where trying again may help: nothing of it goes on by then.
   */
  load(load: BatchLoad, fence: Fence): Promise<void>;
}

/** How much goes into one statement. */
export interface LoadLimits {
  readonly rows: number;
  /** Of SQL or JSON. */
  readonly bytes: number;
}
