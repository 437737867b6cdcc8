import { decimalText } from '@tessera/tag-catalog';
import { describeChoices, describeDuration, describeNumber, describeValue } from './describe-value';
import type { ValueWording } from './describe-value';
import type { Operand, TagOperator } from './expression';

const TEMPORAL_TYPES = ['date', 'datetime'];

/** What follows the name of a value: `is at least 3`, `is Beijing or Shanghai`, `has no value`. */
export function describeCondition(
  op: TagOperator,
  operand: Operand,
  wording: ValueWording,
  timeZone: string | null,
): string {
  switch (op) {
    case 'eq':
      return `is ${one(operand, wording)}`;
    case 'ne':
      return `is not ${one(operand, wording)}`;
    case 'in':
      return `is ${several(operand, wording, 'or')}`;
    case 'notIn':
      return `is none of ${several(operand, wording, 'and')}`;
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
    case 'before':
    case 'after':
      return `${describeOrder(op, wording)} ${one(operand, wording)}`;
    case 'between':
      return `is between ${several(operand, wording, 'and')} (both included)`;
    case 'exists':
      return operand.kind === 'exists' && !operand.exists ? 'has no value' : 'has a value';
    case 'contains':
      return `contains ${one(operand, wording)}`;
    case 'startsWith':
      return `starts with ${one(operand, wording)}`;
    case 'endsWith':
      return `ends with ${one(operand, wording)}`;
    case 'matches':
      return `matches the pattern ${one(operand, wording)}`;
    case 'withinLast':
      return `lies in the last ${operand.kind === 'duration' ? describeDuration(operand.durationMs) : ''}${zoneOf(wording, timeZone)}`;
    case 'anniversary':
      return `${describeAnniversary(operand)}${timeZone === null ? '' : ` (${timeZone} time)`}`;
    case 'hasAny':
      return isSingle(operand)
        ? `includes ${several(operand, wording, 'or')}`
        : `includes at least one of ${several(operand, wording, 'and')}`;
    case 'hasAll':
      return isSingle(operand)
        ? `includes ${several(operand, wording, 'and')}`
        : `includes all of ${several(operand, wording, 'and')}`;
    case 'hasNone':
      return isSingle(operand)
        ? `does not include ${several(operand, wording, 'or')}`
        : `includes none of ${several(operand, wording, 'and')}`;
  }
}

function describeOrder(op: 'gt' | 'gte' | 'lt' | 'lte' | 'before' | 'after', wording: ValueWording): string {
  const { valueType } = wording.spec;
  if (TEMPORAL_TYPES.includes(valueType)) {
    const at = valueType === 'date' ? 'on' : 'at';
    return {
      gt: 'is after',
      after: 'is after',
      gte: `is ${at} or after`,
      lt: 'is before',
      before: 'is before',
      lte: `is ${at} or before`,
    }[op];
  }
  if (valueType === 'string') {
    return {
      gt: 'sorts after',
      after: 'sorts after',
      gte: 'is or sorts after',
      lt: 'sorts before',
      before: 'sorts before',
      lte: 'is or sorts before',
    }[op];
  }
  return {
    gt: 'is more than',
    after: 'is more than',
    gte: 'is at least',
    lt: 'is less than',
    before: 'is less than',
    lte: 'is at most',
  }[op];
}

/** Month and day come back: today, or within the next days. */
function describeAnniversary(operand: Operand): string {
  const nextDays = operand.kind === 'nextDays' ? operand.nextDays : 0;
  if (nextDays === 0) return 'has its anniversary today';
  return nextDays === 1
    ? 'has its anniversary today or tomorrow'
    : `has its anniversary today or in the next ${nextDays} days`;
}

/** Only for a date does the zone make a difference to "in the last …". */
function zoneOf(wording: ValueWording, timeZone: string | null): string {
  return timeZone === null || wording.spec.valueType !== 'date' ? '' : ` (${timeZone} time)`;
}

function isSingle(operand: Operand): boolean {
  return operand.kind === 'list' && operand.values.length === 1;
}

function one(operand: Operand, wording: ValueWording): string {
  if (operand.kind === 'value') return describeValue(wording, operand.value);
  return operand.kind === 'exact' ? describeNumber(decimalText(operand.low, operand.scale), wording.unit) : '';
}

/** The values of a list, or both ends of a between. */
function several(operand: Operand, wording: ValueWording, word: 'or' | 'and'): string {
  switch (operand.kind) {
    case 'list':
      return describeChoices(
        operand.values.map((value) => describeValue(wording, value)),
        word,
      );
    case 'between':
      return `${describeValue(wording, operand.low)} and ${describeValue(wording, operand.high)}`;
    case 'exact':
      return [operand.low, operand.high]
        .map((end) => describeNumber(decimalText(end, operand.scale), wording.unit))
        .join(' and ');
    case 'value':
    case 'exists':
    case 'duration':
    case 'nextDays':
      return '';
  }
}
