import type { SqlType } from './types';

export type Expression =
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'parameter'; readonly index: number }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'column'; readonly path: readonly string[] }
  | { readonly kind: 'default' }
  | { readonly kind: 'interval'; readonly amount: Expression; readonly unit: string }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'negative'; readonly of: Expression }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'isNull'; readonly of: Expression; readonly isNegated: boolean }
  | { readonly kind: 'in'; readonly of: Expression; readonly items: readonly Expression[]; readonly isNegated: boolean }
  | { readonly kind: 'inQuery'; readonly of: Expression; readonly query: Query; readonly isNegated: boolean }
  | {
      readonly kind: 'between';
      readonly of: Expression;
      readonly low: Expression;
      readonly high: Expression;
      readonly isNegated: boolean;
    }
  | {
      readonly kind: 'match';
      readonly operator: 'LIKE' | 'RLIKE';
      readonly of: Expression;
      readonly pattern: Expression;
      readonly isNegated: boolean;
    }
  | {
      readonly kind: 'case';
      readonly operand: Expression | null;
      readonly whens: readonly { readonly when: Expression; readonly then: Expression }[];
      readonly otherwise: Expression | null;
    }
  | { readonly kind: 'cast'; readonly of: Expression; readonly type: SqlType }
  | { readonly kind: 'array'; readonly items: readonly Expression[]; readonly of: SqlType | null }
  | { readonly kind: 'element'; readonly of: Expression; readonly index: Expression }
  | { readonly kind: 'exists'; readonly query: Query }
  | { readonly kind: 'subquery'; readonly query: Query }
  | Call;

export interface Call {
  readonly kind: 'call';
  /** In lower case. */
  readonly name: string;
  readonly args: readonly Expression[];
  readonly isStar: boolean;
  readonly isDistinct: boolean;
  readonly orderBy: readonly OrderItem[];
  readonly filter: Expression | null;
  readonly ignoreNulls: boolean;
  readonly over: Window | null;
}

export interface Window {
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly OrderItem[];
  /** As it is written in DuckDB as well; null: the default. */
  readonly frame: string | null;
}

export interface OrderItem {
  readonly by: Expression;
  readonly isDescending: boolean;
  readonly nulls: 'FIRST' | 'LAST' | null;
}

export interface Query {
  readonly ctes: readonly { readonly name: string; readonly columns: readonly string[]; readonly query: Query }[];
  readonly body: Body;
  readonly orderBy: readonly OrderItem[];
  readonly limit: number | null;
  readonly offset: number | null;
}

export type SetOperator = 'UNION ALL' | 'UNION' | 'EXCEPT' | 'INTERSECT';

export type Body =
  | Select
  | { readonly kind: 'set'; readonly operator: SetOperator; readonly left: Body; readonly right: Body }
  | { readonly kind: 'values'; readonly rows: readonly (readonly Expression[])[] }
  | { readonly kind: 'nested'; readonly query: Query };

export type SelectItem =
  | { readonly kind: 'expression'; readonly of: Expression; readonly alias: string | null; readonly text: string }
  | { readonly kind: 'star'; readonly table: string | null };

export type Grouping =
  | { readonly kind: 'list'; readonly by: readonly Expression[] }
  | { readonly kind: 'sets'; readonly sets: readonly (readonly Expression[])[] };

export interface Select {
  readonly kind: 'select';
  readonly hints: ReadonlyMap<string, string>;
  readonly isDistinct: boolean;
  readonly items: readonly SelectItem[];
  readonly from: From | null;
  readonly where: Expression | null;
  readonly group: Grouping | null;
  readonly having: Expression | null;
  readonly qualify: Expression | null;
}

export type JoinType = 'CROSS' | 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'LEFT SEMI' | 'LEFT ANTI';

export type From =
  | {
      readonly kind: 'table';
      readonly name: readonly string[];
      readonly partitions: readonly string[] | null;
      readonly isTemporary: boolean;
      readonly alias: string | null;
    }
  | {
      readonly kind: 'derived';
      readonly query: Query;
      readonly alias: string;
      readonly columns: readonly string[];
    }
  | {
      readonly kind: 'lateral';
      readonly call: Call;
      readonly alias: string | null;
      readonly columns: readonly string[];
    }
  | {
      readonly kind: 'join';
      readonly type: JoinType;
      readonly left: From;
      readonly right: From;
      readonly on: Expression | null;
      readonly using: readonly string[] | null;
    };

export type Aggregation = 'SUM' | 'MAX' | 'MIN' | 'REPLACE' | 'REPLACE_IF_NOT_NULL' | 'BITMAP_UNION';

export interface ColumnDeclaration {
  readonly name: string;
  readonly type: SqlType;
  readonly isNullable: boolean;
  readonly aggregation: Aggregation | null;
  /** `now`: CURRENT_TIMESTAMP; null: none. */
  readonly defaultValue:
    { readonly kind: 'text'; readonly text: string } | { readonly kind: 'null' } | { readonly kind: 'now' } | null;
}

export type Model = 'PRIMARY' | 'AGGREGATE' | 'UNIQUE' | 'DUPLICATE';

export type PartitionDeclaration =
  | {
      readonly kind: 'range';
      readonly name: string;
      readonly ifNotExists: boolean;
      /** Null: from where the one before it ends (LESS THAN). */
      readonly lower: string | null;
      /** Or MAXVALUE. */
      readonly upper: string;
      readonly isTemporary: boolean;
    }
  | {
      readonly kind: 'batch';
      readonly start: string;
      readonly end: string;
      readonly every: { readonly count: number; readonly unit: string | null };
      readonly isTemporary: boolean;
    };

export interface CreateTable {
  readonly kind: 'createTable';
  readonly name: readonly string[];
  readonly ifNotExists: boolean;
  readonly columns: readonly ColumnDeclaration[];
  readonly model: Model | null;
  readonly keys: readonly string[];
  readonly partitionBy: readonly string[];
  readonly partitions: readonly PartitionDeclaration[];
  readonly distributedBy: readonly string[] | null;
  readonly buckets: number | null;
  readonly orderBy: readonly string[];
  readonly properties: ReadonlyMap<string, string>;
}

export interface Insert {
  readonly kind: 'insert';
  readonly isOverwrite: boolean;
  readonly name: readonly string[];
  readonly partitions: readonly string[] | null;
  readonly isTemporary: boolean;
  readonly label: string | null;
  readonly columns: readonly string[] | null;
  readonly query: Query;
  readonly hints: ReadonlyMap<string, string>;
}

export type AlterAction =
  | { readonly kind: 'addColumn'; readonly columns: readonly ColumnDeclaration[] }
  | { readonly kind: 'dropColumn'; readonly name: string }
  | { readonly kind: 'modifyColumn'; readonly column: ColumnDeclaration }
  | { readonly kind: 'addPartition'; readonly partition: PartitionDeclaration }
  | {
      readonly kind: 'dropPartition';
      readonly names: readonly string[];
      readonly ifExists: boolean;
      readonly isTemporary: boolean;
    }
  | {
      readonly kind: 'replacePartition';
      readonly names: readonly string[];
      readonly by: readonly string[];
      readonly properties: ReadonlyMap<string, string>;
    }
  | { readonly kind: 'swap'; readonly with: string }
  | { readonly kind: 'rename'; readonly to: string };

export type Statement =
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'explain'; readonly query: Statement }
  | CreateTable
  | {
      readonly kind: 'createTableLike';
      readonly name: readonly string[];
      readonly like: readonly string[];
      readonly ifNotExists: boolean;
    }
  | Insert
  | {
      readonly kind: 'delete';
      readonly name: readonly string[];
      readonly where: Expression;
      readonly hints: ReadonlyMap<string, string>;
    }
  | {
      readonly kind: 'update';
      readonly name: readonly string[];
      readonly set: readonly { readonly column: string; readonly to: Expression }[];
      readonly where: Expression;
    }
  | { readonly kind: 'truncate'; readonly name: readonly string[] }
  | { readonly kind: 'alter'; readonly name: readonly string[]; readonly actions: readonly AlterAction[] }
  | { readonly kind: 'dropTable'; readonly name: readonly string[]; readonly ifExists: boolean }
  | { readonly kind: 'createDatabase'; readonly name: string; readonly ifNotExists: boolean }
  | { readonly kind: 'dropDatabase'; readonly name: string; readonly ifExists: boolean }
  | { readonly kind: 'use'; readonly name: string }
  | {
      readonly kind: 'show';
      readonly what:
        | 'TABLES'
        | 'DATABASES'
        | 'PARTITIONS'
        | 'TEMPORARY PARTITIONS'
        | 'CREATE TABLE'
        | 'COLUMNS'
        | 'ALTER TABLE COLUMN'
        | 'PROCESSLIST'
        | 'TRANSACTION'
        | 'VARIABLES';
      readonly name: readonly string[];
      readonly like: string | null;
      /** Of ALTER TABLE COLUMN: the table; how many, the newest first. */
      readonly table?: string;
      readonly limit?: number;
      /** Of TRANSACTION. */
      readonly id?: number;
    }
  | { readonly kind: 'set'; readonly variables: readonly { readonly name: string; readonly value: string }[] }
  | { readonly kind: 'sync' }
  | { readonly kind: 'kill'; readonly isQuery: boolean; readonly id: string };
