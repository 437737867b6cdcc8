import { describeCondition } from './describe-condition';
import { describeDuration, describeInstant, describeName, describeNumber, plural, quoted } from './describe-value';
import type { ValueWording } from './describe-value';
import type { EventNode, FieldCondition, Measure, SequenceNode, Window } from './expression';
import { measureSpec } from './measure-spec';

/** One line: what rows count, in which window, and what their measure has to be. */
export function describeEvent(node: EventNode): string {
  const event = quoted(describeName(node.eventType));
  const window = node.window === null ? '' : ` ${describeWindow(node.window)}`;
  const where = describeWhere(node.where);
  if (node.measure.kind === 'count') return `${event} ${describeTimes(node)}${window}${where}`;
  const wording: ValueWording = { spec: measureSpec(node.measure), valueLabels: {}, unit: '' };
  const condition = describeCondition(node.op, node.operand, wording, node.timeZone);
  return `${describeMeasure(node.measure)} of ${event}${window}${where} ${condition}`;
}

/** One line: the steps in order, how close together, and where the last one lies. */
export function describeSequence(node: SequenceNode): string {
  const steps = node.steps.map((step) => `${quoted(describeName(step.eventType))}${describeWhere(step.where)}`);
  const within = node.withinMs === null ? '' : `, all within ${describeDuration(node.withinMs)}`;
  const window = node.window === null ? '' : `, the last of them ${describeWindow(node.window)}`;
  return `${steps.join(', and later ')}${within}${window}`;
}

/** `in the last 7 days`, `from … until before …`, `yesterday (UTC time)`. */
export function describeWindow(window: Window): string {
  switch (window.kind) {
    case 'last':
      return `in the last ${describeDuration(window.durationMs)}`;
    case 'range': {
      if (window.fromMs === null) return `before ${describeInstant(window.toMs ?? 0)}`;
      if (window.toMs === null) return `since ${describeInstant(window.fromMs)}`;
      return `from ${describeInstant(window.fromMs)} until just before ${describeInstant(window.toMs)}`;
    }
    case 'calendar':
      return `${describeUnit(window.unit, window.offset)} (${window.timeZone} time)`;
  }
}

function describeUnit(unit: 'day' | 'week' | 'month', offset: number): string {
  if (offset === 0) return unit === 'day' ? 'today' : `this ${unit} so far`;
  if (offset === -1) return unit === 'day' ? 'yesterday' : `in the last whole ${unit}`;
  return `in the whole ${unit} ${describeNumber(String(-offset), '')} ${unit}s ago`;
}

/** How often it happened, as people say it. */
function describeTimes(node: EventNode): string {
  const { op, operand } = node;
  if (operand.kind === 'between' && typeof operand.low === 'number' && typeof operand.high === 'number') {
    return `happened ${times(operand.low, false)} to ${times(operand.high, true)}`;
  }
  const count = operand.kind === 'value' && typeof operand.value === 'number' ? operand.value : 0;
  const counted = times(count, true);
  if (op === 'eq') return count === 0 ? 'did not happen' : `happened exactly ${counted}`;
  if (op === 'ne') {
    return count === 0 ? 'happened at least once' : `happened any number of times but ${times(count, false)}`;
  }
  if (op === 'gt') return `happened more than ${counted}`;
  if (op === 'lt') return `happened fewer than ${counted}`;
  if (op === 'lte') return `happened at most ${counted}`;
  return count === 1 ? 'happened at least once' : `happened at least ${counted}`;
}

function times(count: number, withWord: boolean): string {
  const number = describeNumber(String(count), '');
  return withWord ? `${number} ${plural('time', count)}` : number;
}

function describeMeasure(measure: Exclude<Measure, { readonly kind: 'count' }>): string {
  switch (measure.kind) {
    case 'distinct':
      return `the number of different values of ${describeName(measure.property)}`;
    case 'sum':
      return `the total ${describeName(measure.property)}`;
    case 'avg':
      return `the average ${describeName(measure.property)}`;
    case 'min':
      return `the lowest ${describeName(measure.property)}`;
    case 'max':
      return `the highest ${describeName(measure.property)}`;
    case 'firstTime':
      return 'the first time';
    case 'lastTime':
      return 'the latest time';
  }
}

/** ` where amount is more than 10 and …`; empty without filters. */
function describeWhere(where: readonly FieldCondition[]): string {
  if (where.length === 0) return '';
  const filters = where.map(({ field, op, operand, timeZone }) => {
    const wording: ValueWording = { spec: field, valueLabels: field.valueLabels, unit: '' };
    return `${describeName(field)} ${describeCondition(op, operand, wording, timeZone)}`;
  });
  return ` (where ${filters.join(' and ')})`;
}
