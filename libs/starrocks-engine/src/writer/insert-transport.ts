import { StarrocksError } from '../connection/starrocks-error';
import { insertSql, rowSql } from './load-sql';
import type { SureStatements } from './statements';
import { FencedError, UnfitRowsError } from './table-load';
import type { BatchLoad, Fence, LoadTransport } from './table-load';

/** Rows by INSERT over the MySQL protocol. */
export class InsertTransport implements LoadTransport {
  constructor(private readonly statements: SureStatements) {}

  async load({ table, columns, rows }: BatchLoad, fence: Fence): Promise<void> {
    const texts = rows.map((row) => rowSql(columns, row));
    const written = await this.#write(insertSql(table, columns, texts, fence));
    if (written === rows.length) return;
    if (written === 0) throw new FencedError(`a source of rows for ${table} is claimed by another process`);
    throw new UnfitRowsError(`StarRocks took ${written} of ${rows.length} rows for ${table}`);
  }

  async #write(statement: string): Promise<number> {
    try {
      return await this.statements.write(statement);
    } catch (error) {
      if (error instanceof StarrocksError && error.kind === 'refused') throw new UnfitRowsError(error.message);
      throw error;
    }
  }
}
