import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';

/** A DuckDB in memory: the independent second opinion of the integration tests and the peer of the benches. */
export class DuckDbSession {
  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
  ) {}

  /** @param threads how many cores a query may use. */
  static async open(threads: number): Promise<DuckDbSession> {
    const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) });
    return new DuckDbSession(instance, await instance.connect());
  }

  async run(sql: string): Promise<void> {
    await this.connection.run(sql);
  }

  /** All rows of a query, cells in the order of its columns. */
  async rows(sql: string): Promise<readonly (readonly DuckDBValue[])[]> {
    return (await this.connection.runAndReadAll(sql)).getRows();
  }

  /** The only cell of a query that answers one whole number. */
  async count(sql: string): Promise<number> {
    const [row] = await this.rows(sql);
    const cell = row?.[0];
    if (typeof cell !== 'bigint' && typeof cell !== 'number') throw new Error(`No number came out of: ${sql}`);
    return Number(cell);
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}

/** A text as an SQL literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
