import { StarrocksError } from '../starrocks-error';
import type { Catalog } from '../catalog/catalog';
import type { Partition, Table, TableColumn } from '../catalog/table';
import { columnOf, keysOf } from '../catalog/table';
import type { SqlType } from '../sql/types';
import { BIGINT, BOOLEAN, INT, nameOf, VARCHAR } from '../sql/types';
import { quoteName, quoteText } from '../translate/typed';
import type { Source } from '../translate/query';

type Value = string | number | boolean | null;
interface View {
  readonly columns: readonly (readonly [name: string, type: SqlType])[];
  readonly rows: (catalog: Catalog) => readonly (readonly Value[])[];
}

const MODELS = {
  PRIMARY: 'PRIMARY_KEYS',
  AGGREGATE: 'AGG_KEYS',
  UNIQUE: 'UNIQUE_KEYS',
  DUPLICATE: 'DUP_KEYS',
} as const;
const KEY_LABELS = { PRIMARY: 'PRI', AGGREGATE: 'AGG', UNIQUE: 'UNI', DUPLICATE: 'DUP' } as const;
const SHOWN: Readonly<Record<string, string>> = {
  BOOLEAN: 'tinyint(1)',
  TINYINT: 'tinyint(4)',
  SMALLINT: 'smallint(6)',
  INT: 'int(11)',
  BIGINT: 'bigint(20)',
  LARGEINT: 'bigint(20) unsigned',
};

/** A type as information_schema and SHOW write it. */
export function shownType(type: SqlType): string {
  switch (type.name) {
    case 'DECIMAL':
      return `decimal(${type.precision}, ${type.scale})`;
    case 'ARRAY':
      return `array<${shownType(type.of)}>`;
    default:
      return SHOWN[type.name] ?? nameOf(type).toLowerCase();
  }
}

function tablesOf(catalog: Catalog): Table[] {
  return catalog.databases.flatMap((database) => [...catalog.tables(database)]);
}

/** As SHOW PARTITIONS writes it. */
export function shownRange({ lower, upper }: Partition, type: SqlType): string {
  const key = (value: string | null, open: string): string => `types: [${nameOf(type)}]; keys: [${value ?? open}]; `;
  return `[${key(lower, 'MINVALUE')}..${key(upper, 'MAXVALUE')})`;
}

export function defaultText({ defaultValue }: TableColumn): string | null {
  if (defaultValue === null || defaultValue.kind === 'null') return null;
  return defaultValue.kind === 'now' ? 'CURRENT_TIMESTAMP' : defaultValue.text;
}

function columnRows(table: Table): Value[][] {
  return table.columns.map((column, index) => {
    const { name, type, isNullable, isKey } = column;
    return [
      'def',
      table.database,
      table.name,
      name,
      index + 1,
      defaultText(column),
      isNullable ? 'YES' : 'NO',
      shownType(type).replace(/[(<].*$/, ''),
      type.name === 'VARCHAR' ? type.bytes : null,
      type.name === 'DECIMAL' ? type.precision : null,
      type.name === 'DECIMAL' ? type.scale : null,
      shownType(type),
      isKey ? KEY_LABELS[table.model] : '',
      column.aggregation ?? '',
    ];
  });
}

function partitionRows(table: Table): Value[][] {
  const type = table.partitionColumn === null ? null : columnOf(table, table.partitionColumn)!.type;
  const shown = [...table.partitions, ...table.temporary].map((partition, index): Value[] => [
    table.database,
    table.name,
    partition.name,
    table.id * 100_000 + index,
    table.partitionColumn ?? '',
    type === null ? '' : shownRange(partition, type),
    table.distributedBy.join(', '),
    table.buckets ?? 0,
    Number(table.properties['replication_num'] ?? 3),
    partition.stored !== null,
  ]);
  if (type !== null) return shown;
  return [
    [
      table.database,
      table.name,
      table.name,
      table.id * 100_000,
      '',
      '',
      table.distributedBy.join(', '),
      table.buckets ?? 0,
      3,
      false,
    ],
  ];
}

const text = (...names: readonly string[]): (readonly [string, SqlType])[] => names.map((name) => [name, VARCHAR]);
const number = (...names: readonly string[]): (readonly [string, SqlType])[] => names.map((name) => [name, BIGINT]);

/** The tables of information_schema that are known here, with the columns that migrations ask for. */
const VIEWS: Readonly<Record<string, View>> = {
  schemata: {
    columns: text('CATALOG_NAME', 'SCHEMA_NAME', 'DEFAULT_CHARACTER_SET_NAME'),
    rows: (catalog) => catalog.databases.map((name) => ['def', name, 'utf8']),
  },
  tables: {
    columns: [...text('TABLE_CATALOG', 'TABLE_SCHEMA', 'TABLE_NAME', 'TABLE_TYPE', 'ENGINE'), ...number('TABLE_ROWS')],
    rows: (catalog) =>
      tablesOf(catalog).map(({ database, name }) => ['def', database, name, 'BASE TABLE', 'StarRocks', null]),
  },
  columns: {
    columns: [
      ...text('TABLE_CATALOG', 'TABLE_SCHEMA', 'TABLE_NAME', 'COLUMN_NAME'),
      ...number('ORDINAL_POSITION'),
      ...text('COLUMN_DEFAULT', 'IS_NULLABLE', 'DATA_TYPE'),
      ...number('CHARACTER_MAXIMUM_LENGTH', 'NUMERIC_PRECISION', 'NUMERIC_SCALE'),
      ...text('COLUMN_TYPE', 'COLUMN_KEY', 'EXTRA'),
    ],
    rows: (catalog) => tablesOf(catalog).flatMap(columnRows),
  },
  tables_config: {
    columns: [
      ...text('TABLE_SCHEMA', 'TABLE_NAME', 'TABLE_ENGINE', 'TABLE_MODEL', 'PRIMARY_KEY', 'PARTITION_KEY'),
      ...text('DISTRIBUTE_KEY', 'DISTRIBUTE_TYPE'),
      ['DISTRIBUTE_BUCKET', INT],
      ...text('SORT_KEY', 'PROPERTIES'),
      ...number('TABLE_ID'),
    ],
    rows: (catalog) => tablesOf(catalog).map(configRow),
  },
  partitions_meta: {
    columns: [
      ...text('DB_NAME', 'TABLE_NAME', 'PARTITION_NAME'),
      ...number('PARTITION_ID'),
      ...text('PARTITION_KEY', 'PARTITION_VALUE', 'DISTRIBUTION_KEY'),
      ...number('BUCKETS', 'REPLICATION_NUM'),
      ['IS_TEMP', BOOLEAN],
    ],
    rows: (catalog) => tablesOf(catalog).flatMap(partitionRows),
  },
};

function configRow(table: Table): Value[] {
  const quoted = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');
  const keys = keysOf(table).map(({ name }) => name);
  return [
    table.database,
    table.name,
    'OLAP',
    MODELS[table.model],
    table.model === 'PRIMARY' || table.model === 'UNIQUE' ? quoted(keys) : '',
    table.partitionColumn === null ? '' : quoted([table.partitionColumn]),
    quoted(table.distributedBy),
    'HASH',
    table.buckets ?? 0,
    quoted(table.orderBy.length > 0 ? table.orderBy : keys),
    JSON.stringify(table.properties),
    table.id,
  ];
}

/** `information_schema.<name>`. @throws StarrocksError if it is not known here. */
export function informationSchema(name: string, catalog: Catalog): Source {
  if (name.toLowerCase() === 'loads') return LOADS;
  const view = VIEWS[name.toLowerCase()];
  if (view === undefined) throw new StarrocksError(`Unknown table 'information_schema.${name}'`, 5502);
  const literal = (value: Value): string =>
    value === null ? 'NULL' : typeof value === 'string' ? quoteText(value) : String(value);
  const rows = view.rows(catalog).map((row) => `(${row.map(literal).join(', ')})`);
  const nothing = `(${view.columns.map(() => 'NULL').join(', ')})`;
  const names = view.columns.map(([column]) => quoteName(column)).join(', ');
  const cast = view.columns.map(
    ([column, type]) => `CAST(${quoteName(column)} AS ${nameOf(type)}) AS ${quoteName(column)}`,
  );
  const values = `(VALUES ${rows.length === 0 ? nothing : rows.join(', ')}) AS sys_view(${names})`;
  const sql = `(SELECT ${cast.join(', ')} FROM ${values}${rows.length === 0 ? ' LIMIT 0' : ''})`;
  return { sql, columns: view.columns.map(([column, type]) => ({ name: column, type })) };
}

/** Loads that were committed. */
const LOADS: Source = {
  sql: `(SELECT transaction_id AS "JOB_ID", label AS "LABEL", database_name AS "DB_NAME", status AS "STATE" FROM standin.labels)`,
  columns: [
    { name: 'JOB_ID', type: BIGINT },
    { name: 'LABEL', type: VARCHAR },
    { name: 'DB_NAME', type: VARCHAR },
    { name: 'STATE', type: VARCHAR },
  ],
};
