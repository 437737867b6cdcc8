import { analyzeError } from '../starrocks-error';
import type { Aggregation, ColumnDeclaration, CreateTable, Model } from '../sql/ast';
import type { SqlType } from '../sql/types';
import { nameOf } from '../sql/types';
import { makePartitions } from '../catalog/range';
import type { Table, TableColumn } from '../catalog/table';

/** The encoded key of a PRIMARY KEY table is at most so long (STARROCKS.md section 1). */
const KEY_BYTES_MAX = 128;
const FIXED_BYTES: Readonly<Record<string, number>> = {
  BOOLEAN: 1,
  TINYINT: 1,
  SMALLINT: 2,
  INT: 4,
  BIGINT: 8,
  LARGEINT: 16,
  DATE: 4,
  DATETIME: 8,
};
const PROPERTIES = new Set([
  'replication_num',
  'enable_persistent_index',
  'colocate_with',
  'storage_medium',
  'partition_live_number',
  'compression',
  'bloom_filter_columns',
  'persistent_index_type',
  'in_memory',
]);
const BITMAP_AGGREGATIONS: readonly Aggregation[] = ['BITMAP_UNION', 'REPLACE', 'REPLACE_IF_NOT_NULL'];

/** What a CREATE TABLE makes; the rules are those of STARROCKS.md sections 1 and 11. */
export function defineTable(
  declaration: CreateTable,
  at: { readonly id: number; readonly database: string; readonly name: string; readonly nowMs: number },
): Table {
  const model = declaration.model ?? 'DUPLICATE';
  const keys = keyNames(declaration, model);
  const columns = declaration.columns.map((column) => defineColumn(column, model, keys));
  checkNames(columns);
  const key = columns.slice(0, keys.length);
  const isInOrder = key.every(({ name }, index) => name.toLowerCase() === keys[index]!.toLowerCase());
  if (!isInOrder) throw analyzeError(`Key columns (${keys.join(', ')}) must be the first columns, in their order`);
  if (model === 'PRIMARY') checkPrimaryKey(key);
  const partitionColumn = checkPartitioning(declaration, columns, model, keys);
  const distributedBy = checkDistribution(declaration, columns, model, keys);
  for (const property of declaration.properties.keys()) {
    if (!PROPERTIES.has(property)) throw analyzeError(`Unknown properties: {${property}}`);
  }
  for (const name of declaration.orderBy) columnType(columns, name);
  const partitions =
    partitionColumn === null
      ? []
      : makePartitions(declaration.partitions, columnType(columns, partitionColumn), [], () => null);
  return {
    id: at.id,
    database: at.database,
    name: at.name,
    stored: `data_${at.id}`,
    model,
    columns,
    partitionColumn,
    partitions,
    temporary: [],
    distributedBy,
    buckets: declaration.buckets,
    orderBy: declaration.orderBy,
    properties: Object.fromEntries(declaration.properties),
    createdMs: at.nowMs,
  };
}

function keyNames({ keys, columns, model }: CreateTable, kind: Model): readonly string[] {
  if (model !== null) {
    const missing = keys.find((key) => !columns.some(({ name }) => name.toLowerCase() === key.toLowerCase()));
    if (missing !== undefined) throw analyzeError(`Key column ${missing} doesn't exist`);
    return keys;
  }
  if (columns.some(({ aggregation }) => aggregation !== null)) throw analyzeError('AGGREGATE KEY is missing');
  return kind === 'DUPLICATE' ? [columns[0]!.name] : [];
}

/** Also of a column that is added. */
export function defineColumn(column: ColumnDeclaration, model: Model, keys: readonly string[]): TableColumn {
  const { name, type } = column;
  const wrong = (why: string): Error => analyzeError(`Column '${name}': ${why}`);
  const isKey = keys.some((key) => key.toLowerCase() === name.toLowerCase());
  if (!/^[A-Za-z_][\w@#+-]{0,1023}$/.test(name)) throw wrong('no legal name of a column');
  if (isKey && column.aggregation !== null) throw wrong('a key column has no aggregation');
  if (isKey && ['BITMAP', 'ARRAY', 'VARBINARY', 'DOUBLE', 'FLOAT'].includes(type.name)) {
    throw wrong(`Invalid data type of key column: ${nameOf(type)}`);
  }
  if (model !== 'AGGREGATE' && column.aggregation !== null)
    throw wrong(`${column.aggregation} in a ${model} KEY table`);
  if (model === 'AGGREGATE' && !isKey) checkAggregation(column);
  if (type.name === 'BITMAP' && model === 'DUPLICATE') throw wrong('BITMAP is not supported by a DUPLICATE KEY table');
  if (column.defaultValue !== null && ['BITMAP', 'ARRAY'].includes(type.name))
    throw wrong(`${type.name} has no DEFAULT`);
  if (column.defaultValue?.kind === 'null' && !column.isNullable) throw wrong('NOT NULL with DEFAULT NULL');
  // A column of a primary key is NOT NULL whatever is declared.
  return { ...column, isKey, isNullable: column.isNullable && !(isKey && model === 'PRIMARY') };
}

function checkAggregation({ name, type, aggregation }: ColumnDeclaration): void {
  if (aggregation === null) throw analyzeError(`Column '${name}' of an AGGREGATE KEY table has no aggregation`);
  if (type.name === 'BITMAP' && !BITMAP_AGGREGATIONS.includes(aggregation)) {
    throw analyzeError(`Column '${name}': ${aggregation} of BITMAP`);
  }
  if (type.name !== 'BITMAP' && aggregation === 'BITMAP_UNION') {
    throw analyzeError(`Column '${name}': BITMAP_UNION of ${nameOf(type)}`);
  }
  const isNumber = ['TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'LARGEINT', 'FLOAT', 'DOUBLE', 'DECIMAL'].includes(
    type.name,
  );
  if (aggregation === 'SUM' && !isNumber) throw analyzeError(`Column '${name}': SUM of ${nameOf(type)}`);
}

function checkNames(columns: readonly TableColumn[]): void {
  const names = new Set<string>();
  for (const { name } of columns) {
    if (names.has(name.toLowerCase())) throw analyzeError(`Duplicate column name '${name}'`);
    names.add(name.toLowerCase());
  }
}

/** Fixed lengths count; a VARCHAR only with what is in it, so that is checked when it is written. */
function checkPrimaryKey(key: readonly TableColumn[]): void {
  if (key.length === 0) throw analyzeError('PRIMARY KEY without a column');
  const wrong = key.find(({ type }) => type.name === 'DECIMAL');
  if (wrong !== undefined) throw analyzeError(`Column '${wrong.name}': ${nameOf(wrong.type)} in a PRIMARY KEY`);
  const bytes = key.reduce((sum, { type }) => sum + (FIXED_BYTES[type.name] ?? 0), 0);
  if (bytes > KEY_BYTES_MAX) throw analyzeError(`The primary key takes ${bytes} bytes, more than ${KEY_BYTES_MAX}`);
}

function columnType(columns: readonly TableColumn[], name: string): SqlType {
  const found = columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  if (found === undefined) throw analyzeError(`Column '${name}' doesn't exist`);
  return found.type;
}

function checkPartitioning(
  { partitionBy }: CreateTable,
  columns: readonly TableColumn[],
  model: Model,
  keys: readonly string[],
): string | null {
  const [name, ...more] = partitionBy;
  if (name === undefined) return null;
  if (more.length > 0) throw analyzeError('the stand-in takes one partition column');
  const type = columnType(columns, name);
  if (!['TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'LARGEINT', 'DATE', 'DATETIME'].includes(type.name)) {
    throw analyzeError(`Column '${name}' of type ${nameOf(type)} can't be a partition column`);
  }
  if (model !== 'DUPLICATE') checkInKey([name], keys, 'partition');
  return columns.find((column) => column.name.toLowerCase() === name.toLowerCase())!.name;
}

function checkDistribution(
  { distributedBy, buckets }: CreateTable,
  columns: readonly TableColumn[],
  model: Model,
  keys: readonly string[],
): readonly string[] {
  if (distributedBy === null) {
    throw analyzeError(
      'DISTRIBUTED BY is missing: its default depends on the version, always write it (STARROCKS.md section 1)',
    );
  }
  if (buckets === 0) throw analyzeError('BUCKETS is above 0');
  for (const name of distributedBy) {
    const type = columnType(columns, name);
    if (['BITMAP', 'ARRAY', 'DOUBLE', 'FLOAT'].includes(type.name)) throw analyzeError(`HASH of ${nameOf(type)}`);
  }
  if (model !== 'DUPLICATE') checkInKey(distributedBy, keys, 'distribution');
  return distributedBy;
}

function checkInKey(names: readonly string[], keys: readonly string[], what: string): void {
  const outside = names.find((name) => !keys.some((key) => key.toLowerCase() === name.toLowerCase()));
  if (outside !== undefined) throw analyzeError(`The ${what} column ${outside} is not a key column`);
}
