import { identifier } from '../../schema/names';
import type { Column } from './column';
import { LeafLimitError, LISTED_COLUMNS_MAX } from './leaf-limits';
import { flagOf, VALUE, valuesRelation } from './value-lists';
import type { ValueList, ValueLists } from './value-lists';

/** What long lists are looked up for: the rows of a table, or of a relation with a row a guid. */
export interface ListedRows {
  /** Back-quoted table or sub-select; read a second time for sets. */
  readonly from: string;
  /** Alias of the rows in the FROM clause that the joins are added to. */
  readonly alias: string;
  /** Names of the columns that tell rows apart. */
  readonly keys: readonly string[];
}

/** A LEFT JOIN to be added after the rows: of few distinct values, or of rows with the keys of the rows themselves. */
export interface ListJoin {
  readonly alias: string;
  readonly sql: string;
  readonly on: string;
  readonly isOfValues: boolean;
}

interface Group {
  readonly alias: string;
  readonly column: Column;
  readonly lists: ValueList[];
  readonly isOfValues: boolean;
}

/** One join for each column that long lists are asked of, with a flag or count per list. */
export class LongLists {
  readonly #groups = new Map<string, Group>();

  constructor(
    readonly rows: ListedRows,
    private readonly lists: ValueLists,
    private readonly nextAlias: (prefix: 'v' | 's') => string,
  ) {}

  get size(): number {
    return this.#groups.size;
  }

  /** @returns a column that is 1 where the list has the column's value, else NULL, and the alias that it is of. */
  flag(
    column: Column,
    values: readonly (boolean | number | string)[],
  ): { readonly sql: string; readonly alias: string } {
    return this.#member('v', column, values);
  }

  /** @returns a column with how many of the list's values the set has (NULL: none), and the alias that it is of. */
  count(column: Column, values: readonly string[]): { readonly sql: string; readonly alias: string } {
    return this.#member('s', column, values);
  }

  /**
   * @param prune conditions on the rows (alias `r`) that whatever is asked for meets anyway.
   * @throws LeafLimitError if they are too many for one statement.
   */
  joins(prune: readonly string[] = []): readonly ListJoin[] {
    if (this.#groups.size > LISTED_COLUMNS_MAX) {
      const detail = `long lists on ${this.#groups.size} columns of one table, at most ${LISTED_COLUMNS_MAX} in a statement`;
      throw new LeafLimitError('relations', LISTED_COLUMNS_MAX, detail);
    }
    return [...this.#groups.values()].map((group) =>
      group.isOfValues
        ? {
            alias: group.alias,
            sql: valuesRelation(group.column, group.lists),
            on: `${group.alias}.${VALUE} = ${group.column.sql}`,
            isOfValues: true,
          }
        : { alias: group.alias, sql: this.#elements(group, prune), on: this.#sameRow(group.alias), isOfValues: false },
    );
  }

  #member(
    prefix: 'v' | 's',
    column: Column,
    values: readonly (boolean | number | string)[],
  ): { readonly sql: string; readonly alias: string } {
    const key = `${prefix} ${column.sql} ${column.spec.valueType} ${column.spec.scale}`;
    const group = this.#groups.get(key) ?? {
      alias: this.nextAlias(prefix),
      column,
      lists: [],
      isOfValues: prefix === 'v',
    };
    this.#groups.set(key, group);
    const list = this.lists.add(column, values);
    if (!group.lists.includes(list)) group.lists.push(list);
    return { sql: `${group.alias}.${flagOf(group.lists.indexOf(list))}`, alias: group.alias };
  }

  #sameRow(alias: string): string {
    return this.rows.keys
      .map((key) => `${alias}.${identifier(key)} = ${this.rows.alias}.${identifier(key)}`)
      .join(' AND ');
  }

  /** The rows that have some element of the lists, with the number of elements of each list; sets have no element twice. */
  #elements({ column, lists }: Group, prune: readonly string[]): string {
    const set = `r${column.sql.slice(column.sql.indexOf('.'))}`;
    const inner = this.rows.keys.map((key) => `r.${identifier(key)}`).join(', ');
    const keys = this.rows.keys.map((key) => `x.${identifier(key)}`).join(', ');
    const counts = lists.map((_, index) => `count(w.${flagOf(index)}) AS ${flagOf(index)}`);
    const where = prune.length === 0 ? '' : ` WHERE ${prune.join(' AND ')}`;
    return (
      `(SELECT ${[keys, ...counts].join(', ')} FROM ` +
      `(SELECT ${inner}, u.${VALUE} FROM ${this.rows.from} AS r, unnest(${set}) AS u(${VALUE})${where}) AS x ` +
      `JOIN [broadcast] ${valuesRelation(column, lists)} AS w ON w.${VALUE} = x.${VALUE} GROUP BY ${keys})`
    );
  }
}
