// The types of StarRocks that the stand-in knows (STARROCKS.md sections 1, 2 and 11).

export type ScalarName =
  | 'NULL'
  | 'BOOLEAN'
  | 'TINYINT'
  | 'SMALLINT'
  | 'INT'
  | 'BIGINT'
  | 'LARGEINT'
  | 'FLOAT'
  | 'DOUBLE'
  | 'VARCHAR'
  | 'DATE'
  | 'DATETIME'
  | 'BITMAP'
  | 'VARBINARY';

export type SqlType =
  | { readonly name: Exclude<ScalarName, 'VARCHAR'> }
  /** @property bytes the longest value; null: as long as any. */
  | { readonly name: 'VARCHAR'; readonly bytes: number | null }
  | { readonly name: 'DECIMAL'; readonly precision: number; readonly scale: number }
  | { readonly name: 'ARRAY'; readonly of: SqlType };

export const BITMAP: SqlType = { name: 'BITMAP' };
export const BOOLEAN: SqlType = { name: 'BOOLEAN' };
export const INT: SqlType = { name: 'INT' };
export const BIGINT: SqlType = { name: 'BIGINT' };
export const LARGEINT: SqlType = { name: 'LARGEINT' };
export const DOUBLE: SqlType = { name: 'DOUBLE' };
export const VARCHAR: SqlType = { name: 'VARCHAR', bytes: null };
export const DATE: SqlType = { name: 'DATE' };
export const DATETIME: SqlType = { name: 'DATETIME' };
export const NULL: SqlType = { name: 'NULL' };
export const VARBINARY: SqlType = { name: 'VARBINARY' };

/** The longest VARCHAR through 4.1 (STARROCKS.md section 3). */
export const VARCHAR_BYTES_MAX = 1_048_576;

const INTEGERS: readonly string[] = ['TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'LARGEINT'];

export function isInteger(type: SqlType): boolean {
  return INTEGERS.includes(type.name);
}

export function isNumeric(type: SqlType): boolean {
  return isInteger(type) || type.name === 'DECIMAL' || type.name === 'DOUBLE' || type.name === 'FLOAT';
}

export function isTemporal(type: SqlType): boolean {
  return type.name === 'DATE' || type.name === 'DATETIME';
}

/** As in a CREATE TABLE. */
export function nameOf(type: SqlType): string {
  switch (type.name) {
    case 'VARCHAR':
      return type.bytes === null ? 'VARCHAR' : `VARCHAR(${type.bytes})`;
    case 'DECIMAL':
      return `DECIMAL(${type.precision},${type.scale})`;
    case 'ARRAY':
      return `ARRAY<${nameOf(type.of)}>`;
    default:
      return type.name;
  }
}

/** The type that values have in DuckDB while a statement runs: a bitmap is a handle, see bitmap/handles.ts. */
export function duckType(type: SqlType): string {
  switch (type.name) {
    case 'INT':
    case 'NULL':
    case 'BITMAP':
      return 'INTEGER';
    case 'LARGEINT':
      return 'HUGEINT';
    case 'DATETIME':
      return 'TIMESTAMP';
    case 'VARBINARY':
      return 'BLOB';
    case 'DECIMAL':
      return `DECIMAL(${type.precision},${type.scale})`;
    case 'ARRAY':
      return `${duckType(type.of)}[]`;
    default:
      return type.name;
  }
}

/** The type of a column of a table in DuckDB: a bitmap is its bytes. */
export function storedType(type: SqlType): string {
  return type.name === 'BITMAP' ? 'BLOB' : duckType(type);
}

const RANK: readonly string[] = ['BOOLEAN', 'TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'LARGEINT'];

/** What values of both become in CASE, IF, IFNULL, COALESCE, arrays and set operations; null: they can't be brought together. */
export function commonType(a: SqlType, b: SqlType): SqlType | null {
  if (a.name === 'NULL') return b;
  if (b.name === 'NULL') return a;
  if (a.name === 'ARRAY' || b.name === 'ARRAY') {
    if (a.name !== 'ARRAY' || b.name !== 'ARRAY') return null;
    const of = commonType(a.of, b.of);
    return of === null ? null : { name: 'ARRAY', of };
  }
  if (a.name === 'BITMAP' || b.name === 'BITMAP') return a.name === b.name ? BITMAP : null;
  if (a.name === 'VARBINARY' || b.name === 'VARBINARY') return a.name === b.name ? VARBINARY : null;
  if (a.name === 'VARCHAR' || b.name === 'VARCHAR') return VARCHAR;
  if (isTemporal(a) && isTemporal(b)) return a.name === b.name ? a : DATETIME;
  if (isTemporal(a) || isTemporal(b)) return VARCHAR;
  const [x, y] = [RANK.indexOf(a.name), RANK.indexOf(b.name)];
  if (x >= 0 && y >= 0) return x > y ? a : b;
  if (a.name === 'DOUBLE' || b.name === 'DOUBLE' || a.name === 'FLOAT' || b.name === 'FLOAT') return DOUBLE;
  const [p, q] = [decimalOf(a), decimalOf(b)];
  const scale = Math.max(p.scale, q.scale);
  const whole = Math.max(p.precision - p.scale, q.precision - q.scale);
  return { name: 'DECIMAL', precision: Math.min(38, whole + scale), scale };
}

const DIGITS: Readonly<Record<string, number>> = {
  BOOLEAN: 1,
  TINYINT: 3,
  SMALLINT: 5,
  INT: 10,
  BIGINT: 19,
  LARGEINT: 38,
};

/** The decimal that holds all values of an integer type. */
export function decimalOf(type: SqlType): { readonly precision: number; readonly scale: number } {
  return type.name === 'DECIMAL' ? type : { precision: DIGITS[type.name] ?? 38, scale: 0 };
}
