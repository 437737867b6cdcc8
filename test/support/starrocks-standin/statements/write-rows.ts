import type { DuckDBConnection } from '@duckdb/node-api';
import { analyzeError, StarrocksError } from '../starrocks-error';
import type { Aggregation } from '../sql/ast';
import type { SqlType } from '../sql/types';
import { nameOf, storedType } from '../sql/types';
import { isWithin } from '../catalog/range';
import type { Partition, Table, TableColumn } from '../catalog/table';
import { columnOf, keysOf } from '../catalog/table';
import { cast, quoteName, quoteText } from '../translate/typed';
import type { Typed } from '../translate/typed';

const STAGE = 'temp.sys_stage';
/** Which of several rows of a load came last. */
const ORDER = 'sys_order';
const KEY_BYTES_MAX = 128;

/** Rows for a table. */
export interface Rows {
  /** In DuckDB's SQL: with the columns `c0`, `c1` … */
  readonly sql: string;
  readonly types: readonly SqlType[];
  /** For which columns of the table; the others keep their values, or get their defaults. */
  readonly columns: readonly TableColumn[];
  /** A column of 0 (upsert) and 1 (delete) behind the others. */
  readonly hasOperation?: boolean;
  /** Of a PRIMARY KEY table: a row is dropped if the stored value of this column is greater. */
  readonly newerBy?: string | null;
  /** Columns that are not brought: of a PRIMARY KEY table as they are stored (a partial update), or their defaults. Left out: kept. */
  readonly missing?: 'kept' | 'default';
  /** What can't be cast is NULL, and not an error. */
  readonly isLenient?: boolean;
}

/** @property stored where the rows go. */
export interface Target {
  readonly stored: string;
  /** They must lie in one of these; null: the table has no ranges. */
  readonly partitions: readonly Partition[] | null;
}

/** A constraint that a row of a load does not meet. */
export class FilteredRowsError extends StarrocksError {
  constructor(readonly reason: string) {
    super(`Insert has filtered data in strict mode: ${reason}`);
  }
}

/**
 * Writes rows by the rules of the table's model. In the caller's transaction.
 * @returns how many rows there were. @throws FilteredRowsError if one of them can't be stored.
 */
export async function writeRows(
  connection: DuckDBConnection,
  table: Table,
  target: Target,
  rows: Rows,
): Promise<number> {
  checkColumns(table, rows.columns);
  await stage(connection, rows);
  try {
    const count = await check(connection, table, target, rows);
    if (count > 0) await merge(connection, table, target.stored, rows);
    return count;
  } finally {
    // A failed transaction takes the stage with it.
    await connection.run(`DROP TABLE IF EXISTS ${STAGE}`).catch(() => undefined);
  }
}

function checkColumns(table: Table, columns: readonly TableColumn[]): void {
  const given = new Set(columns);
  if (given.size !== columns.length) throw new StarrocksError('a column is specified twice', 1110);
  const missing = table.columns.find((column) => {
    if (given.has(column)) return false;
    return column.isKey || (!column.isNullable && column.defaultValue === null && table.model !== 'PRIMARY');
  });
  if (missing !== undefined) {
    throw new StarrocksError(`'${missing.name}' must be explicitly mentioned in column permutation`, 5002);
  }
}

async function stage(connection: DuckDBConnection, rows: Rows): Promise<void> {
  const given = rows.columns.map((column, index) => {
    const value = { sql: `sys_rows.c${index}`, type: rows.types[index]! };
    return `${storable(value, column, rows.isLenient === true)} AS ${quoteName(column.name)}`;
  });
  const operation = rows.hasOperation === true ? [`CAST(sys_rows.c${rows.columns.length} AS TINYINT) AS sys_op`] : [];
  const names = rows.types.map((_, index) => `c${index}`).join(', ');
  const select = [...given, ...operation, `row_number() OVER () AS ${ORDER}`].join(', ');
  await connection.run(`CREATE TEMP TABLE sys_stage AS SELECT ${select} FROM (${rows.sql}) AS sys_rows(${names})`);
}

/** As it is stored. What does not fit is an error and not NULL, as in strict mode. */
function storable(value: Typed, { name, type }: TableColumn, isLenient: boolean): string {
  if (type.name === 'BITMAP') {
    if (value.type.name !== 'BITMAP' && value.type.name !== 'NULL') {
      throw analyzeError(`Column '${name}': ${nameOf(value.type)} for BITMAP, which StarRocks would cast in silence`);
    }
    return value.type.name === 'NULL' ? 'CAST(NULL AS BLOB)' : `bm_save(${value.sql})`;
  }
  const { sql } = cast(value, type);
  if (sql === value.sql || value.type.name === 'NULL' || isLenient) return `CAST(${sql} AS ${storedType(type)})`;
  const shown = `left(CAST(${value.sql} AS VARCHAR), 80)`;
  const failed = `error('Column ${name.replaceAll("'", "''")}: ' || ${shown} || ' is no ${nameOf(type)}')`;
  return `CASE WHEN ${value.sql} IS NOT NULL AND (${sql}) IS NULL THEN ${failed} ELSE ${sql} END`;
}

async function check(connection: DuckDBConnection, table: Table, target: Target, rows: Rows): Promise<number> {
  const isDelete = rows.hasOperation === true ? 'sys_op = 1' : 'false';
  const faults: { readonly condition: string; readonly message: string }[] = [];
  for (const { name, type, isNullable, isKey } of rows.columns) {
    const column = quoteName(name);
    if (!isNullable) {
      const condition = isKey ? `${column} IS NULL` : `${column} IS NULL AND NOT (${isDelete})`;
      faults.push({ condition, message: `NULL value in non-nullable column '${name}'` });
    }
    const text = type.name === 'ARRAY' ? type.of : type;
    if (text.name === 'VARCHAR' && text.bytes !== null) {
      const longest =
        type.name === 'ARRAY' ? `list_max(list_transform(${column}, lambda x: strlen(x)))` : `strlen(${column})`;
      const condition = `${longest} > ${text.bytes}`;
      faults.push({ condition, message: `String '${name}' is too long: schema length ${text.bytes} bytes` });
    }
  }
  const keyBytes = keysOf(table).map(({ name, type }) =>
    type.name === 'VARCHAR' ? `strlen(${quoteName(name)})` : '8',
  );
  if (table.model === 'PRIMARY' && keysOf(table).some(({ type }) => type.name === 'VARCHAR')) {
    faults.push({
      condition: `${keyBytes.join(' + ')} > ${KEY_BYTES_MAX}`,
      message: 'primary key size exceed the limit 128',
    });
  }
  if (target.partitions !== null) {
    const column = table.partitionColumn!;
    const { type } = columnOf(table, column)!;
    const within = target.partitions.map((partition) => isWithin(partition, quoteName(column), type));
    const condition = within.length === 0 ? 'true' : `NOT (${within.join(' OR ')})`;
    faults.push({ condition, message: 'The row is out of partition ranges. Please add a new partition.' });
  }
  const counts = faults.map(({ condition }) => `count(*) FILTER (WHERE ${condition})`);
  const result = await connection.run(`SELECT ${['count(*)', ...counts].join(', ')} FROM ${STAGE}`);
  const [all, ...found] = (await result.getRows())[0] as bigint[];
  const wrong = found.findIndex((count) => count > 0n);
  if (wrong >= 0) throw new FilteredRowsError(`${faults[wrong]!.message} (${String(found[wrong])} rows)`);
  return Number(all);
}

function merge(connection: DuckDBConnection, table: Table, stored: string, rows: Rows): Promise<void> {
  switch (table.model) {
    case 'DUPLICATE':
      return append(connection, table, stored);
    case 'AGGREGATE':
      return aggregate(connection, table, stored);
    case 'PRIMARY':
    case 'UNIQUE':
      return upsert(connection, table, stored, rows);
  }
}

/** For a column that a row does not bring. */
export function defaultOf({ type, defaultValue }: TableColumn): string {
  if (defaultValue === null || defaultValue.kind === 'null') return `CAST(NULL AS ${storedType(type)})`;
  if (defaultValue.kind === 'now') return `date_trunc('second', CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP))`;
  return `CAST(${quoteText(defaultValue.text)} AS ${storedType(type)})`;
}

async function append(connection: DuckDBConnection, table: Table, stored: string): Promise<void> {
  const given = await stagedColumns(connection);
  const select = table.columns.map((column) => (given.has(column.name) ? quoteName(column.name) : defaultOf(column)));
  await connection.run(
    `INSERT INTO ${stored} (${names(table.columns)}) SELECT ${select.join(', ')} FROM ${STAGE} ORDER BY ${ORDER}`,
  );
}

async function stagedColumns(connection: DuckDBConnection): Promise<ReadonlySet<string>> {
  const result = await connection.run(`SELECT * FROM ${STAGE} LIMIT 0`);
  return new Set(result.columnNames());
}

function names(columns: readonly TableColumn[]): string {
  return columns.map(({ name }) => quoteName(name)).join(', ');
}

function sameKey(table: Table, a: string, b: string): string {
  return keysOf(table)
    .map(({ name, isNullable }) => {
      const column = quoteName(name);
      return `${a}.${column} ${isNullable ? 'IS NOT DISTINCT FROM' : '='} ${b}.${column}`;
    })
    .join(' AND ');
}

/** The last row of each key; columns that it does not bring are those of the stored row, or defaults. */
async function upsert(connection: DuckDBConnection, table: Table, stored: string, rows: Rows): Promise<void> {
  const given = new Set(rows.columns.map(({ name }) => name));
  const keys = keysOf(table).map(({ name }) => quoteName(name));
  const keeps = table.model === 'PRIMARY' && rows.missing !== 'default';
  const isPartial = keeps && table.columns.some(({ name }) => !given.has(name));
  const needsOld = isPartial || (rows.newerBy ?? null) !== null;
  const select = table.columns.map((column) => {
    const name = quoteName(column.name);
    if (given.has(column.name)) return `n.${name} AS ${name}`;
    const missing = columnWithoutValue(column);
    if (!keeps) return `${missing} AS ${name}`;
    return `CASE WHEN o.${keys[0]!} IS NOT NULL THEN o.${name} ELSE ${missing} END AS ${name}`;
  });
  if (rows.hasOperation === true) select.push('n.sys_op AS sys_op');
  const newer = rows.newerBy ?? null;
  const isNewer =
    newer === null
      ? ''
      : ` AND (o.${keys[0]!} IS NULL OR o.${quoteName(newer)} IS NULL OR n.${quoteName(newer)} >= o.${quoteName(newer)})`;
  const join = needsOld ? ` LEFT JOIN ${stored} o ON ${sameKey(table, 'n', 'o')}` : '';
  const order = newer === null ? `n.${ORDER} DESC` : `n.${quoteName(newer)} DESC, n.${ORDER} DESC`;
  await connection.run(
    `CREATE TEMP TABLE sys_merged AS SELECT ${select.join(', ')} FROM ${STAGE} n${join}
     WHERE true${isNewer} QUALIFY row_number() OVER (PARTITION BY ${keys.map((key) => `n.${key}`).join(', ')} ORDER BY ${order}) = 1`,
  );
  const remains = rows.hasOperation === true ? ' WHERE coalesce(sys_op, 0) = 0' : '';
  await connection.run(`DELETE FROM ${stored} AS t USING temp.sys_merged AS m WHERE ${sameKey(table, 't', 'm')}`);
  await connection.run(
    `INSERT INTO ${stored} (${names(table.columns)}) SELECT ${names(table.columns)} FROM temp.sys_merged${remains}`,
  );
  await connection.run('DROP TABLE temp.sys_merged');
}

/** In a new row: NOT NULL without a default is an error. */
function columnWithoutValue(column: TableColumn): string {
  if (column.isNullable || column.defaultValue !== null) return defaultOf(column);
  return `error('''${column.name.replaceAll("'", "''")}'' is not null and has no default, and the row is new')`;
}

const FOLDS: Readonly<Record<Aggregation, (column: string) => string>> = {
  SUM: (column) => `sum(${column})`,
  MAX: (column) => `max(${column})`,
  MIN: (column) => `min(${column})`,
  REPLACE: (column) => `arg_max_null(${column}, ${ORDER})`,
  REPLACE_IF_NOT_NULL: (column) => `arg_max(${column}, ${ORDER}) FILTER (WHERE ${column} IS NOT NULL)`,
  BITMAP_UNION: (column) => `bm_save(bm_union(list(bm_load(${column})) FILTER (WHERE ${column} IS NOT NULL)))`,
};

/** New rows behind the stored ones of their keys, folded into one. */
async function aggregate(connection: DuckDBConnection, table: Table, stored: string): Promise<void> {
  const given = await stagedColumns(connection);
  const keys = keysOf(table);
  const fresh = table.columns.map((column) => (given.has(column.name) ? quoteName(column.name) : defaultOf(column)));
  const select = table.columns.map((column) => {
    const name = quoteName(column.name);
    if (column.aggregation === null) return name;
    return `CAST(${FOLDS[column.aggregation](name)} AS ${storedType(column.type)}) AS ${name}`;
  });
  const old = `SELECT ${names(table.columns)}, 0 AS ${ORDER} FROM ${stored} t WHERE EXISTS (SELECT 1 FROM ${STAGE} n WHERE ${sameKey(table, 'n', 't')})`;
  const added = `SELECT ${fresh.join(', ')}, ${ORDER} FROM ${STAGE}`;
  await connection.run(
    `CREATE TEMP TABLE sys_merged AS SELECT ${select.join(', ')} FROM (${old} UNION ALL ${added}) AS sys_all(${names(table.columns)}, ${ORDER})
     GROUP BY ${names(keys)}`,
  );
  await connection.run(`DELETE FROM ${stored} AS t USING temp.sys_merged AS m WHERE ${sameKey(table, 't', 'm')}`);
  await connection.run(
    `INSERT INTO ${stored} (${names(table.columns)}) SELECT ${names(table.columns)} FROM temp.sys_merged`,
  );
  await connection.run('DROP TABLE temp.sys_merged');
}
