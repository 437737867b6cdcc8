import { formatDate } from '@tessera/tag-catalog';

// Values as SQL text, in the forms that keep the column uncast (STARROCKS.md section 12).

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\b': '\\b',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\u001a': '\\Z',
  "'": "\\'",
  '"': '\\"',
  '\\': '\\\\',
};
// eslint-disable-next-line no-control-regex -- these are the characters that have to be escaped
const ESCAPED = /[\0\b\n\r\t\u001a'"\\]/g;

const PLAIN = /^[A-Za-z0-9 _.,:;-]{0,100}$/;

/** A quoted string; backslash escapes are always active in StarRocks. */
export function textLiteral(text: string): string {
  if (PLAIN.test(text)) return `'${text}'`;
  return `'${text.replace(ESCAPED, (character) => ESCAPES[character] ?? character)}'`;
}

const ISO_CHARACTERS = '2026-01-01T00:00:00.000Z'.length;

/** The text of a DATETIME in UTC to the millisecond. @throws RangeError outside of the years 0 to 9999. */
export function instantText(instantMs: number): string {
  const text = new Date(instantMs).toISOString();
  if (text.length !== ISO_CHARACTERS) throw new RangeError(`${text} is outside of the years that a DATETIME can tell`);
  return `${text.slice(0, 10)} ${text.slice(11, 23)}`;
}

/** A DATETIME in UTC to the millisecond, without a zone: one with a zone would be moved to that of the server. */
export function instantLiteral(instantMs: number): string {
  return `'${instantText(instantMs)}'`;
}

/** A DATE. @param days since 1970-01-01. */
export function dateLiteral(days: number): string {
  return `'${formatDate(days)}'`;
}

/** A decimal of exactly `scale` fraction digits, bare. @param ordinal value × 10^scale. */
export function decimalLiteral(ordinal: bigint | number, scale: number): string {
  const isNegative = ordinal < 0;
  const digits = String(isNegative ? -ordinal : ordinal).padStart(scale + 1, '0');
  const sign = isNegative ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
