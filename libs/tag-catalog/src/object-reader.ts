import { describeJson, isJsonObject, quote } from './describe-json';
import type { LocatedError } from './located-error';
import { parseDuration } from './duration';
import { STRING_BYTES_MAX } from './parse-value';
import { measureUtf8 } from './utf8';
import type { JsonValue } from './value-type';

/** Nesting of free JSON inside a declaration (quality rules, implied conditions). */
const JSON_DEPTH_MAX = 256;

/** Appends one step to a JSON Pointer (RFC 6901). */
export function pointer(path: string, step: string | number): string {
  return `${path}/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/**
 * Reads one JSON object of a declaration key by key and collects every error with its place. Keys live in a `Map`, so names
 * like `__proto__` are nothing special. `null` counts as left out wherever a key may be left out.
 */
export class ObjectReader {
  readonly #entries: ReadonlyMap<string, unknown>;

  private constructor(
    readonly path: string,
    entries: ReadonlyMap<string, unknown>,
    readonly errors: LocatedError[],
  ) {
    this.#entries = entries;
  }

  /** Null (and an error) if it is no object; keys not in `allowed` are errors, null allows all. */
  static open(
    json: unknown,
    path: string,
    allowed: ReadonlySet<string> | null,
    errors: LocatedError[],
  ): ObjectReader | null {
    if (!isJsonObject(json)) {
      errors.push({ path, code: 'wrongType', message: `expected an object, got ${describeJson(json)}` });
      return null;
    }
    const entries = new Map(Object.entries(json));
    for (const key of entries.keys()) {
      if (allowed?.has(key) === false) {
        const message = `unknown key ${quote(key)}; known here: ${[...allowed].join(', ')}`;
        errors.push({ path: pointer(path, key), code: 'unknownKey', message });
      }
    }
    return new ObjectReader(path, entries, errors);
  }

  fail(key: string | null, code: string, message: string): void {
    this.errors.push({ path: key === null ? this.path : pointer(this.path, key), code, message });
  }

  /** True if the key is there with another value than `null`. */
  has(key: string): boolean {
    return this.value(key) !== undefined && this.value(key) !== null;
  }

  /** True if the key is there, even as `null`. */
  mentions(key: string): boolean {
    return this.#entries.has(key);
  }

  keys(): Iterable<string> {
    return this.#entries.keys();
  }

  value(key: string): unknown {
    return this.#entries.get(key);
  }

  /** A text of at most 4,096 bytes; `null` empties it. */
  text(key: string, fallback: string): string {
    if (!this.mentions(key)) {
      return fallback;
    }
    return this.has(key) ? (readText(this.value(key), pointer(this.path, key), this.errors) ?? fallback) : '';
  }

  flag(key: string, fallback: boolean): boolean {
    const json = this.value(key);
    if (!this.has(key)) {
      return fallback;
    }
    if (typeof json !== 'boolean') {
      this.fail(key, 'wrongType', `${key} is true or false, got ${describeJson(json)}`);
      return fallback;
    }
    return json;
  }

  /** A whole number from `min` to `max`; `null` takes it away. */
  integer(key: string, fallback: number | null, min: number, max: number): number | null {
    const json = this.value(key);
    if (!this.has(key)) {
      return this.mentions(key) ? null : fallback;
    }
    if (typeof json !== 'number' || !Number.isInteger(json) || json < min || json > max) {
      const code = typeof json === 'number' ? 'outOfRange' : 'wrongType';
      this.fail(key, code, `${key} is a whole number from ${min} to ${max}, got ${describeJson(json)}`);
      return fallback;
    }
    return json === 0 ? 0 : json;
  }

  /** An ISO 8601 duration in milliseconds; `null` takes it away. */
  durationMs(key: string, fallback: number | null): number | null {
    const json = this.value(key);
    if (!this.has(key)) {
      return this.mentions(key) ? null : fallback;
    }
    const durationMs = typeof json === 'string' ? parseDuration(json) : null;
    if (durationMs === null) {
      const code = typeof json === 'string' ? 'invalidDuration' : 'wrongType';
      const rule = 'an ISO 8601 duration of W, D, H, M and S, more than 0, like "P30D" or "PT12H"';
      this.fail(key, code, `${key} is ${rule}; got ${describeJson(json)}`);
    }
    return durationMs ?? fallback;
  }

  /** The items of a list; null (and an error) if it is none, empty if left out. */
  list(key: string): readonly unknown[] | null {
    const json = this.value(key);
    if (!this.has(key)) {
      return [];
    }
    if (!Array.isArray(json)) {
      this.fail(key, 'wrongType', `${key} is a list, got ${describeJson(json)}`);
      return null;
    }
    return json as readonly unknown[];
  }

  /** Any JSON, copied and frozen, so that nobody can change it behind the catalogue. */
  json(key: string): JsonValue {
    return copyJson(this.value(key), pointer(this.path, key), this.errors);
  }
}

/** A well-formed text of at most 4,096 bytes, else null and an error. */
export function readText(json: unknown, path: string, errors: LocatedError[]): string | null {
  if (typeof json !== 'string') {
    errors.push({ path, code: 'wrongType', message: `expected a text, got ${describeJson(json)}` });
    return null;
  }
  const bytes = measureUtf8(json);
  if (bytes < 0) {
    const message = `${quote(json)} holds half of a surrogate pair and has no UTF-8 form`;
    errors.push({ path, code: 'illFormed', message });
    return null;
  }
  if (bytes > STRING_BYTES_MAX) {
    const message = `${quote(json)} has ${bytes} bytes of UTF-8, more than ${STRING_BYTES_MAX}; shorten it`;
    errors.push({ path, code: 'tooLong', message });
    return null;
  }
  return json;
}

/** Copies and freezes any JSON value; deeper than 256 is an error (and the copy is cut there). */
export function copyJson(json: unknown, path: string, errors: LocatedError[], depth = 0): JsonValue {
  if (depth > JSON_DEPTH_MAX) {
    errors.push({ path, code: 'tooDeep', message: `nested more than ${JSON_DEPTH_MAX} deep; flatten it` });
    return null;
  }
  if (Array.isArray(json)) {
    return Object.freeze(json.map((item: unknown, index) => copyJson(item, pointer(path, index), errors, depth + 1)));
  }
  if (isJsonObject(json)) {
    // fromEntries defines own properties, `__proto__` included.
    return Object.freeze(
      Object.fromEntries(
        Object.entries(json).map(([key, item]) => [key, copyJson(item, pointer(path, key), errors, depth + 1)]),
      ),
    );
  }
  if (json === null || typeof json === 'boolean' || typeof json === 'string' || Number.isFinite(json)) {
    return json as JsonValue;
  }
  errors.push({ path, code: 'wrongType', message: `${describeJson(json)} is not a JSON value` });
  return null;
}
