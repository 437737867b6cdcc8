import type { PoolConnection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';

/** What can stand for a `?`. */
export type MysqlValue = string | number | null;

/** A row by column. Whole numbers up to 2^53 − 1 are numbers, texts strings. */
export interface MysqlRow {
  readonly [column: string]: unknown;
}

/** One connection, for statements that belong together. Values never become part of a statement's text. */
export interface MysqlSession {
  /** What a query finds. */
  rows(statement: string, values?: readonly MysqlValue[]): Promise<readonly MysqlRow[]>;
  /** @returns to how many rows it applied, changed by it or not, and the connection's LAST_INSERT_ID if the statement set it. */
  run(
    statement: string,
    values?: readonly MysqlValue[],
  ): Promise<{ readonly changed: number; readonly insertId: number }>;
}

/** A connection of the driver as ours. */
export function sessionOf(connection: PoolConnection): MysqlSession {
  return {
    async rows(statement, values = []) {
      const [rows] = await connection.execute<RowDataPacket[]>(statement, [...values]);
      return rows;
    },
    async run(statement, values = []) {
      // Not everything can be prepared; what can't takes no values.
      const [{ affectedRows, insertId }] =
        values.length === 0
          ? await connection.query<ResultSetHeader>(statement)
          : await connection.execute<ResultSetHeader>(statement, [...values]);
      return { changed: affectedRows, insertId };
    },
  };
}
