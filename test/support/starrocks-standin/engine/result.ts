import { DuckDBBlobValue, DuckDBDateValue, DuckDBListValue, DuckDBTimestampValue } from '@duckdb/node-api';
import type { DuckDBMaterializedResult, DuckDBValue } from '@duckdb/node-api';
import type { SqlType } from '../sql/types';

export interface ResultColumn {
  readonly name: string;
  readonly type: SqlType;
}

/** A value as it goes over the MySQL protocol. */
export type Cell = string | Buffer | null;

/** What a statement answers. */
export type StatementResult =
  | { readonly kind: 'rows'; readonly columns: readonly ResultColumn[]; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: 'ok'; readonly affectedRows: number; readonly info: string };

const MICROS_PER_DAY = 86_400_000_000n;
const DAY_MS = 86_400_000;

export function ok(affectedRows = 0, info = ''): StatementResult {
  return { kind: 'ok', affectedRows, info };
}

/** Rows of DuckDB as StarRocks writes them. */
export async function cellsOf(result: DuckDBMaterializedResult, columns: readonly ResultColumn[]): Promise<Cell[][]> {
  const rows: Cell[][] = [];
  for (const chunk of await result.fetchAllChunks()) {
    const vectors = columns.map((_, index) => chunk.getColumnVector(index));
    for (let row = 0; row < chunk.rowCount; row++) {
      rows.push(vectors.map((vector, index) => cell(vector.getItem(row), columns[index]!.type)));
    }
  }
  return rows;
}

function cell(value: DuckDBValue, type: SqlType): Cell {
  // StarRocks answers NULL for a bitmap (STARROCKS.md section 3).
  if (value === null || type.name === 'BITMAP') return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value instanceof DuckDBTimestampValue) return moment(value.micros);
  if (value instanceof DuckDBDateValue) return day(value.days);
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes);
  if (value instanceof DuckDBListValue) return list(value, type);
  return value.toString();
}

function day(days: number): string {
  return new Date(days * DAY_MS).toISOString().slice(0, 10);
}

/** With six digits behind the second, or none. */
function moment(micros: bigint): string {
  const rest = ((micros % MICROS_PER_DAY) + MICROS_PER_DAY) % MICROS_PER_DAY;
  const date = day(Number((micros - rest) / MICROS_PER_DAY));
  const time = new Date(Number(rest / 1_000n)).toISOString().slice(11, 19);
  const fraction = rest % 1_000_000n;
  return `${date} ${time}${fraction === 0n ? '' : `.${String(fraction).padStart(6, '0')}`}`;
}

/** `["a","b"]`; quotes and backslashes are escaped. */
function list({ items }: DuckDBListValue, type: SqlType): string {
  const of = type.name === 'ARRAY' ? type.of : type;
  const isQuoted = ['VARCHAR', 'DATE', 'DATETIME'].includes(of.name);
  const each = items.map((item) => {
    const text = cell(item, of);
    if (text === null) return 'null';
    return isQuoted ? `"${String(text).replaceAll(/["\\]/g, '\\$&')}"` : String(text);
  });
  return `[${each.join(',')}]`;
}
