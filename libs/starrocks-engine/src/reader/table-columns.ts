import type { StarrocksPool } from '../connection/starrocks-pool';
import { textLiteral } from '../sql/literal';

/** Which columns tables have: those of a tag or property that was declared a moment ago may not be made yet. Columns that were seen once stay. */
export class TableColumns {
  readonly #seen = new Map<string, ReadonlySet<string>>();

  constructor(private readonly pool: Pick<StarrocksPool, 'rows'>) {}

  /** Of the columns those that the table has; none: there is no such table. @throws StarrocksError */
  async of(table: string, columns: readonly string[]): Promise<ReadonlySet<string>> {
    const seen = this.#seen.get(table);
    const found = seen !== undefined && columns.every((column) => seen.has(column)) ? seen : await this.#read(table);
    return new Set(columns.filter((column) => found.has(column)));
  }

  async #read(table: string): Promise<ReadonlySet<string>> {
    const rows = await this.pool.rows(
      'SELECT COLUMN_NAME FROM information_schema.columns ' +
        `WHERE TABLE_SCHEMA = database() AND TABLE_NAME = ${textLiteral(table)}`,
    );
    const found = new Set(rows.map((row) => String(row['COLUMN_NAME'])));
    this.#seen.set(table, found);
    return found;
  }
}
