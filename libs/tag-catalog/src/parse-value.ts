import { formatDate, parseDate } from './date';
import { decimalNumber, decimalOrdinal, DECIMAL_ORDINAL_MAX, decimalText } from './decimal';
import { describeJson, quote } from './describe-json';
import { formatInstant, parseInstant } from './instant';
import { compareUtf8, measureUtf8 } from './utf8';
import type { JsonValue, TagValue, ValueSpec } from './value-type';

/** Longest string value and set element, in bytes of UTF-8, unless configured otherwise. */
export const STRING_BYTES_MAX = 4096;
/** Most distinct strings in a set. */
export const SET_VALUES_MAX = 1000;

export interface ValueLimits {
  /** Of string values and of the elements of sets; default {@link STRING_BYTES_MAX}. */
  readonly stringBytesMax?: number;
}

/** Codes of {@link parseValue}; docs/messages.md explains each. */
export type ValueErrorCode =
  | 'wrongType'
  | 'invalidNumber'
  | 'notInteger'
  | 'tooManyDigits'
  | 'outOfRange'
  | 'notListed'
  | 'tooLong'
  | 'tooMany'
  | 'illFormed'
  | 'invalidDate'
  | 'invalidDatetime';

export interface RefusedValue {
  readonly ok: false;
  readonly code: ValueErrorCode;
  /** What is wrong, the limit and the fix; fit to follow "Field x: ". */
  readonly message: string;
}

export type ParsedValue = { readonly ok: true; readonly value: TagValue } | RefusedValue;

/** Enums of more values than this are looked up in a set, made at first use. */
const LINEAR_ENUM_MAX = 8;
const enumSets = new WeakMap<readonly string[], ReadonlySet<string>>();

/**
 * Reads a JSON value as a value of the given type in canonical form (see `TagValue`). Nothing is coerced, rounded or
 * normalised; what does not fit is refused with a code and a message.
 */
export function parseValue(spec: ValueSpec, json: unknown, limits?: ValueLimits): ParsedValue {
  switch (spec.valueType) {
    case 'bool':
      return typeof json === 'boolean' ? { ok: true, value: json } : wrongType('true or false', json);
    case 'int':
      return parseInt53(json);
    case 'decimal':
      return parseDecimal(spec.scale, json);
    case 'string':
      return parseText(json, limits?.stringBytesMax ?? STRING_BYTES_MAX);
    case 'enum':
      return parseEnum(spec.values, json);
    case 'date':
      return parseDateValue(json);
    case 'datetime':
      return parseDatetimeValue(json);
    case 'set':
      return parseSet(json, limits?.stringBytesMax ?? STRING_BYTES_MAX);
  }
}

/**
 * The JSON form of a value: numbers as numbers, dates as `YYYY-MM-DD`, datetimes in UTC, sets as sorted lists. Reading it again
 * with {@link parseValue} gives the same value.
 * @throws TypeError if the value is not of the spec's type.
 */
export function formatValue(spec: ValueSpec, value: TagValue): JsonValue {
  switch (spec.valueType) {
    case 'decimal':
      return decimalNumber(ordinalOf(spec, value), spec.scale);
    case 'date':
      return formatDate(ordinalOf(spec, value));
    case 'datetime':
      return formatInstant(ordinalOf(spec, value));
    case 'bool':
    case 'int':
    case 'string':
    case 'enum':
    case 'set':
      return value;
  }
}

function ordinalOf(spec: ValueSpec, value: TagValue): number {
  if (typeof value !== 'number') {
    throw new TypeError(`a ${spec.valueType} in canonical form is a number, not ${describeJson(value)}`);
  }
  return value;
}

function refuse(code: ValueErrorCode, message: string): RefusedValue {
  return { ok: false, code, message };
}

function wrongType(expected: string, json: unknown): RefusedValue {
  return refuse('wrongType', `expected ${expected}, got ${describeJson(json)}; values are never converted`);
}

function parseInt53(json: unknown): ParsedValue {
  if (typeof json !== 'number') {
    return wrongType('a whole number', json);
  }
  if (Number.isSafeInteger(json)) {
    return { ok: true, value: json === 0 ? 0 : json };
  }
  if (!Number.isFinite(json)) {
    return refuse('invalidNumber', `${json} is not a finite number`);
  }
  return Number.isInteger(json)
    ? refuse('outOfRange', `${json} is outside −(2^53−1) to 2^53−1; send it as a string tag if it is an identifier`)
    : refuse('notInteger', `${json} is not a whole number; round it before sending, or declare the field as decimal`);
}

function parseDecimal(scale: number, json: unknown): ParsedValue {
  if (typeof json !== 'number') {
    return wrongType('a number', json);
  }
  const ordinal = decimalOrdinal(json, scale);
  if (typeof ordinal === 'number') {
    return { ok: true, value: ordinal };
  }
  if (!Number.isFinite(json)) {
    return refuse('invalidNumber', `${json} is not a finite number`);
  }
  return ordinal === 'tooManyDigits'
    ? refuse('tooManyDigits', `${json} has more than the ${scale} fraction digits declared; round it before sending`)
    : refuse(
        'outOfRange',
        `${json} is outside ±${decimalText(DECIMAL_ORDINAL_MAX, scale)}, the range of a decimal with ${scale} fraction digits`,
      );
}

function parseText(json: unknown, bytesMax: number): ParsedValue {
  if (typeof json !== 'string') {
    return wrongType('a string', json);
  }
  return refusedText(json, bytesMax) ?? { ok: true, value: json };
}

function refusedText(text: string, bytesMax: number): RefusedValue | null {
  const bytes = measureUtf8(text);
  if (bytes < 0) {
    return refuse('illFormed', `${quote(text)} holds half of a surrogate pair and has no UTF-8 form`);
  }
  return bytes > bytesMax
    ? refuse('tooLong', `${quote(text)} has ${bytes} bytes of UTF-8, more than ${bytesMax}; shorten it`)
    : null;
}

function parseEnum(values: readonly string[], json: unknown): ParsedValue {
  if (typeof json !== 'string') {
    return wrongType('one of the listed strings', json);
  }
  return hasEnumValue(values, json)
    ? { ok: true, value: json }
    : refuse(
        'notListed',
        `${quote(json)} is not one of the ${values.length} listed values (${firstValues(values)}); add it to the enum first`,
      );
}

function hasEnumValue(values: readonly string[], value: string): boolean {
  if (values.length <= LINEAR_ENUM_MAX) {
    return values.includes(value);
  }
  let set = enumSets.get(values);
  if (set === undefined) {
    set = new Set(values);
    enumSets.set(values, set);
  }
  return set.has(value);
}

function firstValues(values: readonly string[]): string {
  const shown = values.slice(0, 5).map(quote).join(', ');
  return values.length > 5 ? `${shown}, …` : shown;
}

function parseDateValue(json: unknown): ParsedValue {
  if (typeof json !== 'string') {
    return wrongType('a date as "YYYY-MM-DD"', json);
  }
  const days = parseDate(json);
  return days === null
    ? refuse('invalidDate', `${quote(json)} is not a real day written "YYYY-MM-DD" in the years 1000 to 9999`)
    : { ok: true, value: days };
}

function parseDatetimeValue(json: unknown): ParsedValue {
  if (typeof json !== 'string') {
    return wrongType('an RFC 3339 date-time with zone', json);
  }
  const instantMs = parseInstant(json);
  return instantMs === null
    ? refuse(
        'invalidDatetime',
        `${quote(json)} is not an RFC 3339 date-time with zone, at most 3 fraction digits, years 1000 to 9999 in UTC; ` +
          'write it like "2026-01-31T09:30:00Z" or "2026-01-31T17:30:00.250+08:00"',
      )
    : { ok: true, value: instantMs };
}

function parseSet(json: unknown, bytesMax: number): ParsedValue {
  if (!Array.isArray(json)) {
    return wrongType('a list of strings', json);
  }
  const elements: string[] = [];
  let ascending = true;
  for (const [index, element] of (json as readonly unknown[]).entries()) {
    if (typeof element !== 'string') {
      return wrongType(`a list of strings, each element a string; at index ${index}`, element);
    }
    const refused = refusedText(element, bytesMax);
    if (refused !== null) {
      return refuse(refused.code, `at index ${index}: ${refused.message}`);
    }
    const previous = elements[elements.length - 1];
    ascending &&= previous === undefined || compareUtf8(previous, element) < 0;
    elements.push(element);
  }
  const distinct = ascending ? elements : [...new Set(elements)].sort(compareUtf8);
  return distinct.length > SET_VALUES_MAX
    ? refuse('tooMany', `${distinct.length} distinct strings, a set holds at most ${SET_VALUES_MAX}`)
    : { ok: true, value: distinct };
}
