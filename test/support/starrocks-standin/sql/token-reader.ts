import { syntaxError } from '../starrocks-error';
import { tokenize } from './lexer';
import type { Token } from './lexer';

/** Words that no unquoted name may be (those of StarRocks' reserved words that could be mixed up here). */
const RESERVED = new Set(
  `ADD ALL ALTER AND AS ASC BETWEEN BIGINT BITMAP BOTH BY CASE CHAR COLUMN CREATE CROSS CUBE DATABASE DECIMAL DEFAULT DELETE DESC
   DISTINCT DIV DOUBLE DROP ELSE EXCEPT EXISTS EXPLAIN FALSE FLOAT FOR FROM FULL FUNCTION GRANT GROUP GROUPING HAVING IN INDEX INNER INSERT
   INT INTEGER INTERSECT INTO IS JOIN KEY KEYS KILL LARGEINT LATERAL LEFT LIKE LIMIT NOT NULL ON OR ORDER OUTER OVER PARTITION PRIMARY QUALIFY
   RANGE REGEXP REPLACE RIGHT RLIKE ROW ROWS SELECT SET SHOW SMALLINT TABLE TERMINATED THEN TINYINT TO TRUE UNION UNIQUE UPDATE USE USING
   VALUES VARCHAR WHEN WHERE WITH ARRAY SEMI ANTI`.split(/\s+/),
);

/** The tokens of one text, one after another. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #index = 0;
  #parameters = 0;

  constructor(readonly sql: string) {
    this.#tokens = tokenize(sql);
  }

  /** @param ahead 0: the next one. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)]!;
  }

  next(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.#index++;
    return token;
  }

  /** Parameters (`?`) are numbered from 0. */
  nextParameter(): number {
    return this.#parameters++;
  }

  get parameters(): number {
    return this.#parameters;
  }

  /** Whether these words or symbols come next. */
  is(...keys: readonly string[]): boolean {
    return keys.every((key, ahead) => this.peek(ahead).key === key);
  }

  /** Takes these words or symbols if they come next. */
  take(...keys: readonly string[]): boolean {
    if (!this.is(...keys)) return false;
    this.#index += keys.length;
    return true;
  }

  expect(...keys: readonly string[]): void {
    for (const key of keys) if (!this.take(key)) throw this.unexpected(`'${key}'`);
  }

  /** A name of a table, column, alias …, plain or back-quoted. */
  identifier(): string {
    const token = this.peek();
    if (token.kind === 'quoted' || (token.kind === 'word' && !RESERVED.has(token.key))) return this.next().text;
    throw this.unexpected('a legal identifier');
  }

  isIdentifier(): boolean {
    const token = this.peek();
    return token.kind === 'quoted' || (token.kind === 'word' && !RESERVED.has(token.key));
  }

  string(): string {
    if (this.peek().kind !== 'string') throw this.unexpected('a string');
    return this.next().text;
  }

  integer(): number {
    const token = this.peek();
    if (token.kind !== 'number' || !/^\d+$/.test(token.text)) throw this.unexpected('an integer');
    return Number(this.next().text);
  }

  /** One or more, with commas between them. */
  list<T>(one: () => T): T[] {
    const items = [one()];
    while (this.take(',')) items.push(one());
    return items;
  }

  inBrackets<T>(inner: () => T): T {
    this.expect('(');
    const result = inner();
    this.expect(')');
    return result;
  }

  unexpected(wanted: string): Error {
    const { kind, text, at } = this.peek();
    const shown = kind === 'end' ? 'the end' : `'${text.slice(0, 80)}'`;
    return syntaxError(`Unexpected input ${shown} at ${at}, the most similar input is ${wanted}`);
  }
}
