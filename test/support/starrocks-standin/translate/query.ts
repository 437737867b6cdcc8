import { analyzeError, StarrocksError } from '../starrocks-error';
import type { Body, Expression, From, Grouping, Query, Select, SetOperator } from '../sql/ast';
import type { SqlType } from '../sql/types';
import { BIGINT, BITMAP, commonType, duckType, nameOf } from '../sql/types';
import { ExpressionTranslator } from './expression';
import type { Surroundings, TranslatedQuery } from './expression';
import { literalRows } from './literal-rows';
import { Scope } from './scope';
import type { Column, Relation } from './scope';
import { cast, quoteName } from './typed';
import type { Typed } from './typed';

/** A table as a query reads it. */
export interface Source {
  /** In DuckDB: a table or a sub-select in brackets. */
  readonly sql: string;
  readonly columns: readonly { readonly name: string; readonly type: SqlType; readonly isStoredBitmap?: boolean }[];
}

/** Where tables and what else a query asks for come from. */
export interface QueryContext {
  table(name: readonly string[], partitions: readonly string[] | null, isTemporary: boolean): Source;
  parameter(index: number): Typed;
  session(name: string): Typed | null;
}

type Ctes = ReadonlyMap<string, TranslatedQuery['columns']>;

interface Built {
  readonly sql: string;
  readonly relations: readonly Relation[];
}

/** Queries of StarRocks into queries of DuckDB, with the types of their columns. */
export class QueryTranslator implements Surroundings {
  readonly expressions = new ExpressionTranslator(this);
  #ctes: Ctes = new Map();
  #unnested = 0;

  constructor(private readonly context: QueryContext) {}

  parameter(index: number): Typed {
    return this.context.parameter(index);
  }

  session(name: string): Typed | null {
    return this.context.session(name);
  }

  query(query: Query, parent: Scope | null): TranslatedQuery {
    const outer = this.#ctes;
    const ctes = query.ctes.map((cte) => {
      const { sql, columns } = this.query(cte.query, null);
      const named = rename(columns, cte.columns, cte.name);
      this.#ctes = new Map([...this.#ctes, [cte.name, named]]);
      return `${quoteName(cte.name)}(${named.map(({ name }) => quoteName(name)).join(', ')}) AS (${sql})`;
    });
    const { sql, columns } = this.#body(query.body, query, parent);
    this.#ctes = outer;
    const limit = query.limit === null ? '' : ` LIMIT ${query.limit}`;
    const offset = query.offset === null ? '' : ` OFFSET ${query.offset}`;
    return { sql: `${ctes.length === 0 ? '' : `WITH ${ctes.join(', ')} `}${sql}${limit}${offset}`, columns };
  }

  #body(body: Body, query: Query | null, parent: Scope | null): TranslatedQuery {
    switch (body.kind) {
      case 'select':
        return this.#select(body, query, parent);
      case 'nested': {
        const { sql, columns } = this.query(body.query, parent);
        return { sql: `(${sql})${this.#orderOfColumns(query, columns)}`, columns };
      }
      case 'values':
        return this.#values(body.rows, parent);
      case 'set': {
        const { sql, columns } = this.#set(body.operator, body.left, body.right, parent);
        return { sql: `${sql}${this.#orderOfColumns(query, columns)}`, columns };
      }
    }
  }

  /** ORDER BY over the columns of the output alone. */
  #orderOfColumns(query: Query | null, columns: TranslatedQuery['columns']): string {
    if (query === null || query.orderBy.length === 0) return '';
    const all = columns.map(({ name, type }) => ({ name, type, sql: quoteName(name) }));
    return this.expressions.orderBy(query.orderBy, new Scope([{ alias: '', columns: all }], null));
  }

  #values(rows: readonly (readonly Expression[])[], parent: Scope | null): TranslatedQuery {
    const scope = new Scope([], parent);
    const plain = literalRows(rows, (value) => this.expressions.translate(value, scope));
    if (plain !== null) return plain;
    const typed = rows.map((row) => row.map((value) => this.expressions.translate(value, scope)));
    const columns = typed[0]!.map((first, index) => {
      const type = typed.reduce<SqlType>((common, row) => {
        const next = commonType(common, row[index]!.type);
        if (next === null)
          throw analyzeError(`Incompatible types '${nameOf(common)}' and '${nameOf(row[index]!.type)}'`);
        return next;
      }, first.type);
      return { name: `column_${index}`, type };
    });
    const lines = typed.map(
      (row) => `(${row.map((value, index) => cast(value, columns[index]!.type).sql).join(', ')})`,
    );
    const names = columns.map(({ name }) => quoteName(name)).join(', ');
    return { sql: `SELECT * FROM (VALUES ${lines.join(', ')}) AS sys_values(${names})`, columns };
  }

  #set(operator: SetOperator, left: Body, right: Body, parent: Scope | null): TranslatedQuery {
    const [a, b] = [this.#body(left, null, parent), this.#body(right, null, parent)];
    if (a.columns.length !== b.columns.length)
      throw analyzeError(`Operands of ${operator} have unequal number of columns`);
    const columns = a.columns.map(({ name, type }, index) => {
      const other = b.columns[index]!.type;
      const common = commonType(type, other);
      if (common === null)
        throw analyzeError(`Incompatible types '${nameOf(type)}' and '${nameOf(other)}' in ${operator}`);
      if (common.name === 'BITMAP' && operator !== 'UNION ALL')
        throw analyzeError(`${operator} of BITMAP is not supported`);
      return { name, type: common };
    });
    return { sql: `(${recast(a, columns)}) ${operator} (${recast(b, columns)})`, columns };
  }

  #select(select: Select, query: Query | null, parent: Scope | null): TranslatedQuery {
    const { sql: from, relations } =
      select.from === null ? { sql: '', relations: [] } : this.#from(select.from, parent);
    const scope = new Scope(relations, parent);
    const outputs = select.items.flatMap((item): { name: string; value: Typed }[] => {
      if (item.kind === 'star') return stars(relations, item.table);
      const name = item.alias ?? (item.of.kind === 'column' ? item.of.path.at(-1)! : item.text);
      return [{ name, value: this.expressions.translate(item.of, scope) }];
    });
    const named = new Map(outputs.map(({ name, value }) => [name.toLowerCase(), value]));
    if (select.isDistinct && outputs.some(({ value }) => value.type.name === 'BITMAP')) {
      throw analyzeError('DISTINCT of BITMAP is not supported');
    }
    const inner = scope.withOutputs(named, false);
    const clause = (word: string, expression: Expression | null, where: Scope): string =>
      expression === null ? '' : ` ${word} ${this.expressions.condition(expression, where)}`;
    const items = outputs.map(({ name, value }) => `${value.sql} AS ${quoteName(name)}`).join(', ');
    const orderBy = query === null ? [] : query.orderBy;
    const sql = [
      `SELECT ${select.isDistinct ? 'DISTINCT ' : ''}${items}`,
      from === '' ? '' : ` FROM ${from}`,
      clause('WHERE', select.where, scope),
      select.group === null ? '' : ` GROUP BY ${this.#grouping(select.group, inner, outputs)}`,
      clause('HAVING', select.having, inner),
      clause('QUALIFY', select.qualify, inner),
      this.expressions.orderBy(orderBy, scope.withOutputs(named, true)),
    ].join('');
    return { sql, columns: outputs.map(({ name, value }) => ({ name, type: value.type })) };
  }

  #grouping(group: Grouping, scope: Scope, outputs: readonly { readonly value: Typed }[]): string {
    const one = (by: Expression): string => {
      const output = by.kind === 'number' ? outputs[Number(by.text) - 1] : undefined;
      if (by.kind === 'number' && output === undefined)
        throw analyzeError(`GROUP BY position ${by.text} is not in the select list`);
      const { sql, type } = output?.value ?? this.expressions.translate(by, scope);
      if (type.name === 'BITMAP') throw analyzeError('GROUP BY of BITMAP is not supported');
      return sql;
    };
    if (group.kind === 'list') return group.by.map(one).join(', ');
    return `GROUPING SETS (${group.sets.map((set) => `(${set.map(one).join(', ')})`).join(', ')})`;
  }

  #from(from: From, parent: Scope | null): Built {
    switch (from.kind) {
      case 'table':
        return this.#table(from);
      case 'derived': {
        const { sql, columns } = this.query(from.query, null);
        const named = rename(columns, from.columns, from.alias);
        const alias = quoteName(from.alias);
        const names = named.map(({ name }) => quoteName(name)).join(', ');
        return { sql: `(${sql}) AS ${alias}(${names})`, relations: [relation(from.alias, named)] };
      }
      case 'lateral':
        throw analyzeError(`${from.call.name} stands behind a table, with a comma`);
      case 'join':
        return this.#join(from, parent);
    }
  }

  #table({ name, partitions, isTemporary, alias }: Extract<From, { kind: 'table' }>): Built {
    const cte = name.length === 1 ? this.#ctes.get(name[0]!) : undefined;
    const shown = alias ?? name.at(-1)!;
    if (cte !== undefined && partitions === null) {
      return { sql: `${quoteName(name[0]!)} AS ${quoteName(shown)}`, relations: [relation(shown, cte)] };
    }
    const { sql, columns } = this.context.table(name, partitions, isTemporary);
    const inScope = columns.map(({ name: column, type, isStoredBitmap }): Column => {
      const reference = `${quoteName(shown)}.${quoteName(column)}`;
      return { name: column, type, sql: isStoredBitmap === true ? `bm_load(${reference})` : reference };
    });
    return { sql: `${sql} AS ${quoteName(shown)}`, relations: [{ alias: shown, columns: inScope }] };
  }

  #join(join: Extract<From, { kind: 'join' }>, parent: Scope | null): Built {
    const left = this.#from(join.left, parent);
    if (join.right.kind === 'lateral') return this.#lateral(left, join.right, parent);
    const right = this.#from(join.right, parent);
    const relations = [...left.relations, ...right.relations];
    const aliases = relations.map(({ alias }) => alias);
    const twice = aliases.find((alias, index) => aliases.indexOf(alias) < index);
    if (twice !== undefined) throw new StarrocksError(`Not unique table/alias: '${twice}'`, 1066);
    const word = join.type === 'LEFT SEMI' ? 'SEMI' : join.type === 'LEFT ANTI' ? 'ANTI' : join.type;
    const nested = join.right.kind === 'join' ? `(${right.sql})` : right.sql;
    const on =
      join.using !== null
        ? ` USING (${join.using.map(quoteName).join(', ')})`
        : join.on === null
          ? ''
          : ` ON ${this.expressions.condition(join.on, new Scope(relations, parent))}`;
    const sql = `${left.sql} ${word} JOIN ${nested}${on}`;
    if (word === 'SEMI' || word === 'ANTI') return { sql, relations: left.relations };
    if (join.using === null) return { sql, relations };
    const shared = new Set(join.using.map((name) => name.toLowerCase()));
    const kept = right.relations.map(({ alias, columns }) => ({
      alias,
      columns: columns.filter(({ name }) => !shared.has(name.toLowerCase())),
    }));
    return { sql, relations: [...left.relations, ...kept] };
  }

  /** `FROM t, unnest_bitmap(t.b) AS u(g)`; rows without a member vanish. */
  #lateral(left: Built, { call, alias, columns }: Extract<From, { kind: 'lateral' }>, parent: Scope | null): Built {
    const scope = new Scope(left.relations, parent);
    const args = call.args.map((arg) => this.expressions.translate(arg, scope));
    const { list, type } = unnested(call.name, args);
    const shown = alias ?? `sys_unnested_${this.#unnested++}`;
    const column = columns[0] ?? call.name;
    if (columns.length > 1) throw analyzeError(`${call.name} has one column`);
    const inner = `(SELECT unnest(${list}) AS ${quoteName(column)})`;
    const sql = `${left.sql} CROSS JOIN LATERAL ${inner} AS ${quoteName(shown)}`;
    return { sql, relations: [...left.relations, relation(shown, [{ name: column, type }])] };
  }
}

/** Table functions (STARROCKS.md section 2; unnest: docs, sql-functions/array-functions/unnest). */
function unnested(name: string, [of, size, ...more]: readonly Typed[]): { list: string; type: SqlType } {
  if (name === 'unnest_bitmap' && of?.type.name === 'BITMAP' && size === undefined) {
    return { list: `bm_values(${of.sql})`, type: BIGINT };
  }
  if (name === 'subdivide_bitmap' && of?.type.name === 'BITMAP' && size !== undefined && more.length === 0) {
    return { list: `bm_subdivide(${of.sql}, ${cast(size, BIGINT).sql})`, type: BITMAP };
  }
  if (name === 'unnest' && of?.type.name === 'ARRAY' && size === undefined) return { list: of.sql, type: of.type.of };
  throw analyzeError(`Unknown table function '${name}(${of === undefined ? '' : nameOf(of.type)})'`);
}

function relation(alias: string, columns: TranslatedQuery['columns']): Relation {
  const all = columns.map(({ name, type }) => ({ name, type, sql: `${quoteName(alias)}.${quoteName(name)}` }));
  return { alias, columns: all };
}

function rename(columns: TranslatedQuery['columns'], names: readonly string[], of: string): TranslatedQuery['columns'] {
  if (names.length === 0) return columns;
  if (names.length !== columns.length)
    throw analyzeError(`'${of}' has ${columns.length} columns and ${names.length} names`);
  return columns.map(({ type }, index) => ({ name: names[index]!, type }));
}

function stars(relations: readonly Relation[], table: string | null): { name: string; value: Typed }[] {
  const found = relations.filter(({ alias }) => table === null || alias === table);
  if (found.length === 0) throw analyzeError(`Unknown table '${table ?? '*'}'`);
  return found.flatMap(({ columns }) => columns.map(({ name, ...value }) => ({ name, value })));
}

/** The same rows with these types. */
function recast({ sql, columns }: TranslatedQuery, types: TranslatedQuery['columns']): string {
  if (
    columns.every(
      ({ type }, index) => duckType(type) === duckType(types[index]!.type) && type.name === types[index]!.type.name,
    )
  ) {
    return sql;
  }
  const each = columns.map(
    ({ name, type }, index) =>
      cast({ sql: `sys_set.${quoteName(`c${index}`)}`, type }, types[index]!.type).sql + ` AS ${quoteName(name)}`,
  );
  return `SELECT ${each.join(', ')} FROM (${sql}) AS sys_set(${columns.map((_, index) => quoteName(`c${index}`)).join(', ')})`;
}
