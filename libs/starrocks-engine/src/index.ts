export { tableOf } from './schema/names';
export { columnSql, createTableSql } from './schema/create-table-sql';
export { DAY_MS, keptFromMs } from './schema/partition-range';
export type { EventDays, PartitionRange, PartitionScheme } from './schema/partition-range';
export type { ColumnDefinition, TableDefinition } from './schema/table-definition';
export { schemaDefaults, tablesOf } from './schema/tables-of';
export type { ProfileModel, SchemaMoment, SchemaOptions } from './schema/tables-of';
