import type { FieldDefinition } from '@tessera/tag-catalog';

/** What a column holds; `bytes` is the longest text, in bytes of UTF-8. */
export type ColumnType =
  | { readonly kind: 'boolean' | 'int' | 'bigint' | 'date' | 'datetime' | 'bitmap' }
  | { readonly kind: 'decimal'; readonly scale: number }
  | { readonly kind: 'varchar' | 'strings'; readonly bytes: number };

/** What StarRocks itself takes for a STRING. Length costs nothing: a column stores what is in it. */
export const VARCHAR_BYTES = 65_533;
/** The longest VARCHAR before StarRocks 4.2. */
export const VARCHAR_BYTES_MAX = 1_048_576;
/** Holds every decimal of the catalogue: less than 10^15 in units of its last digit. */
const DECIMAL_DIGITS = 18;

export const BIGINT: ColumnType = { kind: 'bigint' };
export const INT: ColumnType = { kind: 'int' };
export const DATETIME: ColumnType = { kind: 'datetime' };
export const BITMAP: ColumnType = { kind: 'bitmap' };

export function varchar(bytes: number): ColumnType {
  return { kind: 'varchar', bytes };
}

export function strings(bytes: number): ColumnType {
  return { kind: 'strings', bytes };
}

/**
 * The length of columns that hold texts of the catalogue. One that suffices for every usual limit, so that a limit that is raised changes no table.
 *
 * @param stringBytesMax the longest string that is accepted.
 */
export function textBytes(stringBytesMax: number): number {
  if (stringBytesMax > VARCHAR_BYTES_MAX) {
    throw new RangeError(
      `strings of ${stringBytesMax} bytes don't fit into StarRocks, which takes ${VARCHAR_BYTES_MAX}; lower STRING_BYTES_MAX`,
    );
  }
  return Math.max(VARCHAR_BYTES, stringBytesMax);
}

/** The type of a tag's column in a profile table, of a property's in an event table. @param bytes see {@link textBytes}. */
export function typeOfField({ valueType, scale }: FieldDefinition, bytes: number): ColumnType {
  switch (valueType) {
    case 'bool':
      return { kind: 'boolean' };
    case 'int':
      return BIGINT;
    case 'decimal':
      return { kind: 'decimal', scale };
    case 'string':
    case 'enum':
      return varchar(bytes);
    case 'date':
      return { kind: 'date' };
    case 'datetime':
      return DATETIME;
    case 'set':
      return strings(bytes);
  }
}

/** As it is written in a statement. */
export function typeSql(type: ColumnType): string {
  switch (type.kind) {
    case 'decimal':
      return `DECIMAL(${DECIMAL_DIGITS},${type.scale})`;
    case 'varchar':
      return `VARCHAR(${type.bytes})`;
    case 'strings':
      return `ARRAY<VARCHAR(${type.bytes})>`;
    default:
      return type.kind.toUpperCase();
  }
}
