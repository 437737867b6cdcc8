import { getMetadataStorage, ValidateBy, ValidateIf, validateSync } from 'class-validator';
import type { ValidationError } from 'class-validator';
import type { LocatedError, Parsed } from '@tessera/tag-catalog';

export type DtoClass<T extends object> = new () => T;

/** An optional key: may be left out, but `null` is not "left out". */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf((_object: object, value: unknown) => value !== undefined);
}

/** A key that must be there, whatever its value: what is wrong with the value is judged by who reads it. */
export function MustBePresent(): PropertyDecorator {
  return ValidateBy({
    name: 'mustBePresent',
    validator: {
      validate: (value: unknown) => value !== undefined,
      defaultMessage: (validation) => `send ${validation?.property ?? 'it'}`,
    },
  });
}

/** Query parameters: `?type=` is what a form sends for a field left empty, so it counts as left out. */
export function filledIn(parameter: string | undefined): string | undefined {
  return parameter === '' ? undefined : parameter;
}

/** Classes with validators are DTOs; `String`, `Object` and the like are not. */
export function isDtoClass(type: unknown): type is DtoClass<object> {
  return typeof type === 'function' && keysOf(type).size > 0;
}

/**
 * Checks the keys of an object against a DTO class. Deliberately shallow and without class-transformer: expressions are free-form, large,
 * and hold keys (`__proto__`) that a deep copy would drop in silence instead of refusing.
 *
 * @param place `query`: an unknown key is told to be one of the query string.
 */
export function parseDto<T extends object>(
  type: DtoClass<T>,
  json: unknown,
  place: 'body' | 'query',
  path = '',
): Parsed<T> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return failed([{ path, code: 'invalidType', message: `The ${place} must be a JSON object` }]);
  }
  const known = keysOf(type);
  const dto = new type();
  const errors: LocatedError[] = [];
  for (const [key, value] of Object.entries(json)) {
    if (known.has(key))
      Object.defineProperty(dto, key, { value, writable: true, enumerable: true, configurable: true });
    else errors.push(unknownKey(`${path}/${escapePointer(key)}`, key, known, place));
  }
  for (const error of validateSync(dto, { stopAtFirstError: true, forbidUnknownValues: false })) {
    errors.push(locate(error, path));
  }
  return errors.length > 0 ? failed(errors) : { ok: true, value: dto };
}

/** One part of a JSON Pointer (RFC 6901). */
export function escapePointer(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** By class; decorators have all run before the first request comes. */
const keysByClass = new WeakMap<object, ReadonlySet<string>>();

function keysOf(type: unknown): ReadonlySet<string> {
  if (typeof type !== 'function') return new Set();
  let keys = keysByClass.get(type);
  if (keys === undefined) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
    keys = new Set(rules.map((rule) => rule.propertyName));
    keysByClass.set(type, keys);
  }
  return keys;
}

function failed(errors: readonly LocatedError[]): Parsed<never> {
  return { ok: false, errors };
}

function unknownKey(path: string, key: string, known: ReadonlySet<string>, place: string): LocatedError {
  const shown = JSON.stringify(key.slice(0, 100));
  return { path, code: 'unknownKey', message: `The ${place} has no key ${shown}; known: ${[...known].join(', ')}` };
}

function locate(error: ValidationError, path: string): LocatedError {
  const [rule, message] = Object.entries(error.constraints ?? {})[0] ?? ['invalid', `${error.property} is not valid`];
  const missing = error.value === undefined;
  return {
    path: `${path}/${escapePointer(error.property)}`,
    code: missing ? 'missing' : codeOf(rule),
    message: missing ? `${error.property} is missing (${message})` : message,
  };
}

const RANGE_RULES: ReadonlySet<string> = new Set([
  'min',
  'max',
  'minLength',
  'maxLength',
  'isLength',
  'arrayMinSize',
  'arrayMaxSize',
  'isWholeNumberText',
  'isIn',
]);

function codeOf(rule: string): string {
  if (RANGE_RULES.has(rule)) return 'outOfRange';
  return rule === 'arrayUnique' ? 'duplicate' : 'invalidType';
}
