import { decimalText, formatValue } from '@tessera/tag-catalog';
import type { TagValue, ValueSpec } from '@tessera/tag-catalog';
import type { ExactCondition, TagTest, ValueCondition } from './plan';
import { showInstant } from './show-instant';

const VALUES_SHOWN_MAX = 5;

const EXACT_SIGNS = { eq: '=', ne: '!=', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/**
 * A condition as one line of stable text, e.g. `age >= 18`.
 *
 * @param subject what is compared: a tag's name, `count`, …
 * @param spec of the values compared.
 */
export function describeCondition(subject: string, condition: ValueCondition, spec: ValueSpec): string {
  switch (condition.kind) {
    case 'present':
      return `${subject} has a value`;
    case 'absent':
      return `${subject} has no value`;
    case 'never':
      return `${subject} meets nothing`;
    case 'oneOf':
      return describeOneOf(subject, condition.values, condition.negated, spec);
    case 'range':
      return describeRange(subject, condition, spec);
    case 'text':
      return `${subject} ${condition.op} ${JSON.stringify(condition.text)}`;
    case 'anniversary': {
      const days = condition.monthDays.map(showMonthDay);
      return `${subject} falls on ${showSome(days)} (${condition.timeZone})`;
    }
    case 'set':
      return `${subject} ${condition.op} [${showSome(condition.values.map((value) => JSON.stringify(value)))}]`;
  }
}

/** A tag test as one line of stable text. */
export function describeTest(test: TagTest): string {
  const condition = describeCondition(test.tag.name, test.condition, test.tag);
  const missing = test.includeMissing ? ', or no value' : '';
  const valid = test.validAfterMs === null ? '' : ` (values after ${showInstant(test.validAfterMs)} only)`;
  return `${condition}${missing}${valid}`;
}

export function describeExact(subject: string, exact: ExactCondition): string {
  const low = decimalText(exact.low, exact.scale);
  return exact.op === 'between'
    ? `${subject} >= ${low} and <= ${decimalText(exact.high, exact.scale)}`
    : `${subject} ${EXACT_SIGNS[exact.op]} ${low}`;
}

function describeOneOf(subject: string, values: readonly TagValue[], negated: boolean, spec: ValueSpec): string {
  const shown = values.slice(0, VALUES_SHOWN_MAX).map((value) => showValue(spec, value));
  const [only] = shown;
  if (values.length === 1 && only !== undefined) {
    return `${subject} ${negated ? '!=' : '='} ${only}`;
  }
  return `${subject} ${negated ? 'not in' : 'in'} [${showSome(shown, values.length)}]`;
}

type Range = Extract<ValueCondition, { kind: 'range' }>;

function describeRange(subject: string, { low, high }: Range, spec: ValueSpec): string {
  const ends = [
    low === null ? '' : `${low.inclusive ? '>=' : '>'} ${showValue(spec, low.value)}`,
    high === null ? '' : `${high.inclusive ? '<=' : '<'} ${showValue(spec, high.value)}`,
  ];
  return `${subject} ${ends.filter((end) => end !== '').join(' and ')}`;
}

function showValue(spec: ValueSpec, value: TagValue): string {
  return JSON.stringify(formatValue(spec, value));
}

function showMonthDay(monthDay: number): string {
  const text = String(monthDay).padStart(4, '0');
  return `${text.slice(0, 2)}-${text.slice(2)}`;
}

function showSome(shown: readonly string[], count = shown.length): string {
  const some = shown.slice(0, VALUES_SHOWN_MAX).join(', ');
  return count > VALUES_SHOWN_MAX ? `${some}, … ${count} in all` : some;
}
