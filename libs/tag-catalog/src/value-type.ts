/** Value types of MEANING section 1. */
export const VALUE_TYPES = ['bool', 'int', 'decimal', 'string', 'enum', 'date', 'datetime', 'set'] as const;
export type ValueType = (typeof VALUE_TYPES)[number];

/** Any JSON value as `JSON.parse` yields it. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * A value in canonical form, the same in every engine:
 *
 * | valueType | canonical form |
 * |---|---|
 * | bool | boolean |
 * | int | the safe integer (never −0) |
 * | decimal | value × 10^scale, a safe integer with abs < 10^15 |
 * | string, enum | the string (well-formed UTF-16) |
 * | date | days since 1970-01-01 (negative before), years 1000 to 9999 |
 * | datetime | milliseconds since 1970-01-01T00:00:00Z |
 * | set | distinct strings in UTF-8 byte order |
 *
 * The number forms are called *ordinals*: comparing ordinals compares values.
 */
export type TagValue = boolean | number | string | readonly string[];

/** What is needed to read or print a value. */
export interface ValueSpec {
  readonly valueType: ValueType;
  /** Fraction digits kept, 0 to 9; of decimal only (0 otherwise). */
  readonly scale: number;
  /** The allowed values in declared order; of enum only (empty otherwise). */
  readonly values: readonly string[];
}

/** True for the types whose canonical form is an ordinal (a safe integer). */
export function isOrdinalType(valueType: ValueType): boolean {
  return valueType === 'int' || valueType === 'decimal' || valueType === 'date' || valueType === 'datetime';
}
