import { decimalText, formatDate, formatInstant } from '@tessera/tag-catalog';
import type {
  FieldDefinition,
  Labels,
  TagDefinition,
  TagTypeDefinition,
  TagValue,
  ValueSpec,
} from '@tessera/tag-catalog';

/** Values of a list that are named before "and n more". */
const SHOWN_VALUES_MAX = 12;

/** What is needed to write a value: its type, the labels of enum values, the unit. */
export interface ValueWording {
  readonly spec: ValueSpec;
  readonly valueLabels: { readonly [value: string]: Labels };
  /** Empty: none. */
  readonly unit: string;
}

/** The English label, else null. Own keys only, since languages and values are chosen by users. */
function englishLabel(labels: Labels): string | null {
  const label = Object.hasOwn(labels, 'en') ? labels['en'] : undefined;
  return label === undefined || label.trim() === '' ? null : label;
}

/** A tag, property or event as people call it: its English label, else its name with spaces. */
export function describeName(definition: TagDefinition | FieldDefinition | TagTypeDefinition): string {
  return englishLabel(definition.labels) ?? definition.name.replaceAll('_', ' ');
}

/** A text in curly quotes. */
export function quoted(text: string): string {
  return `“${text}”`;
}

/** One value: numbers with thousands separators and unit, texts quoted, enum values by label. */
export function describeValue(wording: ValueWording, value: TagValue): string {
  const { spec, valueLabels, unit } = wording;
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') {
    const labels = spec.valueType === 'enum' && Object.hasOwn(valueLabels, value) ? valueLabels[value] : undefined;
    return (labels === undefined ? null : englishLabel(labels)) ?? quoted(value);
  }
  if (typeof value !== 'number')
    return describeChoices(
      value.map((element) => quoted(element)),
      'and',
    );
  if (spec.valueType === 'date') return formatDate(value);
  if (spec.valueType === 'datetime') return describeInstant(value);
  return describeNumber(decimalText(value, spec.valueType === 'decimal' ? spec.scale : 0), unit);
}

/** An instant in UTC, without what is zero: `2026-01-31 09:30 UTC`. */
export function describeInstant(instantMs: number): string {
  return formatInstant(instantMs)
    .replace('T', ' ')
    .replace('Z', ' UTC')
    .replace(/^(.{16}):00 UTC$/, '$1 UTC');
}

/** Plain decimal text with thousands separators, and the unit behind it. */
export function describeNumber(text: string, unit: string): string {
  const [whole = '', fraction] = text.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${grouped}${fraction === undefined ? '' : `.${fraction}`}${unit === '' ? '' : ` ${unit}`}`;
}

/** `a, b or c`; long lists are cut, saying how many more there are. */
export function describeChoices(choices: readonly string[], word: 'or' | 'and'): string {
  if (choices.length > SHOWN_VALUES_MAX) {
    const more = describeNumber(String(choices.length - SHOWN_VALUES_MAX), '');
    return `${choices.slice(0, SHOWN_VALUES_MAX).join(', ')} ${word} ${more} more`;
  }
  if (choices.length < 2) return choices.join('');
  return `${choices.slice(0, -1).join(', ')} ${word} ${choices[choices.length - 1] ?? ''}`;
}

const UNITS = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
] as const;

/** `7 days`, `1 day 12 hours`, `1.5 seconds`. */
export function describeDuration(durationMs: number): string {
  const parts: string[] = [];
  let restMs = durationMs;
  for (const [unitMs, name] of UNITS) {
    const count = Math.floor(restMs / unitMs);
    if (count > 0) parts.push(`${describeNumber(String(count), '')} ${plural(name, count)}`);
    restMs -= count * unitMs;
  }
  if (restMs > 0) parts.push(`${restMs / 1000} ${plural('second', restMs / 1000)}`);
  return parts.join(' ');
}

/** The word, with an s unless there is exactly one. */
export function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`;
}
