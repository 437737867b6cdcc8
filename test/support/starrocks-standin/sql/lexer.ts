import { syntaxError } from '../starrocks-error';

export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'symbol' | 'variable' | 'hint' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** Decoded: of a string its value, of a hint what is between its marks. */
  readonly text: string;
  /** Upper-case of a word, the symbol itself, otherwise empty: what the parser compares with. */
  readonly key: string;
  /** Where it begins in the text. */
  readonly at: number;
  /** Where it ends. */
  readonly end: number;
}

const SYMBOLS = [
  '<=>',
  '<>',
  '!=',
  '<=',
  '>=',
  '||',
  '&&',
  ...'( ) [ ] { } , . ; = < > + - * / % & | ^ ~ ? :'.split(' '),
];
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const NUMBER = /(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?/y;
const VARIABLE = /@@?[\p{L}_][\p{L}\p{N}_.$]*/uy;
const SPACE = /\s+/y;
const LINE_COMMENT = /(?:--(?=\s|$)|#)[^\n]*/y;

/** What stands behind a backslash; `\%` and `\_` keep it, all others lose it. */
const ESCAPED: Readonly<Record<string, string>> = {
  '0': '\0',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\u001a',
  '%': '\\%',
  _: '\\_',
};

/** Text of StarRocks' SQL into tokens; the last one is of kind `end`. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0] ?? null;
  };
  const push = (kind: TokenKind, text: string, end: number): void => {
    const key = kind === 'word' ? text.toUpperCase() : kind === 'symbol' ? text : '';
    tokens.push({ kind, text, key, at, end });
    at = end;
  };
  while (at < sql.length) {
    const blank = match(SPACE) ?? match(LINE_COMMENT);
    if (blank !== null) {
      at += blank.length;
      continue;
    }
    if (sql.startsWith('/*', at)) {
      const end = sql.indexOf('*/', at + 2);
      if (end < 0) throw syntaxError('a comment is not closed');
      if (sql[at + 2] === '!') throw syntaxError("Unexpected input '/*!'");
      if (sql[at + 2] === '+') push('hint', sql.slice(at + 3, end), end + 2);
      else at = end + 2;
      continue;
    }
    const first = sql[at]!;
    if (first === "'" || first === '"') {
      const { value, end } = readString(sql, at);
      push('string', value, end);
      continue;
    }
    if (first === '`') {
      const { value, end } = readIdentifier(sql, at);
      push('quoted', value, end);
      continue;
    }
    const number = match(NUMBER);
    if (number !== null) {
      push('number', number, at + number.length);
      continue;
    }
    const word = match(WORD);
    if (word !== null) {
      push('word', word, at + word.length);
      continue;
    }
    const variable = match(VARIABLE);
    if (variable !== null) {
      push('variable', variable, at + variable.length);
      continue;
    }
    const symbol = SYMBOLS.find((one) => sql.startsWith(one, at));
    if (symbol === undefined) throw syntaxError(`Unexpected input '${first}' at ${at}`);
    push('symbol', symbol, at + symbol.length);
  }
  tokens.push({ kind: 'end', text: '<EOF>', key: '', at, end: at });
  return tokens;
}

function readString(sql: string, from: number): { value: string; end: number } {
  const quote = sql[from]!;
  const parts: string[] = [];
  let start = from + 1;
  for (let at = start; at < sql.length; at++) {
    const character = sql[at];
    if (character === '\\') {
      const next = sql[at + 1];
      if (next === undefined) break;
      parts.push(sql.slice(start, at), ESCAPED[next] ?? next);
      at++;
      start = at + 1;
    } else if (character === quote) {
      if (sql[at + 1] !== quote) {
        parts.push(sql.slice(start, at));
        return { value: parts.join(''), end: at + 1 };
      }
      parts.push(sql.slice(start, at + 1));
      at++;
      start = at + 1;
    }
  }
  throw syntaxError('a string is not closed');
}

function readIdentifier(sql: string, from: number): { value: string; end: number } {
  let end = from + 1;
  for (;;) {
    end = sql.indexOf('`', end);
    if (end < 0) throw syntaxError('a back-quoted name is not closed');
    if (sql[end + 1] !== '`') break;
    end += 2;
  }
  const value = sql.slice(from + 1, end).replaceAll('``', '`');
  if (value === '') throw syntaxError('a name is empty');
  return { value, end: end + 1 };
}
