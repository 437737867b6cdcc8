import type { DuckDBConnection } from '@duckdb/node-api';
import { analyzeError, StarrocksError } from '../starrocks-error';
import type { Expression, Insert, Statement } from '../sql/ast';
import { isWithin } from '../catalog/range';
import type { Partition, Table, TableColumn } from '../catalog/table';
import { columnOf, keysOf } from '../catalog/table';
import type { TranslatedQuery } from '../translate/expression';
import type { QueryTranslator } from '../translate/query';
import { Scope } from '../translate/scope';
import { quoteName } from '../translate/typed';
import { writeRows } from './write-rows';
import type { Target } from './write-rows';

/** The columns of a list, or all. @throws StarrocksError for one that the table does not have. */
export function columnsOf(table: Table, names: readonly string[] | null): readonly TableColumn[] {
  if (names === null) return table.columns;
  return names.map((name) => {
    const found = columnOf(table, name);
    if (found === null) throw new StarrocksError(`Unknown column '${name}' in '${table.name}'`, 1054);
    return found;
  });
}

/** @throws StarrocksError for a partition that the table does not have. */
export function partitionsOf(table: Table, names: readonly string[], isTemporary: boolean): Partition[] {
  return names.map((name) => {
    const found = (isTemporary ? table.temporary : table.partitions).find((partition) => partition.name === name);
    if (found === undefined) throw new StarrocksError(`Unknown partition '${name}' in table '${table.name}'`, 1735);
    return found;
  });
}

/** Where rows go that are for these partitions. */
export function targetOf(table: Table, names: readonly string[] | null, isTemporary: boolean): Target {
  if (names === null) {
    return { stored: table.stored, partitions: table.partitionColumn === null ? null : table.partitions };
  }
  if (table.partitionColumn === null)
    throw new StarrocksError('PARTITION clause is not valid for INSERT into unpartitioned table', 5009);
  const partitions = partitionsOf(table, names, isTemporary);
  if (!isTemporary) return { stored: table.stored, partitions };
  if (partitions.length !== 1) throw analyzeError('the stand-in writes to one temporary partition at a time');
  return { stored: partitions[0]!.stored!, partitions };
}

/** In a transaction. @returns how many rows were written. */
export async function insertRows(
  connection: DuckDBConnection,
  table: Table,
  insert: Insert,
  query: TranslatedQuery,
): Promise<number> {
  const columns = columnsOf(table, insert.columns);
  if (query.columns.length !== columns.length) {
    throw new StarrocksError("Column count doesn't match value count", 1058);
  }
  const target = targetOf(table, insert.partitions, insert.isTemporary);
  if (insert.isOverwrite) {
    await connection.run(`CREATE TEMP TABLE sys_overwrite AS ${query.sql}`);
    await deletePartitions(connection, table, target.stored, insert.partitions === null ? null : target.partitions);
  }
  const sql = insert.isOverwrite ? 'SELECT * FROM temp.sys_overwrite' : query.sql;
  const types = query.columns.map(({ type }) => type);
  const count = await writeRows(connection, table, target, { sql, types, columns });
  if (insert.isOverwrite) await connection.run('DROP TABLE temp.sys_overwrite');
  return count;
}

/** The rows of partitions of a table, or all. */
export async function deletePartitions(
  connection: DuckDBConnection,
  table: Table,
  stored: string,
  partitions: readonly Partition[] | null,
): Promise<void> {
  if (partitions === null) {
    await connection.run(`DELETE FROM ${stored}`);
    return;
  }
  const column = columnOf(table, table.partitionColumn!)!;
  for (const partition of partitions) {
    await connection.run(`DELETE FROM ${stored} WHERE ${isWithin(partition, quoteName(column.name), column.type)}`);
  }
}

/** In a transaction. */
export async function deleteRows(
  connection: DuckDBConnection,
  table: Table,
  { where }: Extract<Statement, { kind: 'delete' }>,
  translator: QueryTranslator,
): Promise<number> {
  if (table.model !== 'PRIMARY') checkPlainCondition(where, table);
  const condition = translator.expressions.condition(where, scopeOf(table));
  const result = await connection.run(`DELETE FROM ${table.stored} AS ${quoteName(table.name)} WHERE ${condition}`);
  return result.rowsChanged;
}

function scopeOf(table: Table): Scope {
  const columns = table.columns.map(({ name, type }) => {
    const reference = `${quoteName(table.name)}.${quoteName(name)}`;
    return { name, type, sql: type.name === 'BITMAP' ? `bm_load(${reference})` : reference };
  });
  return new Scope([{ alias: table.name, columns }], null);
}

/** DELETE of other tables than those with a primary key knows `column operator literal`, IN lists and AND alone; of an AGGREGATE table only on keys. */
function checkPlainCondition(where: Expression, table: Table): void {
  const wrong = (): Error =>
    analyzeError(`DELETE from a ${table.model} KEY table: only column, operator and literal, joined by AND`);
  const column = (of: Expression): void => {
    if (of.kind !== 'column') throw wrong();
    const found = columnOf(table, of.path.at(-1)!);
    if (found !== null && !found.isKey && table.model !== 'DUPLICATE')
      throw analyzeError(`Unable to delete on ${found.name}: it is no key`);
  };
  const literal = ({ kind }: Expression): void => {
    if (!['number', 'string', 'boolean', 'null'].includes(kind)) throw wrong();
  };
  if (where.kind === 'binary' && where.operator === 'AND') {
    checkPlainCondition(where.left, table);
    checkPlainCondition(where.right, table);
  } else if (where.kind === 'binary' && ['=', '<>', '<', '<=', '>', '>='].includes(where.operator)) {
    column(where.left);
    literal(where.right);
  } else if (where.kind === 'in') {
    column(where.of);
    where.items.forEach(literal);
  } else if (where.kind === 'isNull') {
    column(where.of);
  } else if (where.kind === 'between') {
    column(where.of);
    literal(where.low);
    literal(where.high);
  } else throw wrong();
}

/** In a transaction. */
export async function updateRows(
  connection: DuckDBConnection,
  table: Table,
  { set, where }: Extract<Statement, { kind: 'update' }>,
  translator: QueryTranslator,
): Promise<number> {
  if (table.model !== 'PRIMARY') throw analyzeError(`UPDATE of a ${table.model} KEY table is not supported`);
  const scope = scopeOf(table);
  const changed = columnsOf(
    table,
    set.map(({ column }) => column),
  );
  const key = changed.find(({ isKey }) => isKey);
  if (key !== undefined) throw analyzeError(`primary key column cannot be updated: ${key.name}`);
  const keys = keysOf(table);
  const values = [
    ...keys.map(({ name }) => scope.column([name])),
    ...set.map(({ to }) => translator.expressions.translate(to, scope)),
  ];
  const condition = translator.expressions.condition(where, scope);
  const select = values.map(({ sql }) => sql).join(', ');
  const sql = `SELECT ${select} FROM ${table.stored} AS ${quoteName(table.name)} WHERE ${condition}`;
  const rows = { sql, types: values.map(({ type }) => type), columns: [...keys, ...changed] };
  return writeRows(connection, table, targetOf(table, null, false), rows);
}

/** The rows of some partitions. */
export function partitionSql(table: Table, names: readonly string[], isTemporary: boolean): string {
  const partitions = partitionsOf(table, names, isTemporary);
  if (isTemporary) return `(${partitions.map(({ stored }) => `SELECT * FROM ${stored!}`).join(' UNION ALL ')})`;
  const { type } = columnOf(table, table.partitionColumn!)!;
  const within = partitions.map((partition) => isWithin(partition, quoteName(table.partitionColumn!), type));
  return `(SELECT * FROM ${table.stored} WHERE ${within.join(' OR ')})`;
}
