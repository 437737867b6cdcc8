import type { Aggregation, ColumnDeclaration, Model } from '../sql/ast';

export interface TableColumn extends ColumnDeclaration {
  readonly isKey: boolean;
  /** How values of a row with the same key become one; null: of a key, and of tables that keep all rows. */
  readonly aggregation: Aggregation | null;
}

/** Of a table by range: values at or above `lower` and below `upper`, as texts. */
export interface Partition {
  readonly name: string;
  /** Null: no lower bound. */
  readonly lower: string | null;
  /** Null: MAXVALUE. */
  readonly upper: string | null;
  /** Of a temporary one: its own table in DuckDB. */
  readonly stored: string | null;
}

/** What is known of a table. Never changed in place: an ALTER makes another one. */
export interface Table {
  readonly id: number;
  readonly database: string;
  readonly name: string;
  /** Its table in DuckDB. */
  readonly stored: string;
  readonly model: Model;
  readonly columns: readonly TableColumn[];
  /** Null: one partition, with the name of the table. */
  readonly partitionColumn: string | null;
  readonly partitions: readonly Partition[];
  readonly temporary: readonly Partition[];
  readonly distributedBy: readonly string[];
  readonly buckets: number | null;
  readonly orderBy: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  readonly createdMs: number;
}

export function keysOf(table: Table): TableColumn[] {
  return table.columns.filter(({ isKey }) => isKey);
}

export function columnOf(table: Table, name: string): TableColumn | null {
  return table.columns.find((column) => column.name.toLowerCase() === name.toLowerCase()) ?? null;
}
