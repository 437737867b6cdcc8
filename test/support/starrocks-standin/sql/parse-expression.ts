import { syntaxError } from '../starrocks-error';
import type { Call, Expression, OrderItem, Query, Window } from './ast';
import { parseType } from './parse-type';
import type { TokenReader } from './token-reader';
import type { SqlType } from './types';

/** How a sub-query is read; handed in, since queries hold expressions and expressions queries. */
export type ParseQuery = (reader: TokenReader) => Query;

/** The most items of an IN list, rows of VALUES and values of a row (STARROCKS.md section 4). */
export const CHILDREN_MAX = 10_000;

const COMPARISONS = ['=', '<=>', '<>', '!=', '<', '<=', '>', '>='] as const;
/** Those that have no value are columns of that name elsewhere. */
const CALLS_THAT_ARE_KEYWORDS = new Set([
  'IF',
  'LEFT',
  'RIGHT',
  'REPLACE',
  'DATABASE',
  'ROW_NUMBER',
  'GROUPING',
  'REGEXP',
  'CHAR',
]);
const UNITS = new Set(['YEAR', 'MONTH', 'WEEK', 'DAY', 'HOUR', 'MINUTE', 'SECOND', 'MILLISECOND', 'MICROSECOND']);

export class ExpressionParser {
  constructor(
    private readonly reader: TokenReader,
    private readonly parseQuery: ParseQuery,
  ) {}

  expression(): Expression {
    let left = this.#and();
    while (this.reader.take('OR') || this.reader.take('||')) left = binary('OR', left, this.#and());
    return left;
  }

  orderItems(): OrderItem[] {
    const { reader } = this;
    return reader.list(() => {
      const by = this.expression();
      const isDescending = reader.take('DESC');
      if (!isDescending) reader.take('ASC');
      if (!reader.take('NULLS')) return { by, isDescending, nulls: null };
      const nulls = reader.take('FIRST') ? 'FIRST' : 'LAST';
      if (nulls === 'LAST') reader.expect('LAST');
      return { by, isDescending, nulls };
    });
  }

  #and(): Expression {
    let left = this.#not();
    while (this.reader.take('AND') || this.reader.take('&&')) left = binary('AND', left, this.#not());
    return left;
  }

  #not(): Expression {
    if (this.reader.take('NOT')) return { kind: 'not', of: this.#not() };
    return this.#comparison();
  }

  #comparison(): Expression {
    const { reader } = this;
    let left = this.#predicate();
    for (;;) {
      const operator = COMPARISONS.find((one) => reader.is(one));
      if (operator !== undefined) {
        reader.next();
        left = binary(operator === '!=' ? '<>' : operator, left, this.#predicate());
      } else if (reader.take('IS')) {
        const isNegated = reader.take('NOT');
        reader.expect('NULL');
        left = { kind: 'isNull', of: left, isNegated };
      } else return left;
    }
  }

  #predicate(): Expression {
    const { reader } = this;
    const of = this.#sum();
    const isNegated = reader.is('NOT') && ['IN', 'BETWEEN', 'LIKE', 'RLIKE', 'REGEXP'].includes(reader.peek(1).key);
    if (isNegated) reader.next();
    if (reader.take('IN')) return this.#in(of, isNegated);
    if (reader.take('BETWEEN')) {
      const low = this.#sum();
      reader.expect('AND');
      return { kind: 'between', of, low, high: this.#sum(), isNegated };
    }
    if (reader.take('LIKE')) return { kind: 'match', operator: 'LIKE', of, pattern: this.#sum(), isNegated };
    if (reader.take('RLIKE') || reader.take('REGEXP')) {
      return { kind: 'match', operator: 'RLIKE', of, pattern: this.#sum(), isNegated };
    }
    return of;
  }

  #in(of: Expression, isNegated: boolean): Expression {
    const { reader } = this;
    return reader.inBrackets(() => {
      if (reader.is('SELECT') || reader.is('WITH')) {
        return { kind: 'inQuery', of, query: this.parseQuery(reader), isNegated };
      }
      const items = reader.list(() => this.expression());
      checkChildren(items.length, 'expressions in the IN list');
      return { kind: 'in', of, items, isNegated };
    });
  }

  #sum(): Expression {
    let left = this.#product();
    for (;;) {
      const operator = ['+', '-'].find((one) => this.reader.take(one));
      if (operator === undefined) return left;
      left = binary(operator, left, this.#product());
    }
  }

  #product(): Expression {
    let left = this.#unary();
    for (;;) {
      const operator = ['*', '/', '%', 'DIV', 'MOD'].find((one) => this.reader.take(one));
      if (operator === undefined) return left;
      left = binary(operator === 'MOD' ? '%' : operator, left, this.#unary());
    }
  }

  #unary(): Expression {
    const { reader } = this;
    if (reader.take('-')) {
      const token = reader.peek();
      if (token.kind !== 'number') return { kind: 'negative', of: this.#unary() };
      reader.next();
      return { kind: 'number', text: `-${token.text}` };
    }
    if (reader.take('+')) return this.#unary();
    let of = this.#primary();
    while (reader.take('[')) {
      const index = this.expression();
      reader.expect(']');
      of = { kind: 'element', of, index };
    }
    return of;
  }

  #primary(): Expression {
    const { reader } = this;
    const token = reader.peek();
    switch (token.kind) {
      case 'number':
        reader.next();
        return { kind: 'number', text: token.text };
      case 'string':
        reader.next();
        return { kind: 'string', value: token.text };
      case 'variable':
        reader.next();
        return { kind: 'variable', name: token.text };
      case 'symbol':
        return this.#symbol();
      case 'word':
        return this.#keyword() ?? this.#name();
      case 'quoted':
        return this.#name();
      default:
        throw reader.unexpected('an expression');
    }
  }

  #symbol(): Expression {
    const { reader } = this;
    if (reader.take('?')) return { kind: 'parameter', index: reader.nextParameter() };
    if (reader.is('[')) return this.#array(null);
    if (!reader.take('(')) throw reader.unexpected('an expression');
    if (reader.is('SELECT') || reader.is('WITH')) {
      const query = this.parseQuery(reader);
      reader.expect(')');
      return { kind: 'subquery', query };
    }
    const inner = this.expression();
    reader.expect(')');
    return inner;
  }

  #array(of: SqlType | null): Expression {
    const { reader } = this;
    reader.expect('[');
    const items = reader.is(']') ? [] : reader.list(() => this.expression());
    reader.expect(']');
    checkChildren(items.length, 'elements of the array');
    return { kind: 'array', items, of };
  }

  #keyword(): Expression | null {
    const { reader } = this;
    if (reader.take('NULL')) return { kind: 'null' };
    if (reader.take('TRUE')) return { kind: 'boolean', value: true };
    if (reader.take('FALSE')) return { kind: 'boolean', value: false };
    if (reader.take('DEFAULT')) return { kind: 'default' };
    if (reader.take('CASE')) return this.#case();
    if (reader.is('CAST', '(')) {
      reader.next();
      return reader.inBrackets(() => {
        const of = this.expression();
        reader.expect('AS');
        return { kind: 'cast', of, type: parseType(reader) };
      });
    }
    if (reader.take('EXISTS')) return { kind: 'exists', query: reader.inBrackets(() => this.parseQuery(reader)) };
    if (reader.is('ARRAY', '<')) {
      const type = parseType(reader);
      return this.#array(type.name === 'ARRAY' ? type.of : null);
    }
    if (reader.take('INTERVAL')) {
      const amount = this.#sum();
      const unit = reader.next().key;
      if (!UNITS.has(unit)) throw syntaxError(`unknown unit of an INTERVAL: '${unit}'`);
      return { kind: 'interval', amount, unit };
    }
    if (reader.is('CURRENT_TIMESTAMP') && !reader.peek(1).key.startsWith('(')) {
      reader.next();
      return callOf('current_timestamp', []);
    }
    return null;
  }

  #case(): Expression {
    const { reader } = this;
    const operand = reader.is('WHEN') ? null : this.expression();
    const whens = [];
    while (reader.take('WHEN')) {
      const when = this.expression();
      reader.expect('THEN');
      whens.push({ when, then: this.expression() });
    }
    if (whens.length === 0) throw reader.unexpected("'WHEN'");
    const otherwise = reader.take('ELSE') ? this.expression() : null;
    reader.expect('END');
    return { kind: 'case', operand, whens, otherwise };
  }

  /** A column or a call. */
  #name(): Expression {
    const { reader } = this;
    const token = reader.peek();
    const isCall = reader.peek(1).key === '(' && token.kind === 'word';
    if (isCall && (reader.isIdentifier() || CALLS_THAT_ARE_KEYWORDS.has(token.key))) return this.#call();
    const path = [reader.identifier()];
    while (reader.take('.')) path.push(reader.identifier());
    return { kind: 'column', path };
  }

  #call(): Call {
    const { reader } = this;
    const name = reader.next().text.toLowerCase();
    reader.expect('(');
    const isStar = reader.take('*');
    const isDistinct = !isStar && reader.take('DISTINCT');
    const args = isStar || reader.is(')') ? [] : reader.list(() => this.expression());
    const ignoresInside = reader.take('IGNORE', 'NULLS');
    const orderBy = reader.take('ORDER', 'BY') ? this.orderItems() : [];
    reader.expect(')');
    const ignoreNulls = ignoresInside || reader.take('IGNORE', 'NULLS');
    let filter: Expression | null = null;
    if (reader.take('FILTER')) {
      filter = reader.inBrackets(() => {
        reader.expect('WHERE');
        return this.expression();
      });
    }
    const over = reader.take('OVER') ? this.#window() : null;
    return { ...callOf(name, args), isStar, isDistinct, orderBy, filter, ignoreNulls, over };
  }

  #window(): Window {
    const { reader } = this;
    return reader.inBrackets(() => {
      const partitionBy = reader.take('PARTITION', 'BY') ? reader.list(() => this.expression()) : [];
      const orderBy = reader.take('ORDER', 'BY') ? this.orderItems() : [];
      const unit = ['ROWS', 'RANGE'].find((one) => reader.take(one));
      if (unit === undefined) return { partitionBy, orderBy, frame: null };
      if (!reader.take('BETWEEN')) return { partitionBy, orderBy, frame: `${unit} ${this.#bound(unit)}` };
      const from = this.#bound(unit);
      reader.expect('AND');
      return { partitionBy, orderBy, frame: `${unit} BETWEEN ${from} AND ${this.#bound(unit)}` };
    });
  }

  #bound(unit: string): string {
    const { reader } = this;
    if (reader.take('CURRENT', 'ROW')) return 'CURRENT ROW';
    const isUnbounded = reader.take('UNBOUNDED');
    // Frames of RANGE with a distance are refused by StarRocks (STARROCKS.md section 11).
    if (!isUnbounded && unit === 'RANGE') throw reader.unexpected("'UNBOUNDED'");
    const count = isUnbounded ? 'UNBOUNDED' : String(reader.integer());
    if (reader.take('PRECEDING')) return `${count} PRECEDING`;
    reader.expect('FOLLOWING');
    return `${count} FOLLOWING`;
  }
}

function binary(operator: string, left: Expression, right: Expression): Expression {
  return { kind: 'binary', operator, left, right };
}

export function callOf(name: string, args: readonly Expression[]): Call {
  const none = { isStar: false, isDistinct: false, orderBy: [], filter: null, ignoreNulls: false, over: null };
  return { kind: 'call', name, args, ...none };
}

export function checkChildren(count: number, what: string): void {
  if (count <= CHILDREN_MAX) return;
  throw syntaxError(
    `The number of ${what} (${count}) exceeds the maximum ${CHILDREN_MAX}: expr_children_limit of the frontend`,
  );
}
