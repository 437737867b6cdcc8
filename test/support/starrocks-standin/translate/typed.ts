import { analyzeError } from '../starrocks-error';
import type { SqlType } from '../sql/types';
import { commonType, decimalOf, DOUBLE, duckType, isInteger, isNumeric, isTemporal, nameOf } from '../sql/types';

/** An expression in DuckDB's SQL, and what it is in StarRocks. */
export interface Typed {
  readonly sql: string;
  readonly type: SqlType;
  /** Of a string in the text of the statement: its value. */
  readonly literal?: string;
}

/** A string in DuckDB's SQL; its parser ends at NUL, so that is put together. */
export function quoteText(text: string): string {
  const parts = text.split('\0').map((part) => `'${part.replaceAll("'", "''")}'`);
  return parts.length === 1 ? parts[0]! : `(${parts.join(' || chr(0) || ')})`;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

const ZONED = /(?:[zZ]|[+-]\d\d:?\d\d)$/;

/** As CAST in StarRocks: what does not fit is NULL. */
export function cast(value: Typed, type: SqlType): Typed {
  const { sql, type: from } = value;
  if (nameOf(from) === nameOf(type)) return { sql, type };
  if (from.name === 'NULL') return { sql: `CAST(NULL AS ${duckType(type)})`, type };
  if (type.name === 'BITMAP' || from.name === 'BITMAP') throw noCast(from, type);
  if (type.name === 'VARCHAR') return { sql: toText(value), type };
  if (type.name === 'ARRAY' && from.name !== 'ARRAY') throw noCast(from, type);
  if (from.name === 'ARRAY' && type.name !== 'ARRAY') throw noCast(from, type);
  if (isTemporal(type)) return { sql: toMoment(value, type), type };
  if (isTemporal(from)) throw noCast(from, type);
  if (from.name === 'VARCHAR' && isInteger(type)) {
    const isWhole = `regexp_full_match(${sql}, '\\s*[+-]?\\d+\\s*')`;
    return { sql: `CASE WHEN ${isWhole} THEN TRY_CAST(${sql} AS ${duckType(type)}) END`, type };
  }
  return { sql: `TRY_CAST(${sql} AS ${duckType(type)})`, type };
}

function noCast(from: SqlType, type: SqlType): Error {
  return analyzeError(`Invalid type cast from ${nameOf(from)} to ${nameOf(type)}`);
}

/** As StarRocks writes it: moments with six digits behind the second, or none. */
function toText({ sql, type }: Typed): string {
  switch (type.name) {
    case 'VARCHAR':
      return sql;
    case 'DATETIME':
      return `moment_text(${sql})`;
    case 'BOOLEAN':
      return `CAST(CAST(${sql} AS TINYINT) AS VARCHAR)`;
    case 'ARRAY':
    case 'VARBINARY':
      throw noCast(type, { name: 'VARCHAR', bytes: null });
    default:
      return `CAST(${sql} AS VARCHAR)`;
  }
}

function toMoment({ sql, type: from, literal }: Typed, type: SqlType): string {
  if (literal !== undefined && ZONED.test(literal.trim()) && literal.includes(':')) {
    throw analyzeError(
      `'${literal.slice(0, 60)}': StarRocks would move a literal with a zone to that of its frontend (STARROCKS.md section 11)`,
    );
  }
  if (isNumeric(from) || from.name === 'BOOLEAN') throw noCast(from, type);
  // A time on a date is cut off.
  const moment = `TRY_CAST(${sql} AS TIMESTAMP)`;
  return type.name === 'DATE' ? `CAST(${moment} AS DATE)` : moment;
}

/** Both as the type that they have in common. @throws StarrocksError if there is none. */
export function together(
  values: readonly Typed[],
  what: string,
): { readonly sqls: readonly string[]; readonly type: SqlType } {
  let type: SqlType = { name: 'NULL' };
  for (const value of values) {
    const next = commonType(type, value.type);
    if (next === null) {
      throw analyzeError(`${what}: ${nameOf(type)} and ${nameOf(value.type)} have no type in common`);
    }
    type = next;
  }
  return { sqls: values.map((value) => cast(value, type).sql), type };
}

/** Both sides of a comparison, brought to the type in which StarRocks compares them. */
export function comparable(a: Typed, b: Typed, operator: string): readonly [string, string] {
  for (const { type } of [a, b]) {
    if (type.name === 'BITMAP' || (type.name === 'ARRAY' && operator !== '=' && operator !== '<>')) {
      throw analyzeError(`Column type ${nameOf(type)} does not support binary predicate operation: ${operator}`);
    }
  }
  if (a.type.name === 'NULL' || b.type.name === 'NULL') return [a.sql, b.sql];
  const isText = [a, b].map(({ type }) => type.name === 'VARCHAR');
  if (isText[0] === true && isText[1] === true) return [a.sql, b.sql];
  if (isText[0] === true || isText[1] === true) {
    const other = isText[0] === true ? b.type : a.type;
    // Numbers and strings are compared as DOUBLE, moments as moments (STARROCKS.md section 12).
    const type = isTemporal(other) ? other : DOUBLE;
    if (!isTemporal(other) && !isNumeric(other)) throw noCast(other, type);
    return [cast(a, type).sql, cast(b, type).sql];
  }
  if (isTemporal(a.type) !== isTemporal(b.type)) {
    throw analyzeError(`${nameOf(a.type)} ${operator} ${nameOf(b.type)}: these can't be compared`);
  }
  const { sqls } = together([a, b], operator);
  return [sqls[0]!, sqls[1]!];
}

/** Arithmetic: integers as BIGINT (LARGEINT if one is), decimals exactly, all else as DOUBLE. */
export function arithmetic(operator: string, a: Typed, b: Typed): Typed {
  for (const { type } of [a, b]) {
    const isNumber = isNumeric(type) || type.name === 'BOOLEAN' || type.name === 'NULL';
    if (!isNumber) throw analyzeError(`${nameOf(type)} in '${operator}': only numbers are computed with`);
  }
  const areIntegers = [a, b].every(({ type }) => isInteger(type) || type.name === 'BOOLEAN' || type.name === 'NULL');
  if (areIntegers && operator !== '/') {
    const type: SqlType = [a, b].some(({ type: one }) => one.name === 'LARGEINT')
      ? { name: 'LARGEINT' }
      : { name: 'BIGINT' };
    const sign = operator === 'DIV' ? '//' : operator;
    return { sql: `(${cast(a, type).sql} ${sign} ${cast(b, type).sql})`, type };
  }
  const isExact = [a, b].every(({ type }) => type.name === 'DECIMAL' || isInteger(type));
  if (isExact && operator !== '/' && operator !== 'DIV') return exact(operator, a, b);
  const [x, y] = [cast(a, DOUBLE).sql, cast(b, DOUBLE).sql];
  if (operator === 'DIV') return { sql: `CAST(trunc(${x} / nullif(${y}, 0)) AS BIGINT)`, type: { name: 'BIGINT' } };
  return { sql: operator === '/' ? `(${x} / nullif(${y}, 0))` : `(${x} ${operator} ${y})`, type: DOUBLE };
}

function exact(operator: string, a: Typed, b: Typed): Typed {
  const [p, q] = [decimalOf(a.type), decimalOf(b.type)];
  const scale = operator === '*' ? p.scale + q.scale : Math.max(p.scale, q.scale);
  const type: SqlType = { name: 'DECIMAL', precision: 38, scale: Math.min(38, scale) };
  const [x, y] = [a, b].map(
    (value) => `CAST(${value.sql} AS ${duckType({ name: 'DECIMAL', ...decimalOf(value.type) })})`,
  );
  if (operator === '*') return { sql: `TRY_CAST(${x!} * ${y!} AS ${duckType(type)})`, type };
  return { sql: `TRY_CAST(${x!} ${operator} ${y!} AS ${duckType(type)})`, type };
}
