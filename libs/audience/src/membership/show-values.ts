import type { JsonValue, TagValue, ValueSpec } from '@tessera/tag-catalog';
import { DAY_MS, decimalText, formatDuration, formatValue } from '@tessera/tag-catalog';
import type { Operand } from '../expression/expression';

/** Values of a long list that are shown. */
export const SHOWN_VALUES_MAX = 20;
const QUOTED_UNITS_MAX = 80;
/** Every decimal of so many digits has a double of its own. */
const EXACT_DIGITS = 15;

/** A formatted value as it stands in a sentence. */
export function inWords(value: JsonValue): string {
  if (typeof value === 'string') {
    return value.length <= QUOTED_UNITS_MAX ? value : `${value.slice(0, QUOTED_UNITS_MAX)}…`;
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** value × 10^scale as a number, or as text where a number would not be exact. */
export function exactNumber(value: bigint, scale: number): JsonValue {
  const text = decimalText(value, scale);
  return text.replace(/[-.]/g, '').length <= EXACT_DIGITS ? Number(text) : text;
}

/** Signed difference of two ordinals: a number, or a duration for dates (whole days) and datetimes. */
export function formatDifference(spec: ValueSpec, difference: number): JsonValue {
  switch (spec.valueType) {
    case 'date':
      return signedDuration(difference * DAY_MS);
    case 'datetime':
      return signedDuration(difference);
    case 'decimal':
      return formatValue(spec, difference);
    case 'int':
    case 'bool':
    case 'string':
    case 'enum':
    case 'set':
      return difference;
  }
}

function signedDuration(durationMs: number): string {
  return durationMs < 0 ? `-${formatDuration(-durationMs)}` : formatDuration(durationMs);
}

/** "rise by 5" and the like, for a difference that is not 0. */
export function moveInWords(spec: ValueSpec, difference: number): string {
  const size = inWords(formatDifference(spec, Math.abs(difference)));
  if (spec.valueType === 'date' || spec.valueType === 'datetime') {
    return `be ${size} ${difference > 0 ? 'later' : 'earlier'}`;
  }
  return `${difference > 0 ? 'rise' : 'fall'} by ${size}`;
}

/** The first values of a list, formatted. */
export function formatSome(spec: ValueSpec, values: readonly TagValue[]): readonly JsonValue[] {
  const element: ValueSpec = spec.valueType === 'set' ? { valueType: 'string', scale: 0, values: [] } : spec;
  return values.slice(0, SHOWN_VALUES_MAX).map((value) => formatValue(element, value));
}

/** "a, b or c". */
export function listInWords(values: readonly JsonValue[], total: number, conjunction: 'and' | 'or'): string {
  const words = values.map(inWords);
  if (total > words.length) {
    return `${words.join(', ')} ${conjunction} ${total - words.length} others`;
  }
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}

/** What a predicate compares with, formatted; of a list the first values and its length. */
export function formatOperand(
  spec: ValueSpec,
  operand: Operand,
): { readonly threshold: JsonValue; readonly thresholdSize?: number } {
  switch (operand.kind) {
    case 'value':
      return { threshold: formatValue(spec, operand.value) };
    case 'list':
      return { threshold: formatSome(spec, operand.values), thresholdSize: operand.values.length };
    case 'between':
      return { threshold: [formatValue(spec, operand.low), formatValue(spec, operand.high)] };
    case 'exists':
      return { threshold: operand.exists };
    case 'duration':
      return { threshold: formatDuration(operand.durationMs) };
    case 'nextDays':
      return { threshold: { nextDays: operand.nextDays } };
    case 'exact': {
      const low = exactNumber(operand.low, operand.scale);
      return { threshold: operand.low === operand.high ? low : [low, exactNumber(operand.high, operand.scale)] };
    }
  }
}
