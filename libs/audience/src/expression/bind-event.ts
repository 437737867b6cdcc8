import { fieldIndex, isJsonObject, operatorsFor, pointer, quote } from '@tessera/tag-catalog';
import type { FieldDefinition, TagTypeDefinition } from '@tessera/tag-catalog';
import { bindCondition, bindOperator, needsTimeZone } from './bind-condition';
import { bindExactOperand } from './bind-exact-operand';
import { bindOperand } from './bind-operand';
import { bindWindow } from './bind-window';
import type { BindingScope } from './binding-scope';
import type { EventNode, FieldCondition, Measure, NodeBase, SequenceNode } from './expression';
import { SEQUENCE_STEPS_MAX, SEQUENCE_STEPS_MIN, WHERE_FILTERS_MAX } from './limits';
import { measureSpec } from './measure-spec';
import { readDuration } from './read-duration';
import { isJsonArray, showJson } from './show-json';

type Fields = ReadonlyMap<string, unknown>;

const NUMBER_MEASURE_OPERATORS = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'between'] as const;
const MEASURES = ['count', 'distinct', 'sum', 'avg', 'min', 'max', 'firstTime', 'lastTime'] as const;
const NUMBER_TYPES = ['int', 'decimal'];
const ORDERED_TYPES = ['int', 'decimal', 'date', 'datetime'];

/** Binds an event node; null after reporting everything that is wrong with it. */
export function bindEvent(scope: BindingScope, fields: Fields, base: NodeBase): EventNode | null {
  const eventType = readEventType(scope, fields, base.path);
  if (eventType === null) return null;
  const where = bindWhere(scope, fields, base.path, eventType);
  const windowResult = readWindow(scope, fields, base.path);
  const measure = bindMeasure(scope, fields, base.path, eventType);
  if (measure === null) return null;
  const spec = measureSpec(measure);
  const timed = spec.valueType === 'date' || spec.valueType === 'datetime';
  const subject = `the measure ${measureText(measure)} (${spec.valueType})`;
  const allowed = timed ? operatorsFor(spec.valueType) : NUMBER_MEASURE_OPERATORS;
  const op = bindOperator(scope, fields, base.path, subject, allowed);
  if (op === null) return null;
  const request = {
    spec,
    op,
    json: fields.get('value'),
    path: pointer(base.path, 'value'),
    least: measure.kind === 'count' || measure.kind === 'distinct' ? 0 : null,
  };
  const operand =
    measure.kind === 'sum' || measure.kind === 'avg'
      ? bindExactOperand(scope, request, measure.kind)
      : bindOperand(scope, request);
  if (operand === null || where === null || windowResult === null) return null;
  const timeZone = needsTimeZone(op) ? scope.timeZone : null;
  return { ...base, kind: 'event', eventType, where, measure, op, operand, timeZone, window: windowResult.window };
}

/** Binds a sequence node; null after reporting everything that is wrong with it. */
export function bindSequence(scope: BindingScope, fields: Fields, base: NodeBase): SequenceNode | null {
  const path = pointer(base.path, 'sequence');
  const json = fields.get('sequence');
  const windowResult = readWindow(scope, fields, base.path);
  const within = readWithin(scope, fields, base.path);
  if (!isJsonArray(json)) {
    return scope.report(path, 'wrongType', `"sequence" is a list of steps, not ${showJson(json)}.`);
  }
  if (json.length < SEQUENCE_STEPS_MIN || json.length > SEQUENCE_STEPS_MAX) {
    return scope.report(
      path,
      'outOfRange',
      `A sequence has ${SEQUENCE_STEPS_MIN} to ${SEQUENCE_STEPS_MAX} steps, not ${json.length}.`,
    );
  }
  const steps = json.map((step, index) => bindStep(scope, step, pointer(path, index)));
  const bound = steps.filter((step) => step !== null);
  if (bound.length < steps.length || within === null || windowResult === null) return null;
  return { ...base, kind: 'sequence', steps: bound, withinMs: within.durationMs, window: windowResult.window };
}

function bindStep(scope: BindingScope, json: unknown, path: string): SequenceNode['steps'][number] | null {
  const fields = scope.readObject(json, path, 'a step of a sequence', ['event', 'where']);
  const eventType = fields === null ? null : readEventType(scope, fields, path);
  if (fields === null || eventType === null) return null;
  const where = bindWhere(scope, fields, path, eventType);
  return where === null ? null : { eventType, where };
}

function readEventType(scope: BindingScope, fields: Fields, path: string): TagTypeDefinition | null {
  const name = scope.readName(fields, 'event', path, 'An event condition');
  if (name === null) return null;
  const type = scope.state.catalog.type(name);
  if (type?.kind === 'event') return type;
  return scope.report(
    pointer(path, 'event'),
    'unknownEvent',
    `There is no event ${quote(name)}. ${scope.state.adviser.forEvent(name)}`,
  );
}

function readWindow(scope: BindingScope, fields: Fields, path: string): { window: EventNode['window'] } | null {
  if (!fields.has('window')) return { window: null };
  const window = bindWindow(scope, fields.get('window'), pointer(path, 'window'));
  return window === null ? null : { window };
}

function readWithin(scope: BindingScope, fields: Fields, path: string): { durationMs: number | null } | null {
  if (!fields.has('within')) return { durationMs: null };
  const given = scope.give(fields.get('within'), pointer(path, 'within'));
  const durationMs = given === null ? null : readDuration(scope, given);
  return durationMs === null ? null : { durationMs };
}

function bindWhere(
  scope: BindingScope,
  fields: Fields,
  nodePath: string,
  type: TagTypeDefinition,
): readonly FieldCondition[] | null {
  if (!fields.has('where')) return [];
  const json = fields.get('where');
  const path = pointer(nodePath, 'where');
  if (!isJsonArray(json)) {
    return scope.report(path, 'wrongType', `"where" is a list of {"property", "op", "value"}, not ${showJson(json)}.`);
  }
  if (json.length > WHERE_FILTERS_MAX) {
    return scope.report(
      path,
      'listTooLong',
      `${json.length} filters in "where"; at most ${WHERE_FILTERS_MAX} are allowed.`,
    );
  }
  const bound: FieldCondition[] = [];
  for (let index = 0; index < json.length && !scope.state.stopped; index += 1) {
    const filter = bindFilter(scope, json[index], pointer(path, index), type);
    if (filter !== null) bound.push(filter);
  }
  return bound.length < json.length ? null : bound;
}

function bindFilter(scope: BindingScope, json: unknown, path: string, type: TagTypeDefinition): FieldCondition | null {
  const fields = scope.readObject(json, path, 'a filter of "where"', ['property', 'op', 'value']);
  if (fields === null) return null;
  const name = scope.readName(fields, 'property', path, 'A filter of "where"');
  if (name === null) return null;
  const property = readProperty(scope, name, pointer(path, 'property'), type);
  return property === null ? null : bindCondition(scope, fields, path, property, 'property');
}

function readProperty(
  scope: BindingScope,
  name: string,
  path: string,
  type: TagTypeDefinition,
): FieldDefinition | null {
  const property = fieldIndex(type).get(name);
  if (property !== undefined) return property;
  const advice = scope.state.adviser.forProperty(name, type);
  return scope.report(
    path,
    'unknownProperty',
    `The event ${quote(type.name)} has no property ${quote(name)}. ${advice}`,
  );
}

function bindMeasure(scope: BindingScope, fields: Fields, nodePath: string, type: TagTypeDefinition): Measure | null {
  if (!fields.has('measure')) return { kind: 'count' };
  const path = pointer(nodePath, 'measure');
  const json = fields.get('measure');
  if (!isJsonObject(json)) {
    return scope.report(path, 'wrongType', `A measure is an object such as {"count": "*"}, not ${showJson(json)}.`);
  }
  const measures = scope.readObject(json, path, 'a measure', MEASURES);
  const kinds = MEASURES.filter((kind) => measures?.has(kind));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    return scope.report(
      path,
      kind === undefined ? 'noKind' : 'severalKinds',
      `A measure has exactly one of ${MEASURES.join(', ')}; this one has ${kind === undefined ? 'none' : kinds.join(' and ')}.`,
    );
  }
  return bindMeasureOf(scope, kind, measures?.get(kind), pointer(path, kind), type);
}

function bindMeasureOf(
  scope: BindingScope,
  kind: (typeof MEASURES)[number],
  argument: unknown,
  path: string,
  type: TagTypeDefinition,
): Measure | null {
  if (kind === 'count' || kind === 'firstTime' || kind === 'lastTime') {
    if (argument === '*') return { kind };
    return scope.report(path, 'wrongType', `${kind} takes "*" (the rows themselves), not ${showJson(argument)}.`);
  }
  if (typeof argument !== 'string') {
    return scope.report(path, 'wrongType', `${kind} takes the name of a property, not ${showJson(argument)}.`);
  }
  const property = readProperty(scope, argument, path, type);
  if (property === null) return null;
  const types = kind === 'sum' || kind === 'avg' ? NUMBER_TYPES : ORDERED_TYPES;
  if (kind === 'distinct' || types.includes(property.valueType)) return { kind, property };
  return scope.report(
    path,
    'measureNotAllowed',
    `${kind} takes a property of type ${types.join(', ')}; ${quote(property.name)} is of type ${property.valueType}.`,
  );
}

function measureText(measure: Measure): string {
  return 'property' in measure ? `${measure.kind} of ${quote(measure.property.name)}` : measure.kind;
}
