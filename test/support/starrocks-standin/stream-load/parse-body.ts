import { StarrocksError } from '../starrocks-error';

/** A field of a row: text, list of texts, or nothing. Numbers are texts, digit by digit. */
export type Field = string | readonly (string | null)[] | null;
/** By name of the source column. */
export type SourceRow = readonly Field[];

const JSON_BYTES_MAX = 104_857_600;
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

export interface JsonShape {
  readonly stripOuterArray: boolean;
  /** Of each source column its path; null: the key of its name. */
  readonly paths: readonly (readonly string[])[];
}

/** @throws StarrocksError for what is no JSON, or more of it than StarRocks takes. */
export function parseJsonRows(body: Buffer, { stripOuterArray, paths }: JsonShape): SourceRow[] {
  if (body.length > JSON_BYTES_MAX) {
    throw new StarrocksError(`The size of this batch exceed the max size [${JSON_BYTES_MAX}] of json type data data`);
  }
  return documents(body.toString('utf8'), stripOuterArray).map((document) => {
    if (document === null || typeof document !== 'object' || Array.isArray(document)) {
      throw new StarrocksError('the value of a row is not a JSON object');
    }
    return paths.map((path) => fieldOf(path.reduce<unknown>(memberOf, document)));
  });
}

function documents(text: string, stripOuterArray: boolean): unknown[] {
  const parse = (part: string): unknown => {
    try {
      // Digits stay as they are written.
      return JSON.parse(part.replace(STRING_OR_NUMBER, (found) => (found.startsWith('"') ? found : `"${found}"`)));
    } catch {
      throw new StarrocksError(`parse json error: ${part.slice(0, 80)}`);
    }
  };
  if (stripOuterArray) {
    const all = parse(text);
    if (!Array.isArray(all))
      throw new StarrocksError('JSON data is not an array, strip_outer_array must be set to false');
    return all;
  }
  if (text.trimStart().startsWith('[')) {
    throw new StarrocksError('JSON data is an array, strip_outer_array must be set true');
  }
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [parse(line)]));
}

function memberOf(value: unknown, key: string): unknown {
  if (value === null || typeof value !== 'object') return null;
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : null;
}

function fieldOf(value: unknown): Field {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (!Array.isArray(value)) return JSON.stringify(value);
  return value.map((item) => {
    const field = fieldOf(item);
    if (field !== null && typeof field !== 'string') throw new StarrocksError('an array in an array');
    return field;
  });
}

/** `["$.a", "$.b.c"]`. */
export function parseJsonPaths(text: string): string[][] {
  let paths: unknown;
  try {
    paths = JSON.parse(text);
  } catch {
    paths = null;
  }
  if (!Array.isArray(paths)) throw new StarrocksError(`Invalid json path: ${text.slice(0, 80)}`);
  return paths.map((path: unknown) => {
    if (typeof path !== 'string' || !/^\$(?:\.[A-Za-z_]\w*)+$/.test(path)) {
      throw new StarrocksError(`Invalid json path: the stand-in takes $.a.b, not ${String(path)}`);
    }
    return path.slice(2).split('.');
  });
}

/** \N is NULL. @throws StarrocksError for a line with another number of fields. */
export function parseCsvRows(body: Buffer, columns: number, separator: string, delimiter: string): SourceRow[] {
  const lines = body.toString('utf8').split(delimiter);
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => {
    const fields = line.split(separator);
    if (fields.length !== columns) {
      throw new StarrocksError(`Value count does not match column count. Expect ${columns}, but got ${fields.length}`);
    }
    return fields.map((field) => (field === '\\N' ? null : field));
  });
}
