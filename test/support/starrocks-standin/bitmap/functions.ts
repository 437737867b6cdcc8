import {
  BIGINT,
  BLOB,
  blobValue,
  BOOLEAN,
  DuckDBScalarFunction,
  HUGEINT,
  INTEGER,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBType, DuckDBValue, DuckDBBlobValue, DuckDBListValue } from '@duckdb/node-api';
import { VARCHAR_BYTES_MAX } from '../sql/types';
import { Bitmap, load, store, VALUE_MAX } from './bitmap';
import type { Handles } from './handles';
import { murmur3 } from './murmur3';
import { decode, encode } from './wire';
import type { Chance } from './wire';

/** `max_length_for_bitmap_function`: more members are an error of bitmap_to_string and bitmap_to_array. */
const LISTED_MAX = 1_000_000;
const HANDLE = INTEGER;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

interface Definition {
  readonly name: string;
  readonly parameters: readonly DuckDBType[];
  readonly returns: DuckDBType;
  /** No argument is NULL: then the result is NULL. */
  readonly of: (...args: never[]) => DuckDBValue;
}

/**
 * Teaches DuckDB the operations on bitmaps. Each is called once a row; a NULL argument makes NULL. What StarRocks does otherwise with a NULL
 * stands in translate/functions.ts.
 */
export function registerBitmapFunctions(connection: DuckDBConnection, handles: Handles, chance: Chance): void {
  for (const { name, parameters, returns, of } of definitions(handles, chance)) {
    const call = of as (...args: DuckDBValue[]) => DuckDBValue;
    connection.registerScalarFunction(
      DuckDBScalarFunction.create({
        name,
        parameterTypes: parameters,
        returnType: returns,
        specialHandling: true,
        mainFunction: (info, input, output) => {
          try {
            const columns = parameters.map((_, index) => input.getColumnVector(index));
            for (let row = 0; row < input.rowCount; row++) {
              const args = columns.map((column) => column.getItem(row));
              output.setItem(row, args.includes(null) ? null : call(...args));
            }
            output.flush();
          } catch (error) {
            info.setError(error instanceof Error ? error.message : String(error));
          }
        },
      }),
    );
  }
}

function definitions(handles: Handles, chance: Chance): Definition[] {
  const bitmap = (handle: number): Bitmap => handles.get(handle);
  const put = (result: Bitmap | null): number | null => (result === null ? null : handles.put(result));
  const putSome = (result: Bitmap): number | null => (result.count === 0 ? null : handles.put(result));
  const two = (name: string, of: (a: Bitmap, b: Bitmap) => Bitmap): Definition => ({
    name,
    parameters: [HANDLE, HANDLE],
    returns: HANDLE,
    of: (a: number, b: number) => put(of(bitmap(a), bitmap(b))),
  });
  const one = (name: string, returns: DuckDBType, of: (a: Bitmap) => DuckDBValue): Definition => ({
    name,
    parameters: [HANDLE],
    returns,
    of: (a: number) => of(bitmap(a)),
  });
  const from = (name: string, parameter: DuckDBType, of: (value: never) => Bitmap | null): Definition => ({
    name,
    parameters: [parameter],
    returns: HANDLE,
    of: (value: never) => put(of(value)),
  });
  const fold = (name: string, of: (a: Bitmap, b: Bitmap) => Bitmap): Definition =>
    from(name, LIST(HANDLE), ({ items }: DuckDBListValue) =>
      items.map((handle) => bitmap(handle as number)).reduce(of),
    );
  const slice = (name: string, of: (whole: Bitmap, a: bigint, b: bigint) => Bitmap): Definition => ({
    name,
    parameters: [HANDLE, BIGINT, BIGINT],
    returns: HANDLE,
    of: (whole: number, a: bigint, b: bigint) => putSome(of(bitmap(whole), a, b)),
  });
  const contains = (whole: number, value: bigint): boolean => bitmap(whole).has(value);
  return [
    { name: 'bm_empty', parameters: [], returns: HANDLE, of: () => put(Bitmap.EMPTY) },
    from('bm_load', BLOB, ({ bytes }: DuckDBBlobValue) => load(bytes)),
    one('bm_save', BLOB, (whole) => blobValue(store(whole))),
    two('bm_and', (a, b) => a.and(b)),
    two('bm_or', (a, b) => a.or(b)),
    two('bm_xor', (a, b) => a.xor(b)),
    two('bm_andnot', (a, b) => a.andnot(b)),
    fold('bm_union', (a, b) => a.or(b)),
    fold('bm_intersect', (a, b) => a.and(b)),
    one('bm_count', BIGINT, (whole) => BigInt(whole.count)),
    one('bm_min', HUGEINT, (whole) => whole.min()),
    one('bm_max', HUGEINT, (whole) => whole.max()),
    { name: 'bm_contains', parameters: [HANDLE, BIGINT], returns: BOOLEAN, of: contains },
    { name: 'bm_contains_wide', parameters: [HANDLE, HUGEINT], returns: BOOLEAN, of: contains },
    {
      name: 'bm_has_any',
      parameters: [HANDLE, HANDLE],
      returns: BOOLEAN,
      of: (a: number, b: number) => bitmap(a).hasAny(bitmap(b)),
    },
    {
      name: 'bm_remove',
      parameters: [HANDLE, HUGEINT],
      returns: HANDLE,
      of: (whole: number, value: bigint) => put(bitmap(whole).andnot(Bitmap.of(valid([value])))),
    },
    from('bm_of', LIST(BIGINT), ({ items }: DuckDBListValue) => Bitmap.of(valid(items as bigint[]))),
    from('bm_of_wide', LIST(HUGEINT), ({ items }: DuckDBListValue) => Bitmap.of(valid(items as bigint[]))),
    from('bm_of_one', HUGEINT, (value: bigint) => (value < 0n || value > VALUE_MAX ? null : Bitmap.of([value]))),
    from('bm_of_text', VARCHAR, (text: string) =>
      /^\d+$/.test(text) && BigInt(text) <= VALUE_MAX ? Bitmap.of([BigInt(text)]) : null,
    ),
    from('bm_hash', VARCHAR, (text: string) => Bitmap.of([BigInt(murmur3(Buffer.from(text)))])),
    from('bm_from_string', VARCHAR, fromString),
    from('bm_from_base64', VARCHAR, (text: string) => (BASE64.test(text) ? decode(Buffer.from(text, 'base64')) : null)),
    from('bm_from_binary', BLOB, ({ bytes }: DuckDBBlobValue) => decode(Buffer.from(bytes))),
    one('bm_to_base64', VARCHAR, (whole) => toBase64(whole, chance)),
    one('bm_to_binary', BLOB, (whole) => blobValue(encode(whole, chance))),
    one('bm_to_string', VARCHAR, (whole) => listed(whole).join(',')),
    one('bm_to_array', LIST(BIGINT), (whole) => listValue(listed(whole).map((value) => BigInt.asIntN(64, value)))),
    one('bm_values', LIST(BIGINT), (whole) => listValue([...whole.values()].map((value) => BigInt.asIntN(64, value)))),
    slice('bm_sub', subBitmap),
    slice('bm_range', (whole, low, high) =>
      Bitmap.of([...whole.values()].filter((value) => value >= low && value < high)),
    ),
    slice('bm_limit', (whole, start, count) => {
      const members = [...whole.values()].filter((value) => value >= start);
      return Bitmap.of(members.slice(0, Number(count)));
    }),
    {
      name: 'bm_subdivide',
      parameters: [HANDLE, BIGINT],
      returns: LIST(HANDLE),
      of: (whole: number, size: bigint) => listValue(subdivide(bitmap(whole), Number(size)).map((part) => put(part))),
    },
  ];
}

function* valid(items: readonly (bigint | null)[]): Generator<bigint> {
  for (const item of items) if (item !== null && item >= 0n && item <= VALUE_MAX) yield item;
}

function fromString(text: string): Bitmap | null {
  if (text === '') return Bitmap.EMPTY;
  const tokens = text.split(',').map((token) => token.trim());
  if (!tokens.every((token) => /^\d+$/.test(token) && BigInt(token) <= VALUE_MAX)) return null;
  return Bitmap.of(tokens.map(BigInt));
}

function listed(whole: Bitmap): bigint[] {
  if (whole.count > LISTED_MAX) {
    throw new Error(
      `the cardinality ${whole.count} of a bitmap is above max_length_for_bitmap_function (${LISTED_MAX})`,
    );
  }
  return [...whole.values()];
}

function toBase64(whole: Bitmap, chance: Chance): string {
  const text = encode(whole, chance).toString('base64');
  if (text.length > VARCHAR_BYTES_MAX) {
    throw new Error(`bitmap_to_base64: ${text.length} bytes are more than a VARCHAR holds (${VARCHAR_BYTES_MAX})`);
  }
  return text;
}

/** By rank; a negative offset counts from the end. */
function subBitmap(whole: Bitmap, offset: bigint, length: bigint): Bitmap {
  const from = Number(offset) < 0 ? whole.count + Number(offset) : Number(offset);
  if (from < 0 || length <= 0n) return Bitmap.EMPTY;
  return whole.slice(from, from + Number(length));
}

function subdivide(whole: Bitmap, size: number): Bitmap[] {
  if (size < 1) return [];
  const members = [...whole.values()];
  const parts: Bitmap[] = [];
  for (let from = 0; from < members.length; from += size) parts.push(Bitmap.of(members.slice(from, from + size)));
  return parts;
}
