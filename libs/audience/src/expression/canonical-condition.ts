import { decimalText, formatDuration, formatInstant, formatValue } from '@tessera/tag-catalog';
import type { JsonValue, ValueSpec } from '@tessera/tag-catalog';
import type { EventNode, Expression, FieldCondition, Operand, TagOperator, Window } from './expression';
import { measureSpec } from './measure-spec';

/** `op` and `value`, and the zone if the meaning depends on it. */
export interface CanonicalCondition {
  readonly json: { readonly [key: string]: JsonValue };
  readonly timeZone: string | null;
}

/** Condition of a tag or of an event's `where`. */
export function canonicalCondition(condition: FieldCondition): CanonicalCondition {
  return canonical(condition.op, condition.operand, condition.field, condition.timeZone);
}

/** Condition on an event's measure. */
export function canonicalMeasureCondition(node: EventNode): CanonicalCondition {
  return canonical(node.op, node.operand, measureSpec(node.measure), node.timeZone);
}

function canonical(op: TagOperator, operand: Operand, spec: ValueSpec, timeZone: string | null): CanonicalCondition {
  const simple = simplify(op, operand);
  return {
    json: { op: simple.op, value: operandJson(simple.operand, spec) },
    // A duration back from as-of is the same for instants everywhere; a date's first instant and month and day are not.
    timeZone: op === 'withinLast' && spec.valueType === 'datetime' ? null : timeZone,
  };
}

/** One spelling for what is the same: before is lt, after is gt, in and between of one value are eq, notIn of one is ne. */
function simplify(op: TagOperator, operand: Operand): { readonly op: TagOperator; readonly operand: Operand } {
  if (op === 'before') return { op: 'lt', operand };
  if (op === 'after') return { op: 'gt', operand };
  if (operand.kind === 'list' && (op === 'in' || op === 'notIn')) {
    const [only] = operand.values;
    if (only === undefined || operand.values.length > 1) return { op, operand };
    return { op: op === 'in' ? 'eq' : 'ne', operand: { kind: 'value', value: only } };
  }
  if (operand.kind === 'between' && operand.low === operand.high) {
    return { op: 'eq', operand: { kind: 'value', value: operand.low } };
  }
  if (op === 'between' && operand.kind === 'exact' && operand.low === operand.high) return { op: 'eq', operand };
  return { op, operand };
}

function operandJson(operand: Operand, spec: ValueSpec): JsonValue {
  switch (operand.kind) {
    case 'value':
      return formatValue(spec, operand.value);
    case 'list':
      return operand.values.map((value) => formatValue(spec, value));
    case 'between':
      return [formatValue(spec, operand.low), formatValue(spec, operand.high)];
    case 'exists':
      return operand.exists;
    case 'duration':
      return formatDuration(operand.durationMs);
    case 'nextDays':
      return { nextDays: operand.nextDays };
    case 'exact': {
      // Came from the shortest text of a double, so reading that text gives the same double.
      const low = Number(decimalText(operand.low, operand.scale));
      return operand.low === operand.high ? low : [low, Number(decimalText(operand.high, operand.scale))];
    }
  }
}

/** The window in the language, its zone written out. */
export function canonicalWindow(window: Window): { readonly [key: string]: JsonValue } {
  switch (window.kind) {
    case 'last':
      return { last: formatDuration(window.durationMs) };
    case 'range':
      return {
        ...(window.fromMs === null ? {} : { from: formatInstant(window.fromMs) }),
        ...(window.toMs === null ? {} : { to: formatInstant(window.toMs) }),
      };
    case 'calendar':
      return { calendar: window.unit, offset: window.offset, timeZone: window.timeZone };
  }
}

/** Every zone that the expression was bound with and that matters, in document order; audiences are not entered. */
export function zonesOf(node: Expression): readonly string[] {
  switch (node.kind) {
    case 'and':
    case 'or':
    case 'atLeast':
      return node.children.flatMap(zonesOf);
    case 'not':
      return zonesOf(node.child);
    case 'tag':
      return present(canonicalCondition(node.condition).timeZone);
    case 'event':
      return [
        ...node.where.flatMap((condition) => present(canonicalCondition(condition).timeZone)),
        ...present(canonicalMeasureCondition(node).timeZone),
        ...windowZones(node.window),
      ];
    case 'sequence':
      return [
        ...node.steps.flatMap((step) => step.where).flatMap((filter) => present(canonicalCondition(filter).timeZone)),
        ...windowZones(node.window),
      ];
    case 'all':
    case 'audience':
    case 'list':
      return [];
  }
}

function windowZones(window: Window | null): readonly string[] {
  return window?.kind === 'calendar' ? [window.timeZone] : [];
}

function present(zone: string | null): readonly string[] {
  return zone === null ? [] : [zone];
}
