import type { DuckDBConnection } from '@duckdb/node-api';
import { analyzeError, StarrocksError } from '../starrocks-error';
import type { AlterAction } from '../sql/ast';
import { nameOf, storedType } from '../sql/types';
import type { Catalog } from '../catalog/catalog';
import { makePartitions, ordinalOf } from '../catalog/range';
import type { Partition, Table, TableColumn } from '../catalog/table';
import { columnOf, keysOf } from '../catalog/table';
import { quoteName } from '../translate/typed';
import { defineColumn } from './create-table';
import { deletePartitions, partitionsOf } from './change-rows';
import { defaultOf } from './write-rows';

/**
 * One action of an ALTER TABLE, in a transaction; the catalogue has the changed table when that is committed.
 * @returns the table as it is then; of SWAP and RENAME, behind which nothing can follow, as it was.
 */
export async function alterTable(
  connection: DuckDBConnection,
  catalog: Catalog,
  table: Table,
  action: AlterAction,
): Promise<Table> {
  switch (action.kind) {
    case 'swap':
      await swap(connection, catalog, table, action.with);
      return table;
    case 'rename':
      if (catalog.find([table.database, action.to], null) !== null) {
        throw new StarrocksError(`Table '${action.to}' already exists`, 1050);
      }
      await catalog.drop(connection, table);
      await catalog.put(connection, { ...table, name: action.to });
      return table;
    default: {
      const changed = await altered(connection, table, action);
      await catalog.put(connection, changed);
      return changed;
    }
  }
}

/** Not asked for the same columns, as in StarRocks (STARROCKS.md section 11). */
async function swap(connection: DuckDBConnection, catalog: Catalog, table: Table, other: string): Promise<void> {
  const found = catalog.table([table.database, other], null);
  await catalog.put(connection, { ...table, name: found.name });
  await catalog.put(connection, { ...found, name: table.name });
}

async function altered(
  connection: DuckDBConnection,
  table: Table,
  action: Exclude<AlterAction, { kind: 'swap' | 'rename' }>,
): Promise<Table> {
  const isSchemaChange = action.kind === 'addColumn' || action.kind === 'dropColumn' || action.kind === 'modifyColumn';
  if (isSchemaChange && table.temporary.length > 0) {
    throw analyzeError(`Can not alter table when there are temp partitions in table`);
  }
  switch (action.kind) {
    case 'addColumn':
      return addColumns(connection, table, action);
    case 'dropColumn':
      return dropColumn(connection, table, action.name);
    case 'modifyColumn':
      return modifyColumn(table, action);
    case 'addPartition':
      return addPartitions(connection, table, action);
    case 'dropPartition':
      return dropPartitions(connection, table, action);
    case 'replacePartition':
      return replacePartitions(connection, table, action);
  }
}

async function addColumns(
  connection: DuckDBConnection,
  table: Table,
  { columns }: Extract<AlterAction, { kind: 'addColumn' }>,
): Promise<Table> {
  const added = columns.map((column) => {
    if (columnOf(table, column.name) !== null) throw new StarrocksError(`Duplicate column name '${column.name}'`, 1060);
    const defined = defineColumn(column, table.model, []);
    if (!defined.isNullable && defined.defaultValue === null) {
      throw analyzeError(`Column '${column.name}': NOT NULL without DEFAULT can't be added`);
    }
    return defined;
  });
  const columnsNow = [...table.columns, ...added];
  const values = columnsNow.map((column) => (added.includes(column) ? defaultOf(column) : quoteName(column.name)));
  return { ...table, stored: await rebuild(connection, table, columnsNow, values), columns: columnsNow };
}

/**
 * Another table in DuckDB with these columns: it does not commit a second ALTER of a table whose rows were changed before.
 * @returns its name.
 */
async function rebuild(
  connection: DuckDBConnection,
  table: Table,
  columns: readonly TableColumn[],
  values: readonly string[],
): Promise<string> {
  const stored = nextStored(table.stored);
  const declared = columns.map(({ name, type }) => `${quoteName(name)} ${storedType(type)}`);
  await connection.run(`CREATE TABLE ${stored} (${declared.join(', ')})`);
  await connection.run(`INSERT INTO ${stored} SELECT ${values.join(', ')} FROM ${table.stored}`);
  await connection.run(`DROP TABLE ${table.stored}`);
  return stored;
}

/** `data_7` → `data_7_1` → `data_7_2`. */
function nextStored(stored: string): string {
  const [, base = stored, count = '0'] = /^(data_\d+)(?:_(\d+))?$/.exec(stored) ?? [];
  return `${base}_${Number(count) + 1}`;
}

async function dropColumn(connection: DuckDBConnection, table: Table, name: string): Promise<Table> {
  const found = columnOf(table, name);
  if (found === null) throw analyzeError(`Column does not exists: ${name}`);
  if (found.isKey) throw analyzeError(`Can not drop key column '${name}'`);
  const left = table.columns.filter((column) => column !== found);
  const names = left.map((column) => quoteName(column.name));
  return { ...table, stored: await rebuild(connection, table, left, names), columns: left };
}

/** A longer VARCHAR, which changes nothing of the stored values. */
function modifyColumn(table: Table, { column }: Extract<AlterAction, { kind: 'modifyColumn' }>): Table {
  const found = columnOf(table, column.name);
  if (found === null) throw analyzeError(`Column[${column.name}] does not exists`);
  const [from, to] = [found.type, column.type];
  const isLonger = from.name === 'VARCHAR' && to.name === 'VARCHAR' && (to.bytes ?? 0) >= (from.bytes ?? 0);
  if (!isLonger) throw analyzeError(`the stand-in makes a VARCHAR longer, not ${nameOf(from)} into ${nameOf(to)}`);
  return {
    ...table,
    columns: table.columns.map((one) => (one === found ? { ...found, type: to } : one)),
  };
}

async function addPartitions(
  connection: DuckDBConnection,
  table: Table,
  { partition }: Extract<AlterAction, { kind: 'addPartition' }>,
): Promise<Table> {
  if (table.partitionColumn === null) throw analyzeError(`Table ${table.name} is not partitioned`);
  const { type } = columnOf(table, table.partitionColumn)!;
  const existing = partition.isTemporary ? table.temporary : table.partitions;
  const stamp = Date.now().toString(36);
  const storedOf = (name: string): string | null =>
    partition.isTemporary ? quoteName(`${table.stored}_${stamp}_${name}`) : null;
  const added = makePartitions([partition], type, existing, storedOf);
  for (const { stored } of added) {
    if (stored !== null) await connection.run(`CREATE TABLE ${stored} AS SELECT * FROM ${table.stored} LIMIT 0`);
  }
  const all = inOrder([...existing, ...added], table);
  return partition.isTemporary ? { ...table, temporary: all } : { ...table, partitions: all };
}

function inOrder(partitions: readonly Partition[], table: Table): Partition[] {
  const { type } = columnOf(table, table.partitionColumn!)!;
  const from = ({ lower }: Partition): bigint => (lower === null ? -(1n << 127n) : ordinalOf(lower, type));
  return [...partitions].sort((a, b) => (from(a) < from(b) ? -1 : 1));
}

async function dropPartitions(
  connection: DuckDBConnection,
  table: Table,
  { names, ifExists, isTemporary }: Extract<AlterAction, { kind: 'dropPartition' }>,
): Promise<Table> {
  const existing = isTemporary ? table.temporary : table.partitions;
  const known = ifExists ? names.filter((name) => existing.some((partition) => partition.name === name)) : names;
  const missing = known.find((name) => !existing.some((partition) => partition.name === name));
  if (missing !== undefined) throw new StarrocksError(`Error in list of partitions to ${missing}`, 1507);
  const dropped = partitionsOf(table, known, isTemporary);
  if (isTemporary) await dropStored(connection, dropped);
  else if (dropped.length > 0) await deletePartitions(connection, table, table.stored, dropped);
  const left = existing.filter((partition) => !dropped.includes(partition));
  return isTemporary ? { ...table, temporary: left } : { ...table, partitions: left };
}

async function dropStored(connection: DuckDBConnection, partitions: readonly Partition[]): Promise<void> {
  for (const { stored } of partitions) await connection.run(`DROP TABLE ${stored!}`);
}

/** The old partitions and their rows are gone. */
async function replacePartitions(
  connection: DuckDBConnection,
  table: Table,
  { names, by, properties }: Extract<AlterAction, { kind: 'replacePartition' }>,
): Promise<Table> {
  const { type } = columnOf(table, table.partitionColumn ?? keysOf(table)[0]!.name)!;
  const old = inOrder(partitionsOf(table, names, false), table);
  const fresh = inOrder(partitionsOf(table, by, true), table);
  const isStrict = (properties.get('strict_range') ?? 'true') === 'true';
  const covered = (partitions: readonly Partition[]): string => JSON.stringify(merged(partitions));
  if (isStrict && covered(old) !== covered(fresh)) {
    throw analyzeError('Temporary partitions do not have the range of those that they replace (strict_range)');
  }
  const kept = table.partitions.filter((partition) => !old.includes(partition));
  // With as many new ones as old ones the names stay, unless that is switched off.
  const keepsNames = (properties.get('use_temp_partition_name') ?? 'false') === 'false' && old.length === fresh.length;
  await deletePartitions(connection, table, table.stored, old);
  for (const { stored } of fresh) await connection.run(`INSERT INTO ${table.stored} SELECT * FROM ${stored!}`);
  await dropStored(connection, fresh);
  const placed = makePartitions(
    fresh.map(({ name, lower, upper }, index) => ({
      kind: 'range',
      name: keepsNames ? old[index]!.name : name,
      ifNotExists: false,
      lower,
      upper: upper ?? 'MAXVALUE',
      isTemporary: false,
    })),
    type,
    kept,
    () => null,
  );
  const temporary = table.temporary.filter((partition) => !fresh.includes(partition));
  return { ...table, partitions: inOrder([...kept, ...placed], table), temporary };
}

/** Neighbours become one range. */
function merged(partitions: readonly Partition[]): (string | null)[][] {
  const result: (string | null)[][] = [];
  for (const { lower, upper } of partitions) {
    const last = result.at(-1);
    if (last?.[1] !== undefined && last[1] === lower && lower !== null) last[1] = upper;
    else result.push([lower, upper]);
  }
  return result;
}
