import { typeSql } from '../column-type';
import type { CurrentSchema, CurrentTable } from '../current-schema';
import { partitionName } from '../partition-range';
import type { TableDefinition } from '../table-definition';

/** What StarRocks tells of tables that were just made so. */
export function currentOf(tables: readonly TableDefinition[]): CurrentSchema {
  return new Map(tables.map((table) => [table.name, currentTable(table)]));
}

function currentTable({ name, model, columns, buckets, partitions }: TableDefinition): CurrentTable {
  return {
    name,
    model,
    buckets,
    columns: new Map(
      columns.map(({ name: column, type, isNullable }) => [column, { type, typeText: typeSql(type), isNullable }]),
    ),
    partitions:
      partitions === null
        ? [{ name, range: null }]
        : partitions.ranges.map((range) => ({ name: partitionName(partitions, range), range })),
  };
}
