import { typeSql } from './column-type';
import { identifier } from './names';
import { partitionSql } from './partition-range';
import type { ColumnDefinition, TableDefinition } from './table-definition';

/** `CREATE TABLE IF NOT EXISTS …`: does no harm where the table is there. The same definition gives the same text. */
export function createTableSql(definition: TableDefinition): string {
  const { name, comment, model, key, columns, partitions, hashColumn, buckets, properties } = definition;
  const lines = [
    `CREATE TABLE IF NOT EXISTS ${identifier(name)} (`,
    columns.map((column) => `  ${columnSql(column)}`).join(',\n'),
    `) ${model} KEY (${key.map(identifier).join(', ')})`,
    `COMMENT ${quoted(comment)}`,
  ];
  if (partitions !== null) {
    const ranges = partitions.ranges.map((range) => `  ${partitionSql(partitions, range)}`).join(',\n');
    lines.push(`PARTITION BY RANGE (${identifier(partitions.column)}) (`, ranges, ')');
  }
  const settings = properties.map(([setting, value]) => `${quoted(setting)} = ${quoted(value)}`).join(', ');
  lines.push(`DISTRIBUTED BY HASH (${identifier(hashColumn)}) BUCKETS ${buckets}`, `PROPERTIES (${settings})`);
  return lines.join('\n');
}

/** A column as it is written in CREATE TABLE, ADD COLUMN and MODIFY COLUMN. */
export function columnSql({ name, type, isNullable, aggregate, defaultText }: ColumnDefinition): string {
  const merge = aggregate === null ? '' : ` ${aggregate}`;
  const otherwise = defaultText === undefined ? '' : ` DEFAULT ${quoted(defaultText)}`;
  return `${identifier(name)} ${typeSql(type)}${merge} ${isNullable ? 'NULL' : 'NOT NULL'}${otherwise}`;
}

/** Texts of ours alone come here: names of settings and types, numbers, fixed sentences. */
function quoted(text: string): string {
  if (!/^[\w ,:;.-]*$/.test(text)) throw new Error(`not a text of a definition: ${JSON.stringify(text)}`);
  return `"${text}"`;
}
