import { getMetadataStorage, ValidateBy, ValidateIf, validateSync, ValidationTypes } from 'class-validator';
import type { ValidationError } from 'class-validator';
import type { LocatedError, Parsed } from '@tessera/tag-catalog';

const MUST_BE_PRESENT = 'mustBePresent';

export type DtoClass<T extends object> = new () => T;

/** An optional key: may be left out, but `null` is not "left out". */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf((_object: object, value: unknown) => value !== undefined);
}

/** A key that must be there, whatever its value: what is wrong with the value is judged by who reads it. */
export function MustBePresent(): PropertyDecorator {
  return ValidateBy({
    name: MUST_BE_PRESENT,
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
  return rulesOf(type).keys.size > 0;
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
  const rules = rulesOf(type);
  const dto = new type();
  const errors: LocatedError[] = [];
  let shape: string | null = '';
  for (const [key, value] of Object.entries(json)) {
    if (rules.keys.has(key))
      Object.defineProperty(dto, key, { value, writable: true, enumerable: true, configurable: true });
    else errors.push(unknownKey(`${path}/${escapePointer(key)}`, key, rules.keys, place));
    shape = shape !== null && value !== undefined && rules.freeKeys.has(key) ? `${shape} ${key}` : null;
  }
  if (shape !== null && rules.acceptedShapes.has(shape)) return { ok: true, value: dto };
  for (const error of validateSync(dto, { stopAtFirstError: true, forbidUnknownValues: false })) {
    errors.push(locate(error, path));
  }
  if (errors.length > 0) return failed(errors);
  if (shape !== null) rules.acceptedShapes.add(shape);
  return { ok: true, value: dto };
}

/** One part of a JSON Pointer (RFC 6901). */
export function escapePointer(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}

interface DtoRules {
  readonly keys: ReadonlySet<string>;
  /** Keys whose values no rule looks at: they are there or not. */
  readonly freeKeys: ReadonlySet<string>;
  /** Accepted once with free keys alone, in their order: accepted always, so the common request is not validated again. */
  readonly acceptedShapes: Set<string>;
}

const NO_RULES: DtoRules = { keys: new Set(), freeKeys: new Set(), acceptedShapes: new Set() };

/** By class; decorators have all run before the first request comes. */
const rulesByClass = new WeakMap<object, DtoRules>();

function rulesOf(type: unknown): DtoRules {
  if (typeof type !== 'function') return NO_RULES;
  let rules = rulesByClass.get(type);
  if (rules === undefined) {
    const all = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
    const keys = new Set(all.map((rule) => rule.propertyName));
    const judged = new Set(all.filter((rule) => !isAboutPresence(rule)).map((rule) => rule.propertyName));
    const freeKeys = new Set([...keys].filter((key) => !judged.has(key)));
    rules = { keys, freeKeys, acceptedShapes: new Set() };
    rulesByClass.set(type, rules);
  }
  return rules;
}

function isAboutPresence(rule: { readonly type: string; readonly name?: string | undefined }): boolean {
  return rule.type === ValidationTypes.CONDITIONAL_VALIDATION || rule.name === MUST_BE_PRESENT;
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
