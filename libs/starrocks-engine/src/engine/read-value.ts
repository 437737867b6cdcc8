import { parseDate } from '@tessera/tag-catalog';
import type { TagValue } from '@tessera/tag-catalog';
import type { Column } from '../compile/leaves/column';

const DATE_LENGTH = 10;
/** `YYYY-MM-DD HH:MM:SS.mmm`; what follows are zeros. */
const INSTANT_LENGTH = 23;

/**
 * A value of a column, or an element of its sets, as StarRocks gives it, in canonical form.
 * @throws Error for what no such column can hold.
 */
export function readValue({ spec, form }: Column, stored: string | number | null): TagValue {
  const text = String(stored);
  switch (spec.valueType) {
    case 'bool':
      return Number(stored) === 1;
    case 'int':
      return numberOf(text);
    case 'decimal':
      return form === 'kv' ? numberOf(text) : decimalOrdinalOf(text, spec.scale);
    case 'date': {
      const days = parseDate(text.slice(0, DATE_LENGTH));
      if (days === null) throw new Error(`${text} is no date`);
      return days;
    }
    case 'datetime':
      return numberOf(Date.parse(`${text.slice(0, INSTANT_LENGTH).replace(' ', 'T')}Z`));
    case 'string':
    case 'enum':
    case 'set':
      return text;
  }
}

/** Value × 10^scale. */
function decimalOrdinalOf(text: string, scale: number): number {
  const [whole = '', fraction = ''] = text.split('.');
  return numberOf(`${whole}${fraction.slice(0, scale).padEnd(scale, '0')}`);
}

/** Never −0. @throws Error for what is no whole number. */
function numberOf(text: string | number): number {
  const number = Number(text) + 0;
  if (!Number.isSafeInteger(number)) throw new Error(`${text} is no whole number of at most 2^53 − 1`);
  return number;
}
