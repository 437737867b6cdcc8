import { notMadeYet } from '../connection/not-made-yet';
import type { StarrocksRow } from '../connection/starrocks-connection';
import { isUnknownTable } from '../connection/starrocks-error';
import type { StarrocksPool } from '../connection/starrocks-pool';

/** Rows of a query; of a table that is not made yet: none. @throws StarrocksError; StoreUnavailableError while a column is missing. */
export async function rowsIfMade(
  pool: Pick<StarrocksPool, 'rows'>,
  statement: string,
): Promise<readonly StarrocksRow[]> {
  try {
    return await pool.rows(statement);
  } catch (error) {
    if (isUnknownTable(error)) return [];
    throw notMadeYet(error) ?? error;
  }
}
