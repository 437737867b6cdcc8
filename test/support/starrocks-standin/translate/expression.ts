import { analyzeError, StarrocksError } from '../starrocks-error';
import type { Call, Expression, OrderItem, Query } from '../sql/ast';
import type { SqlType } from '../sql/types';
import { BIGINT, BOOLEAN, DATETIME, INT, isTemporal, LARGEINT, nameOf, NULL, VARCHAR } from '../sql/types';
import { FUNCTIONS } from './functions';
import type { Aggregate, SqlFunction } from './function-types';
import type { Scope } from './scope';
import { arithmetic, cast, comparable, quoteText, together } from './typed';
import type { Typed } from './typed';

export interface TranslatedQuery {
  readonly sql: string;
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
}

/** What an expression needs of what is around it. */
export interface Surroundings {
  query(query: Query, scope: Scope): TranslatedQuery;
  /** `?` of a prepared statement. */
  parameter(index: number): Typed;
  /** `@@name`, and functions about the session; null: unknown. */
  session(name: string): Typed | null;
}

const INTEGER_LIMITS: readonly [SqlType, bigint][] = [
  [{ name: 'TINYINT' }, 2n ** 7n],
  [{ name: 'SMALLINT' }, 2n ** 15n],
  [INT, 2n ** 31n],
  [BIGINT, 2n ** 63n],
  [LARGEINT, 2n ** 127n],
];

export class ExpressionTranslator {
  constructor(private readonly around: Surroundings) {}

  translate(expression: Expression, scope: Scope): Typed {
    switch (expression.kind) {
      case 'number':
        return number(expression.text);
      case 'string':
        return { sql: quoteText(expression.value), type: VARCHAR, literal: expression.value };
      case 'boolean':
        return { sql: String(expression.value), type: BOOLEAN };
      case 'null':
        return { sql: 'NULL', type: NULL };
      case 'parameter':
        return this.around.parameter(expression.index);
      case 'variable': {
        const found = this.around.session(expression.name);
        if (found === null) throw new StarrocksError(`Unknown system variable '${expression.name}'`, 1193);
        return found;
      }
      case 'column':
        return scope.column(expression.path);
      case 'default':
        throw analyzeError('DEFAULT stands in VALUES of an INSERT only');
      case 'interval':
        throw analyzeError('an INTERVAL stands behind + and - and in date_add and date_sub only');
      case 'call':
        return this.#call(expression, scope);
      default:
        return this.#operation(expression, scope);
    }
  }

  /** @throws StarrocksError if it is no condition. */
  condition(expression: Expression, scope: Scope): string {
    const { sql, type } = this.translate(expression, scope);
    if (type.name !== 'BOOLEAN' && type.name !== 'NULL') throw analyzeError(`${nameOf(type)} in place of a condition`);
    return sql;
  }

  orderBy(items: readonly OrderItem[], scope: Scope): string {
    const each = items.map(({ by, isDescending, nulls }) => {
      const { sql, type } = by.kind === 'number' ? { sql: by.text, type: INT } : this.translate(by, scope);
      if (type.name === 'BITMAP') throw analyzeError('ORDER BY of BITMAP');
      // NULL is the least of all.
      return `${sql} ${isDescending ? 'DESC' : 'ASC'} NULLS ${nulls ?? (isDescending ? 'LAST' : 'FIRST')}`;
    });
    return each.length === 0 ? '' : ` ORDER BY ${each.join(', ')}`;
  }

  #operation(expression: Exclude<Expression, Call>, scope: Scope): Typed {
    const of = (inner: Expression): Typed => this.translate(inner, scope);
    switch (expression.kind) {
      case 'not':
        return condition(`(NOT ${this.condition(expression.of, scope)})`);
      case 'negative':
        return arithmetic('-', { sql: '0', type: INT }, of(expression.of));
      case 'binary':
        return this.#binary(expression, scope);
      case 'isNull': {
        const { sql, type } = of(expression.of);
        if (type.name === 'BITMAP') throw analyzeError('IS NULL of BITMAP is not supported');
        return condition(`(${sql} IS ${expression.isNegated ? 'NOT ' : ''}NULL)`);
      }
      case 'in':
        return this.#in(expression, scope);
      case 'inQuery': {
        const { sql, columns } = this.around.query(expression.query, scope);
        if (columns.length !== 1) throw analyzeError('a sub-query of IN has one column');
        const [left, right] = comparable(of(expression.of), { sql: 'sys_in', type: columns[0]!.type }, 'IN');
        const items = right === 'sys_in' ? sql : `SELECT ${right} FROM (${sql}) AS sys_query(sys_in)`;
        return condition(`(${left} ${expression.isNegated ? 'NOT ' : ''}IN (${items}))`);
      }
      case 'between': {
        const [value, low, high] = [of(expression.of), of(expression.low), of(expression.high)];
        const [a, from] = comparable(value, low, 'BETWEEN');
        const [b, to] = comparable(value, high, 'BETWEEN');
        return condition(`(${expression.isNegated ? 'NOT ' : ''}(${a} >= ${from} AND ${b} <= ${to}))`);
      }
      case 'match':
        return this.#match(expression, scope);
      case 'case':
        return this.#case(expression, scope);
      case 'cast':
        return cast(of(expression.of), expression.type);
      case 'array': {
        const items = expression.items.map(of);
        const { sqls, type } = together(items, 'ARRAY');
        const element = expression.of ?? type;
        const array: SqlType = { name: 'ARRAY', of: element };
        const each = expression.of === null ? sqls : items.map((item) => cast(item, element).sql);
        return { sql: each.length === 0 ? '[]' : `[${each.join(', ')}]`, type: array };
      }
      case 'element': {
        const array = of(expression.of);
        if (array.type.name !== 'ARRAY') throw analyzeError(`${nameOf(array.type)} has no elements`);
        return { sql: `${array.sql}[${of(expression.index).sql}]`, type: array.type.of };
      }
      case 'exists':
        return condition(`EXISTS (${this.around.query(expression.query, scope).sql})`);
      case 'subquery': {
        const { sql, columns } = this.around.query(expression.query, scope);
        if (columns.length !== 1) throw analyzeError('a scalar sub-query has one column');
        return { sql: `(${sql})`, type: columns[0]!.type };
      }
      default:
        throw analyzeError(`'${expression.kind}' is not an operation`);
    }
  }

  #binary({ operator, left, right }: Extract<Expression, { kind: 'binary' }>, scope: Scope): Typed {
    if (operator === 'AND' || operator === 'OR') {
      return condition(`(${this.condition(left, scope)} ${operator} ${this.condition(right, scope)})`);
    }
    const a = this.translate(left, scope);
    if (right.kind === 'interval') return this.#shifted(a, operator, right, scope);
    const b = this.translate(right, scope);
    if (['+', '-', '*', '/', '%', 'DIV'].includes(operator)) return arithmetic(operator, a, b);
    const [x, y] = comparable(a, b, operator);
    return condition(operator === '<=>' ? `(${x} IS NOT DISTINCT FROM ${y})` : `(${x} ${operator} ${y})`);
  }

  #shifted(from: Typed, operator: string, interval: Extract<Expression, { kind: 'interval' }>, scope: Scope): Typed {
    if (operator !== '+' && operator !== '-') throw analyzeError(`INTERVAL behind '${operator}'`);
    if (!isTemporal(from.type) && from.type.name !== 'VARCHAR')
      throw analyzeError(`${nameOf(from.type)} ${operator} INTERVAL`);
    const amount = cast(this.translate(interval.amount, scope), BIGINT).sql;
    const micros: Readonly<Record<string, number>> = { SECOND: 1_000_000, MILLISECOND: 1_000, MICROSECOND: 1 };
    const factor = micros[interval.unit];
    const distance =
      factor === undefined ? `to_${interval.unit.toLowerCase()}s(${amount})` : `to_microseconds(${amount} * ${factor})`;
    return { sql: `(${cast(from, DATETIME).sql} ${operator} ${distance})`, type: DATETIME };
  }

  #in({ of, items, isNegated }: Extract<Expression, { kind: 'in' }>, scope: Scope): Typed {
    const value = this.translate(of, scope);
    const each = items.map((item) => comparable(value, this.translate(item, scope), 'IN'));
    const sides = new Set(each.map(([left]) => left));
    const not = isNegated ? 'NOT ' : '';
    if (sides.size === 1) {
      return condition(`(${each[0]![0]} ${not}IN (${each.map(([, right]) => right).join(', ')}))`);
    }
    return condition(`(${not}(${each.map(([left, right]) => `${left} = ${right}`).join(' OR ')}))`);
  }

  #match({ operator, of, pattern, isNegated }: Extract<Expression, { kind: 'match' }>, scope: Scope): Typed {
    const [value, wanted] = [this.translate(of, scope), this.translate(pattern, scope)];
    for (const { type } of [value, wanted]) {
      if (type.name !== 'VARCHAR' && type.name !== 'NULL') throw analyzeError(`${operator} of ${nameOf(type)}`);
    }
    const not = isNegated ? 'NOT ' : '';
    if (operator === 'LIKE') return condition(`(${value.sql} ${not}LIKE ${wanted.sql} ESCAPE '\\')`);
    return condition(`(${not}regexp_matches(${value.sql}, ${wanted.sql}))`);
  }

  #case({ operand, whens, otherwise }: Extract<Expression, { kind: 'case' }>, scope: Scope): Typed {
    const values = [...whens.map(({ then }) => then), ...(otherwise === null ? [] : [otherwise])];
    const { sqls, type } = together(
      values.map((value) => this.translate(value, scope)),
      'CASE',
    );
    const compared = operand === null ? null : this.translate(operand, scope);
    const branches = whens.map(({ when }, index) => {
      if (compared === null) return `WHEN ${this.condition(when, scope)} THEN ${sqls[index]!}`;
      const [a, b] = comparable(compared, this.translate(when, scope), '=');
      return `WHEN ${a} = ${b} THEN ${sqls[index]!}`;
    });
    const last = otherwise === null ? '' : ` ELSE ${sqls.at(-1)!}`;
    return { sql: `CASE ${branches.join(' ')}${last} END`, type };
  }

  #call(call: Call, scope: Scope): Typed {
    const { name, args } = call;
    if (name === 'date_add' || name === 'date_sub') return this.#dateShift(call, scope);
    if (name === 'mod' && args.length === 2) {
      return this.#binary({ kind: 'binary', operator: '%', left: args[0]!, right: args[1]! }, scope);
    }
    if (name === 'grouping' || name === 'grouping_id') {
      return {
        sql: `CAST(grouping(${args.map((arg) => this.translate(arg, scope).sql).join(', ')}) AS BIGINT)`,
        type: BIGINT,
      };
    }
    const session = args.length === 0 ? this.around.session(`${name}()`) : null;
    if (session !== null) return session;
    const found = FUNCTIONS.get(name);
    const typed = args.map((arg) => this.translate(arg, scope));
    const count = call.isStar ? 0 : typed.length;
    if (found === undefined || count < found.args[0] || count > found.args[1]) {
      throw analyzeError(
        `No matching function with signature: ${name}(${typed.map(({ type }) => nameOf(type)).join(', ')})`,
      );
    }
    checkShape(call, found);
    if (found.kind === 'scalar') return found.build(...typed);
    return found.build(this.#aggregate(call, scope), ...typed);
  }

  #dateShift({ name, args }: Call, scope: Scope): Typed {
    const [from, by] = args;
    if (args.length !== 2 || by?.kind !== 'interval') throw analyzeError(`${name} takes a moment and an INTERVAL`);
    return this.#shifted(this.translate(from!, scope), name === 'date_add' ? '+' : '-', by, scope);
  }

  #aggregate(call: Call, scope: Scope): Aggregate {
    const distinct = call.isDistinct ? 'DISTINCT ' : '';
    const filter = call.filter === null ? null : this.condition(call.filter, scope);
    const inner = this.orderBy(call.orderBy, scope);
    const over = call.over === null ? '' : this.#over(call, scope);
    return (name, argument, only) => {
      const conditions = [filter, only].filter((one) => one !== null && one !== undefined);
      const where =
        conditions.length === 0 ? '' : ` FILTER (WHERE ${conditions.map((one) => `(${one})`).join(' AND ')})`;
      const nulls = call.ignoreNulls ? ' IGNORE NULLS' : '';
      return `${name}(${distinct}${argument}${nulls}${inner})${where}${over}`;
    };
  }

  #over({ over }: Call, scope: Scope): string {
    const { partitionBy, orderBy, frame } = over!;
    const partitions = partitionBy.map((by) => this.translate(by, scope).sql);
    const parts = [
      partitions.length === 0 ? '' : `PARTITION BY ${partitions.join(', ')}`,
      this.orderBy(orderBy, scope).trim(),
      frame ?? '',
    ];
    return ` OVER (${parts.filter((part) => part !== '').join(' ')})`;
  }
}

function condition(sql: string): Typed {
  return { sql, type: BOOLEAN };
}

/** DISTINCT, FILTER, OVER and the like only where StarRocks takes them (STARROCKS.md section 11). */
function checkShape(call: Call, found: SqlFunction): void {
  const wrong = (what: string): Error => analyzeError(`${call.name}: ${what} is not supported`);
  if (call.isStar && call.name !== 'count') throw wrong('*');
  if (call.name === 'count' && !call.isStar && call.args.length === 0) throw wrong('no argument');
  if (call.isDistinct) {
    if (found.kind !== 'aggregate' || found.isDistinct !== true) throw wrong('DISTINCT');
    if (call.over !== null) throw wrong('DISTINCT with OVER');
    if (call.filter !== null) throw wrong('DISTINCT with FILTER');
  }
  if (call.filter !== null && (found.kind !== 'aggregate' || found.isFiltered !== true)) throw wrong('FILTER');
  if (call.ignoreNulls && (found.kind !== 'window' || found.ignoresNulls !== true)) throw wrong('IGNORE NULLS');
  if (call.orderBy.length > 0 && call.name !== 'array_agg') throw wrong('ORDER BY');
  if (call.name === 'sum' && isWidenedPlus(call.args[0])) {
    throw analyzeError('Invalid agg function plan: sum with (arg type BIGINT, result type LARGEINT)');
  }
  if (found.kind === 'window' && call.over === null) throw wrong('a call without OVER');
  if (call.over !== null && (found.kind === 'scalar' || (found.kind === 'aggregate' && found.isWindow !== true))) {
    throw wrong('OVER');
  }
}

/**
 * `CAST(x AS LARGEINT) - 5`. The planner makes `sum(x) - count(x) * 5` of the sum of that where several sums become fewer so, without the cast, which it
 * takes for one that the sum does not need (`RewriteSumByAssociativeRule`); backends then have no such sum of a BIGINT. Refused however many there are.
 */
function isWidenedPlus(of: Expression | undefined): boolean {
  if (of?.kind !== 'binary' || !['+', '-'].includes(of.operator)) return false;
  const isWidened = (side: Expression): boolean => side.kind === 'cast' && side.type.name === 'LARGEINT';
  const isConstant = (side: Expression): boolean => side.kind === 'number' || side.kind === 'negative';
  return (isWidened(of.left) && isConstant(of.right)) || (isConstant(of.left) && isWidened(of.right));
}

function number(text: string): Typed {
  if (/^-?\d+$/.test(text)) {
    const value = BigInt(text);
    const found = INTEGER_LIMITS.find(([, limit]) => value < limit && value >= -limit);
    if (found === undefined) throw analyzeError(`Numeric overflow ${text.slice(0, 80)}`);
    const sql = value < 0n ? `(${text})` : text;
    return { sql, type: found[0] };
  }
  if (/e/i.test(text)) return { sql: `CAST(${text} AS DOUBLE)`, type: { name: 'DOUBLE' } };
  const digits = /^-?0*(\d*)\.(\d*)$/.exec(text)!;
  const scale = digits[2]!.length;
  const precision = Math.max(1, digits[1]!.length + scale);
  if (precision > 38) return { sql: `CAST(${text} AS DOUBLE)`, type: { name: 'DOUBLE' } };
  return { sql: `CAST('${text}' AS DECIMAL(${precision},${scale}))`, type: { name: 'DECIMAL', precision, scale } };
}
