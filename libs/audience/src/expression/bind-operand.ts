import { compareUtf8, parseValue, pointer } from '@tessera/tag-catalog';
import type { TagValue, ValueSpec } from '@tessera/tag-catalog';
import type { BindingScope, GivenValue } from './binding-scope';
import type { Operand, TagOperator } from './expression';
import { LIST_VALUES_MAX, NEXT_DAYS_MAX } from './limits';
import { checkPattern } from './check-pattern';
import { readDuration } from './read-duration';
import { isJsonArray, showJson } from './show-json';

/** What an operand is read for. */
export interface OperandRequest {
  /** The type of the value that is compared with it. */
  readonly spec: ValueSpec;
  readonly op: TagOperator;
  /** What stands at "value"; undefined: nothing. */
  readonly json: unknown;
  /** Place of "value". */
  readonly path: string;
  /** Numbers below it are refused (count and distinct); null: no limit but that of the type. */
  readonly least: number | null;
}

type Scalar = boolean | number | string;

const ELEMENT_OF_SET: ValueSpec = { valueType: 'string', scale: 0, values: [] };

/** Reads the operand of a predicate by operator and type (MEANING section 1); null after reporting what is wrong with it. */
export function bindOperand(scope: BindingScope, request: OperandRequest): Operand | null {
  const { op, path } = request;
  if (request.json === undefined) {
    if (op === 'exists') return { kind: 'exists', exists: true };
    return scope.report(path, 'missingKey', `Operator ${op} needs a "value".`);
  }
  const given = scope.give(request.json, path);
  if (given === null) return null;
  switch (op) {
    case 'exists':
      return bindExists(scope, given);
    case 'in':
    case 'notIn':
      return bindList(scope, given, request, request.spec);
    case 'hasAny':
    case 'hasAll':
    case 'hasNone':
      return bindList(scope, given, request, ELEMENT_OF_SET);
    case 'between':
      return bindBetween(scope, given, request);
    case 'withinLast': {
      const durationMs = readDuration(scope, given);
      return durationMs === null ? null : { kind: 'duration', durationMs };
    }
    case 'anniversary':
      return bindAnniversary(scope, given);
    case 'matches': {
      const pattern = checkPattern(scope, given);
      return pattern === null ? null : { kind: 'value', value: pattern };
    }
    case 'eq':
    case 'ne':
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
    case 'before':
    case 'after':
    case 'contains':
    case 'startsWith':
    case 'endsWith': {
      const value = bindScalar(scope, given, request, request.spec);
      return value === null ? null : { kind: 'value', value };
    }
  }
}

/** Low and high of a `between`, as they stand there; null after reporting that they are not two. */
export function readBounds(scope: BindingScope, given: GivenValue): readonly [GivenValue, GivenValue] | null {
  if (!isJsonArray(given.json) || given.json.length !== 2) {
    return scope.reportValue(
      given,
      'wrongType',
      `between takes [low, high], both ends included, not ${showJson(given.json)}.`,
    );
  }
  const low = giveElement(scope, given, 0);
  const high = giveElement(scope, given, 1);
  return low === null || high === null ? null : [low, high];
}

export function reportLowAboveHigh(scope: BindingScope, given: GivenValue): null {
  return scope.reportValue(given, 'lowAboveHigh', 'The low end of between lies above the high end; swap them.');
}

function bindExists(scope: BindingScope, given: GivenValue): Operand | null {
  if (typeof given.json === 'boolean') return { kind: 'exists', exists: given.json };
  return scope.reportValue(
    given,
    'wrongType',
    `exists takes true (has a value; also when left out) or false (has none), not ${showJson(given.json)}.`,
  );
}

function bindAnniversary(scope: BindingScope, given: GivenValue): Operand | null {
  const fields = scope.readObject(given.json, given.path, 'the value of anniversary', ['nextDays']);
  if (fields === null) return null;
  const path = pointer(given.path, 'nextDays');
  if (!fields.has('nextDays')) return scope.report(path, 'missingKey', 'anniversary needs {"nextDays": 0 to 365}.');
  const nextDays =
    given.param === null ? scope.give(fields.get('nextDays'), path) : { ...given, json: fields.get('nextDays') };
  if (nextDays === null) return null;
  const days = nextDays.json;
  if (typeof days !== 'number') {
    return scope.reportValue(nextDays, 'wrongType', `"nextDays" is a whole number, not ${showJson(days)}.`);
  }
  if (!Number.isInteger(days) || days < 0 || days > NEXT_DAYS_MAX) {
    return scope.reportValue(
      nextDays,
      'outOfRange',
      `"nextDays" is a whole number of 0 to ${NEXT_DAYS_MAX}, not ${days}.`,
    );
  }
  return { kind: 'nextDays', nextDays: days === 0 ? 0 : days };
}

function bindBetween(scope: BindingScope, given: GivenValue, request: OperandRequest): Operand | null {
  const bounds = readBounds(scope, given);
  if (bounds === null) return null;
  const low = bindScalar(scope, bounds[0], request, request.spec);
  const high = bindScalar(scope, bounds[1], request, request.spec);
  if (low === null || high === null) return null;
  if (compareScalars(low, high) > 0) return reportLowAboveHigh(scope, given);
  return { kind: 'between', low, high };
}

function bindList(scope: BindingScope, given: GivenValue, request: OperandRequest, spec: ValueSpec): Operand | null {
  const { json } = given;
  if (!isJsonArray(json)) {
    return scope.reportValue(given, 'wrongType', `${request.op} takes a list of values, not ${showJson(json)}.`);
  }
  if (json.length === 0) {
    return scope.reportValue(
      given,
      'emptyList',
      `${request.op} takes a list of 1 to ${LIST_VALUES_MAX} values; this one is empty.`,
    );
  }
  if (json.length > LIST_VALUES_MAX) {
    return scope.reportValue(
      given,
      'listTooLong',
      `${json.length} values in a list; at most ${LIST_VALUES_MAX} are allowed. Upload them as a list of users, or split the condition with "or".`,
    );
  }
  if (!scope.countListValues(given, json.length)) return null;
  const distinct = new Set<Scalar>();
  let sound = true;
  for (let index = 0; index < json.length && !scope.state.stopped; index += 1) {
    const element = giveElement(scope, given, index);
    const value = element === null ? null : bindScalar(scope, element, request, spec);
    if (value === null) sound = false;
    else distinct.add(value);
  }
  return sound ? { kind: 'list', values: sortScalars([...distinct]) } : null;
}

/** One element of a list or between. Elements of a parameter are values, never parameters again. */
function giveElement(scope: BindingScope, given: GivenValue, index: number): GivenValue | null {
  const json = isJsonArray(given.json) ? given.json[index] : undefined;
  if (given.param !== null) return { json, path: given.path, param: given.param };
  // The place is worked out only where it is needed: a list may hold 100,000 values.
  if (typeof json !== 'object' || json === null) {
    return {
      json,
      param: null,
      get path() {
        return pointer(given.path, index);
      },
    };
  }
  return scope.give(json, pointer(given.path, index));
}

function bindScalar(scope: BindingScope, given: GivenValue, request: OperandRequest, spec: ValueSpec): Scalar | null {
  const parsed = parseValue(spec, given.json, scope.state.valueLimits);
  if (!parsed.ok) {
    const message = parsed.message.slice(0, 1).toUpperCase() + parsed.message.slice(1);
    return scope.reportValue(given, parsed.code, `${message}.`);
  }
  if (!isScalar(parsed.value)) {
    return scope.reportValue(given, 'wrongType', `${request.op} takes a single value, not ${showJson(given.json)}.`);
  }
  if (request.least !== null && typeof parsed.value === 'number' && parsed.value < request.least) {
    return scope.reportValue(given, 'outOfRange', `${parsed.value} is below ${request.least}; this measure never is.`);
  }
  return parsed.value;
}

function isScalar(value: TagValue): value is Scalar {
  return typeof value !== 'object';
}

/** Orders two values of one type: ordinals by size, texts by their UTF-8 bytes. */
function compareScalars(left: Scalar, right: Scalar): number {
  if (typeof left === 'string' && typeof right === 'string') return compareUtf8(left, right);
  return Number(left) - Number(right);
}

/** Surrogates and what comes after them: only there UTF-8 and UTF-16 order differ. */
const ASTRAL = /[\ud800-\uffff]/;

/** Sorts values of one type. Plain texts by the engine's own order, which is the same and ten times faster for long lists. */
function sortScalars(values: Scalar[]): readonly Scalar[] {
  const plainTexts = values.every((value) => typeof value === 'string' && !ASTRAL.test(value));
  return plainTexts ? values.sort() : values.sort(compareScalars);
}
