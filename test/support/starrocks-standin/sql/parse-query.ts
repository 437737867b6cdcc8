import { StarrocksError, syntaxError } from '../starrocks-error';
import type { Body, Expression, From, Grouping, JoinType, Query, Select, SelectItem, SetOperator } from './ast';
import { checkChildren, ExpressionParser } from './parse-expression';
import type { TokenReader } from './token-reader';

/** Hints of a join; the planner's business, so they change nothing here. */
const JOIN_HINTS = new Set(['COLOCATE', 'BROADCAST', 'SHUFFLE', 'BUCKET']);

/** A query with its WITH, ORDER BY and LIMIT. */
export function parseQuery(reader: TokenReader): Query {
  const ctes = [];
  if (reader.take('WITH')) {
    if (reader.is('RECURSIVE')) throw reader.unexpected('a name');
    ctes.push(
      ...reader.list(() => {
        const name = reader.identifier();
        const columns = reader.is('(') ? reader.inBrackets(() => reader.list(() => reader.identifier())) : [];
        reader.expect('AS');
        return { name, columns, query: reader.inBrackets(() => parseQuery(reader)) };
      }),
    );
  }
  const body = parseBody(reader);
  const expressions = new ExpressionParser(reader, parseQuery);
  const orderBy = reader.take('ORDER', 'BY') ? expressions.orderItems() : [];
  const { limit, offset } = parseLimit(reader);
  return { ctes, body, orderBy, limit, offset };
}

function parseLimit(reader: TokenReader): { limit: number | null; offset: number | null } {
  if (!reader.take('LIMIT')) return { limit: null, offset: null };
  const first = reader.integer();
  if (reader.take(',')) return { offset: first, limit: reader.integer() };
  return { limit: first, offset: reader.take('OFFSET') ? reader.integer() : null };
}

function parseBody(reader: TokenReader): Body {
  let left = parseTerm(reader);
  for (;;) {
    const operator = setOperator(reader);
    if (operator === null) return left;
    left = { kind: 'set', operator, left, right: parseTerm(reader) };
  }
}

function setOperator(reader: TokenReader): SetOperator | null {
  if (reader.take('UNION', 'ALL')) return 'UNION ALL';
  if (reader.take('UNION')) {
    reader.take('DISTINCT');
    return 'UNION';
  }
  if (reader.take('EXCEPT')) return 'EXCEPT';
  if (reader.take('INTERSECT')) return 'INTERSECT';
  return null;
}

function parseTerm(reader: TokenReader): Body {
  if (reader.is('VALUES')) return parseValues(reader);
  if (reader.is('(')) return { kind: 'nested', query: reader.inBrackets(() => parseQuery(reader)) };
  return parseSelect(reader);
}

function parseValues(reader: TokenReader): Body {
  const expressions = new ExpressionParser(reader, parseQuery);
  reader.expect('VALUES');
  const rows = reader.list(() => reader.inBrackets(() => reader.list(() => expressions.expression())));
  for (const row of rows) checkChildren(row.length, 'values of a row');
  if (rows.some((row) => row.length !== rows[0]!.length)) throw syntaxError('Values have unequal number of columns');
  return { kind: 'values', rows };
}

function parseSelect(reader: TokenReader): Select {
  const expressions = new ExpressionParser(reader, parseQuery);
  const optional = (...keys: readonly string[]): Expression | null =>
    reader.take(...keys) ? expressions.expression() : null;
  reader.expect('SELECT');
  const hints = parseHints(reader);
  const isDistinct = reader.take('DISTINCT');
  if (!isDistinct) reader.take('ALL');
  const items = reader.list(() => parseItem(reader, expressions));
  const from = reader.take('FROM') ? parseFrom(reader, expressions) : null;
  const where = optional('WHERE');
  const group = reader.take('GROUP', 'BY') ? parseGrouping(reader, expressions) : null;
  const having = optional('HAVING');
  const qualify = optional('QUALIFY');
  return { kind: 'select', hints, isDistinct, items, from, where, group, having, qualify };
}

/** `/*+ SET_VAR(a = 1, b = 'x') *\/` at the cursor, if there is one. */
export function parseHints(reader: TokenReader): Map<string, string> {
  const hints = new Map<string, string>();
  while (reader.peek().kind === 'hint') {
    const text = reader.next().text.trim();
    const inner = /^SET_VAR\s*\((.*)\)$/is.exec(text)?.[1];
    if (inner === undefined) throw syntaxError(`unknown hint: ${text.slice(0, 80)}`);
    for (const pair of inner.split(',')) {
      const found = /^\s*(\w+)\s*=\s*(?:'([^']*)'|"([^"]*)"|([\w.+-]+))\s*$/.exec(pair);
      if (found === null) throw syntaxError(`invalid SET_VAR: ${pair.trim().slice(0, 80)}`);
      hints.set(found[1]!.toLowerCase(), found[2] ?? found[3] ?? found[4] ?? '');
    }
  }
  return hints;
}

function parseItem(reader: TokenReader, expressions: ExpressionParser): SelectItem {
  if (reader.take('*')) return { kind: 'star', table: null };
  if (reader.isIdentifier() && reader.peek(1).key === '.' && reader.peek(2).key === '*') {
    const table = reader.identifier();
    reader.expect('.', '*');
    return { kind: 'star', table };
  }
  const from = reader.peek().at;
  const of = expressions.expression();
  const text = reader.sql.slice(from, reader.peek().at).trim();
  if (reader.take('AS')) {
    return {
      kind: 'expression',
      of,
      text,
      alias: reader.peek().kind === 'string' ? reader.string() : reader.identifier(),
    };
  }
  return { kind: 'expression', of, text, alias: reader.isIdentifier() ? reader.identifier() : null };
}

function parseGrouping(reader: TokenReader, expressions: ExpressionParser): Grouping {
  const some = (): Expression[] =>
    reader.inBrackets(() => (reader.is(')') ? [] : reader.list(() => expressions.expression())));
  if (reader.take('GROUPING', 'SETS')) {
    return { kind: 'sets', sets: reader.inBrackets(() => reader.list(some)) };
  }
  if (reader.is('ALL')) throw reader.unexpected('an expression');
  return { kind: 'list', by: reader.list(() => expressions.expression()) };
}

function parseFrom(reader: TokenReader, expressions: ExpressionParser): From {
  let left = parseJoined(reader, expressions);
  while (reader.take(',')) {
    left = { kind: 'join', type: 'CROSS', left, right: parseJoined(reader, expressions), on: null, using: null };
  }
  return left;
}

function parseJoined(reader: TokenReader, expressions: ExpressionParser): From {
  let left = parseRelation(reader, expressions);
  for (;;) {
    const type = joinType(reader);
    if (type === null) return left;
    if (reader.take('[')) {
      const hint = reader.next().key;
      if (!JOIN_HINTS.has(hint)) throw syntaxError(`unknown hint of a join: ${hint}`);
      reader.expect(']');
    }
    const right = parseRelation(reader, expressions);
    if (right.kind === 'lateral' && type !== 'CROSS') {
      throw syntaxError('a table function is joined by a comma or CROSS JOIN only');
    }
    const on = reader.take('ON') ? expressions.expression() : null;
    const using = reader.take('USING') ? reader.inBrackets(() => reader.list(() => reader.identifier())) : null;
    if (type !== 'CROSS' && on === null && using === null) throw reader.unexpected("'ON'");
    left = { kind: 'join', type: type === 'CROSS' && on !== null ? 'INNER' : type, left, right, on, using };
  }
}

function joinType(reader: TokenReader): JoinType | null {
  if (reader.take('CROSS', 'JOIN')) return 'CROSS';
  if (reader.take('INNER', 'JOIN') || reader.take('JOIN')) return 'INNER';
  if (reader.take('LEFT', 'SEMI', 'JOIN')) return 'LEFT SEMI';
  if (reader.take('LEFT', 'ANTI', 'JOIN')) return 'LEFT ANTI';
  for (const side of ['LEFT', 'RIGHT', 'FULL'] as const) {
    if (reader.take(side, 'OUTER', 'JOIN') || reader.take(side, 'JOIN')) return side;
  }
  return null;
}

function parseRelation(reader: TokenReader, expressions: ExpressionParser): From {
  if (reader.is('(')) return parseDerived(reader, expressions);
  reader.take('LATERAL');
  if (reader.isIdentifier() && reader.peek(1).key === '(') {
    const call = expressions.expression();
    if (call.kind !== 'call') throw reader.unexpected('a table function');
    const { alias, columns } = parseAlias(reader);
    return { kind: 'lateral', call, alias, columns };
  }
  const name = parseName(reader);
  const isTemporary = reader.is('TEMPORARY', 'PARTITION') && reader.take('TEMPORARY');
  const partitions = parsePartitions(reader);
  const { alias, columns } = parseAlias(reader);
  if (columns.length > 0) throw syntaxError('an alias of a table has no columns');
  return { kind: 'table', name, partitions, isTemporary, alias };
}

/** `PARTITION (a, b)`, if it is there. */
export function parsePartitions(reader: TokenReader): string[] | null {
  if (!reader.take('PARTITION') && !reader.take('PARTITIONS')) return null;
  return reader.inBrackets(() => reader.list(() => reader.identifier()));
}

export function parseName(reader: TokenReader): string[] {
  const name = [reader.identifier()];
  while (reader.take('.')) name.push(reader.identifier());
  return name;
}

function parseDerived(reader: TokenReader, expressions: ExpressionParser): From {
  const isQuery = ['SELECT', 'WITH', 'VALUES', '('].includes(reader.peek(1).key);
  if (!isQuery) return reader.inBrackets(() => parseFrom(reader, expressions));
  const query = reader.inBrackets(() => parseQuery(reader));
  const { alias, columns } = parseAlias(reader);
  if (alias === null) throw new StarrocksError('Every derived table must have its own alias', 1248);
  return { kind: 'derived', query, alias, columns };
}

function parseAlias(reader: TokenReader): { alias: string | null; columns: readonly string[] } {
  if (!reader.take('AS') && !reader.isIdentifier()) return { alias: null, columns: [] };
  const alias = reader.identifier();
  const columns = reader.is('(') ? reader.inBrackets(() => reader.list(() => reader.identifier())) : [];
  return { alias, columns };
}
