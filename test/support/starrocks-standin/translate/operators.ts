import { analyzeError } from '../starrocks-error';
import type { Body, Call, Expression, From, Query, Select } from '../sql/ast';
import { FUNCTIONS } from './functions';

/** `max_scalar_operator_flat_children` of the frontend (STARROCKS.md section 3). */
export const OPERATORS_MAX = 10_000;

/** Operators and constants that each column stands for, by name in lower case; of one that is not there: 1. */
type Counts = ReadonlyMap<string, number>;

/** By alias in lower case. */
type Relations = ReadonlyMap<string, Counts>;

const NONE: Counts = new Map();

/**
 * Refuses a query with an expression of more than 10,000 operators and constants, those of the columns of sub-selects put in: the frontend merges projections
 * and pushes predicates down before it counts. A column that is used twice counts twice. Aggregates, windows and set
 * operations end what is put in, and joins do for all but predicates, which are pushed down below them.
 * @param refused called if it is. @throws StarrocksError
 */
export function checkOperators(query: Query, refused: () => void): void {
  try {
    countQuery(query, new Map());
  } catch (error) {
    refused();
    throw error;
  }
}

/** @returns the counts of its columns. */
function countQuery(query: Query, outer: Relations): Counts {
  let ctes = outer;
  for (const cte of query.ctes) {
    const counts = [...countQuery(cte.query, ctes)];
    ctes = new Map([...ctes, [cte.name.toLowerCase(), renamed(counts, cte.columns)]]);
  }
  return countBody(query.body, ctes);
}

function countBody(body: Body, ctes: Relations): Counts {
  switch (body.kind) {
    case 'select':
      return countSelect(body, ctes);
    case 'nested':
      return countQuery(body.query, ctes);
    case 'values':
      for (const row of body.rows) for (const value of row) check(count(value, { relations: new Map(), ctes }));
      return NONE;
    case 'set': {
      const columns = countBody(body.left, ctes);
      countBody(body.right, ctes);
      return new Map([...columns.keys()].map((name) => [name, 1]));
    }
  }
}

interface Scope {
  readonly relations: Relations;
  readonly ctes: Relations;
}

function countSelect(select: Select, ctes: Relations): Counts {
  const relations = new Map<string, Counts>();
  const scope = { relations, ctes };
  if (select.from !== null) addFrom(select.from, scope, relations);
  const shown = select.from === null || select.from.kind === 'join' ? { relations: computed(relations), ctes } : scope;
  const columns = new Map<string, number>();
  for (const item of select.items) {
    if (item.kind === 'star') {
      for (const [alias, counts] of shown.relations) {
        if (item.table !== null && item.table.toLowerCase() !== alias) continue;
        for (const [name, known] of counts) columns.set(name, known);
      }
      continue;
    }
    const counted = check(count(item.of, shown));
    const name = item.alias ?? (item.of.kind === 'column' ? item.of.path.at(-1)! : item.text);
    columns.set(name.toLowerCase(), select.isDistinct ? 1 : counted);
  }
  for (const condition of [select.where, select.having, select.qualify]) checkCondition(condition, scope);
  return columns;
}

/** Columns as a join hands them on: computed below it. */
function computed(relations: Relations): Relations {
  const ones = (counts: Counts): Counts => new Map([...counts.keys()].map((name) => [name, 1]));
  return new Map([...relations].map(([alias, counts]) => [alias, ones(counts)]));
}

function addFrom(from: From, scope: Scope, relations: Map<string, Counts>): void {
  switch (from.kind) {
    case 'table': {
      const name = from.name.at(-1)!.toLowerCase();
      const cte = from.name.length === 1 ? scope.ctes.get(name) : undefined;
      relations.set((from.alias ?? name).toLowerCase(), cte ?? NONE);
      return;
    }
    case 'derived':
      relations.set(from.alias.toLowerCase(), renamed([...countQuery(from.query, scope.ctes)], from.columns));
      return;
    case 'lateral':
      for (const arg of from.call.args) check(count(arg, scope));
      return;
    case 'join':
      addFrom(from.left, scope, relations);
      addFrom(from.right, scope, relations);
      checkCondition(from.on, scope);
  }
}

function renamed(counts: readonly (readonly [string, number])[], names: readonly string[]): Counts {
  return new Map(names.length === 0 ? counts : names.map((name, at) => [name.toLowerCase(), counts[at]?.[1] ?? 1]));
}

/** Conjuncts are predicates of their own. A list that a column is looked up in is not counted: 10,000 values are taken (STARROCKS.md section 11). */
function checkCondition(condition: Expression | null, scope: Scope): void {
  const waiting = condition === null ? [] : [condition];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (one.kind === 'binary' && one.operator === 'AND') waiting.push(one.left, one.right);
    else if (one.kind !== 'in' || one.of.kind !== 'column' || count(one.of, scope) > 1) check(count(one, scope));
  }
}

function check(counted: number): number {
  if (counted > OPERATORS_MAX) {
    throw analyzeError(
      `Expression too complex: ${counted} operators and constants, more than max_scalar_operator_flat_children (${OPERATORS_MAX})`,
    );
  }
  return counted;
}

function count(expression: Expression, scope: Scope): number {
  let sum = 0;
  const waiting = [expression];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (one.kind === 'column') sum += columnCount(one.path, scope.relations);
    else sum += 1;
    if (one.kind === 'call' && isEnd(one)) {
      for (const arg of one.args) check(count(arg, scope));
      if (one.filter !== null) check(count(one.filter, scope));
    } else {
      if ('query' in one) countQuery(one.query, scope.ctes);
      waiting.push(...partsOf(one));
    }
  }
  return sum;
}

function columnCount(path: readonly string[], relations: Relations): number {
  const name = path.at(-1)!.toLowerCase();
  if (path.length > 1) return relations.get(path.at(-2)!.toLowerCase())?.get(name) ?? 1;
  for (const counts of relations.values()) {
    const known = counts.get(name);
    if (known !== undefined) return known;
  }
  return 1;
}

/** Whether what stands above it sees a column of its own. */
function isEnd({ name, over }: Call): boolean {
  return over !== null || FUNCTIONS.get(name)?.kind === 'aggregate';
}

function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'not':
    case 'negative':
    case 'isNull':
    case 'cast':
    case 'inQuery':
      return [expression.of];
    case 'interval':
      return [expression.amount];
    case 'binary':
      return [expression.left, expression.right];
    case 'in':
      return [expression.of, ...expression.items];
    case 'between':
      return [expression.of, expression.low, expression.high];
    case 'match':
      return [expression.of, expression.pattern];
    case 'case': {
      const ends = [expression.operand, expression.otherwise].filter((end) => end !== null);
      return [...ends, ...expression.whens.flatMap(({ when, then }) => [when, then])];
    }
    case 'array':
      return expression.items;
    case 'element':
      return [expression.of, expression.index];
    case 'call':
      return expression.args;
    default:
      return [];
  }
}
