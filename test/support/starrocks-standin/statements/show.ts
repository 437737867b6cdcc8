import type { Statement } from '../sql/ast';
import type { Catalog } from '../catalog/catalog';
import type { Partition, Table } from '../catalog/table';
import { columnOf, keysOf } from '../catalog/table';
import type { TransactionStatus } from '../engine/publishing';
import type { SchemaChange } from '../engine/schema-changes';
import type { Cell, StatementResult } from '../engine/result';
import { nameOf, VARCHAR } from '../sql/types';
import { defaultText, shownRange, shownType } from './information-schema';

export interface ShowContext {
  readonly catalog: Catalog;
  readonly database: string | null;
  readonly schemaChanges: (database: string) => readonly SchemaChange[];
  readonly transactionStatus: (id: number) => TransactionStatus;
  readonly variables: readonly (readonly [name: string, value: string])[];
  /** Id, user, database and statement of each session. */
  readonly processes: readonly (readonly Cell[])[];
}

/** SHOW and DESC. */
export function show(statement: Extract<Statement, { kind: 'show' }>, context: ShowContext): StatementResult {
  const { catalog, database } = context;
  const { name, like } = statement;
  const matches = like === null ? () => true : likeTest(like);
  switch (statement.what) {
    case 'DATABASES':
      return rows(
        ['Database'],
        [...catalog.databases, 'information_schema'].filter(matches).map((one) => [one]),
      );
    case 'TABLES': {
      const from = catalog.resolve([...name, ''], database).database;
      const tables = catalog.tables(from).filter((table) => matches(table.name));
      return rows(
        [`Tables_in_${from}`],
        tables.map((table) => [table.name]),
      );
    }
    case 'VARIABLES':
      return rows(
        ['Variable_name', 'Value'],
        context.variables.filter(([variable]) => matches(variable)).map((pair) => [...pair]),
      );
    case 'TRANSACTION': {
      const id = statement.id ?? 0;
      return rows(['TransactionId', 'TransactionStatus'], [[String(id), context.transactionStatus(id)]]);
    }
    case 'PROCESSLIST':
      return rows(['Id', 'User', 'Db', 'Command', 'Info'], context.processes);
    case 'ALTER TABLE COLUMN':
      return schemaChanges(statement, context);
    case 'COLUMNS':
      return columns(catalog.table(name, database));
    case 'CREATE TABLE': {
      const table = catalog.table(name, database);
      return rows(['Table', 'Create Table'], [[table.name, createTableText(table)]]);
    }
    case 'PARTITIONS':
    case 'TEMPORARY PARTITIONS': {
      const table = catalog.table(name, database);
      return partitions(table, statement.what === 'PARTITIONS' ? table.partitions : table.temporary);
    }
  }
}

function rows(names: readonly string[], found: readonly (readonly Cell[])[]): StatementResult {
  return { kind: 'rows', columns: names.map((name) => ({ name, type: VARCHAR })), rows: found };
}

function schemaChanges(
  { name, table, limit }: Extract<Statement, { kind: 'show' }>,
  { catalog, database, schemaChanges: changesOf }: ShowContext,
): StatementResult {
  const time = (ms: number | null): Cell =>
    ms === null ? null : new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
  const found = changesOf(catalog.resolve([...name, ''], database).database)
    .filter((change) => table === undefined || change.table === table)
    .slice(0, limit);
  return rows(
    ['JobId', 'TableName', 'CreateTime', 'FinishTime', 'State', 'Msg', 'Progress', 'Timeout'],
    found.map((change) => [
      String(change.id),
      change.table,
      time(change.createdMs),
      time(change.finishedMs),
      change.state,
      change.message,
      change.state === 'RUNNING' ? '0/1' : null,
      '86400',
    ]),
  );
}

/** % and _, with a backslash in front for themselves. */
function likeTest(pattern: string): (text: string) => boolean {
  const parts = pattern.match(/\\[\s\S]|[\s\S]/g) ?? [];
  const source = parts.map((part) => {
    if (part === '%') return '[\\s\\S]*';
    if (part === '_') return '[\\s\\S]';
    return (part.length === 2 ? part.slice(1) : part).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  const test = new RegExp(`^${source.join('')}$`);
  return (text) => test.test(text);
}

function columns(table: Table): StatementResult {
  const found = table.columns.map((column) => [
    column.name,
    shownType(column.type),
    column.isNullable ? 'YES' : 'NO',
    String(column.isKey),
    defaultText(column),
    column.aggregation ?? '',
  ]);
  return rows(['Field', 'Type', 'Null', 'Key', 'Default', 'Extra'], found);
}

function partitions(table: Table, found: readonly Partition[]): StatementResult {
  if (table.partitionColumn === null) {
    return rows(['PartitionId', 'PartitionName', 'PartitionKey', 'Range'], [[String(table.id), table.name, '', '']]);
  }
  const { type } = columnOf(table, table.partitionColumn)!;
  const lines = found.map((partition, index) => [
    String(table.id * 100_000 + index),
    partition.name,
    table.partitionColumn,
    shownRange(partition, type),
  ]);
  return rows(['PartitionId', 'PartitionName', 'PartitionKey', 'Range'], lines);
}

/** A statement that makes the same table. */
export function createTableText(table: Table): string {
  const quoted = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');
  const lines = table.columns.map((column) => {
    const shown = defaultText(column);
    const byDefault = shown === null ? '' : shown === 'CURRENT_TIMESTAMP' ? ` DEFAULT ${shown}` : ` DEFAULT "${shown}"`;
    const aggregation = column.aggregation === null ? '' : ` ${column.aggregation}`;
    return `  \`${column.name}\` ${nameOf(column.type)}${aggregation} ${column.isNullable ? 'NULL' : 'NOT NULL'}${byDefault}`;
  });
  const ranges = table.partitions.map(({ name, lower, upper }) => {
    if (lower === null) return `PARTITION ${name} VALUES LESS THAN ${upper === null ? 'MAXVALUE' : `("${upper}")`}`;
    return `PARTITION ${name} VALUES [("${lower}"), (${upper === null ? 'MAXVALUE' : `"${upper}"`}))`;
  });
  const partitionBy =
    table.partitionColumn === null ? [] : [`PARTITION BY RANGE(\`${table.partitionColumn}\`)\n(${ranges.join(',\n')})`];
  const properties = Object.entries(table.properties).map(([key, value]) => `"${key}" = "${value}"`);
  return [
    `CREATE TABLE \`${table.name}\` (\n${lines.join(',\n')}\n) ENGINE=OLAP`,
    `${table.model} KEY(${quoted(keysOf(table).map(({ name }) => name))})`,
    ...partitionBy,
    `DISTRIBUTED BY HASH(${quoted(table.distributedBy)})${table.buckets === null ? '' : ` BUCKETS ${table.buckets}`}`,
    ...(table.orderBy.length === 0 ? [] : [`ORDER BY(${quoted(table.orderBy)})`]),
    ...(properties.length === 0 ? [] : [`PROPERTIES (\n${properties.join(',\n')}\n)`]),
  ].join('\n');
}
