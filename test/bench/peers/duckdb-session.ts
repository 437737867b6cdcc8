import { DuckDBDataChunk, DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBType, DuckDBValue, DuckDBVector } from '@duckdb/node-api';

/** Rows that one chunk of DuckDB holds. */
const CHUNK_ROWS = 2_048;

/** A column as DuckDB stores it: an enum by code, a decimal by its digits. */
export type RawColumn = Uint8Array | Uint16Array | Int32Array | Uint32Array | BigInt64Array;

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

  /** @returns e.g. `v1.5.5`. */
  async version(): Promise<string> {
    const [row] = await this.rows('SELECT version()');
    return String(row?.[0]);
  }

  /**
   * Adds rows column by column, far faster than row by row.
   * @param types of the table's columns, in order.
   * @param blocks each with one equally long column for each type, in its stored form.
   */
  async append(table: string, types: readonly DuckDBType[], blocks: Iterable<readonly RawColumn[]>): Promise<void> {
    const appender = await this.connection.createAppender(table);
    const chunk = DuckDBDataChunk.create(types, CHUNK_ROWS);
    for (const columns of blocks) {
      const rows = columns[0]?.length ?? 0;
      for (let start = 0; start < rows; start += CHUNK_ROWS) {
        const end = Math.min(start + CHUNK_ROWS, rows);
        chunk.reset();
        chunk.rowCount = end - start;
        columns.forEach((column, index) => {
          writeVector(chunk.getColumnVector(index), column.subarray(start, end));
        });
        appender.appendDataChunk(chunk);
      }
    }
    appender.closeSync();
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}

/** The vector's own memory: plain numbers as `items`, decimals and timestamps behind a `DataView`. */
function writeVector(vector: DuckDBVector, values: RawColumn): void {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const held: unknown = 'items' in vector ? vector.items : 'dataView' in vector ? vector.dataView : undefined;
  if (!ArrayBuffer.isView(held) || held.byteLength < bytes.byteLength) {
    throw new Error(`A column of type ${String(vector.type)} can't be filled with ${values.constructor.name}.`);
  }
  new Uint8Array(held.buffer, held.byteOffset, bytes.byteLength).set(bytes);
  vector.flush();
}

/** A text as an SQL literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
