import type { ColumnType } from './column-type';
import type { PartitionScheme } from './partition-range';

export interface ColumnDefinition {
  readonly name: string;
  readonly type: ColumnType;
  readonly isNullable: boolean;
  /** How rows of one key come together, in tables with AGGREGATE KEY; null: it is part of the key, or the table is another. */
  readonly aggregate: 'BITMAP_UNION' | 'REPLACE_IF_NOT_NULL' | null;
  /** What it holds in a new row that says nothing of it; of columns that are not NULL. Left out: such a row is refused. */
  readonly defaultText?: string;
}

/** A table as it is to be. Column names are case-sensitive here, lower-case throughout. */
export interface TableDefinition {
  readonly name: string;
  /** What it is for, in one sentence: the table's comment. */
  readonly comment: string;
  readonly model: 'PRIMARY' | 'AGGREGATE' | 'DUPLICATE';
  /** The first columns, in order. */
  readonly key: readonly string[];
  readonly columns: readonly ColumnDefinition[];
  /** Null: one partition. */
  readonly partitions: PartitionScheme | null;
  readonly hashColumn: string;
  readonly buckets: number;
  /** In the order in which they are written. */
  readonly properties: readonly (readonly [name: string, value: string])[];
}
