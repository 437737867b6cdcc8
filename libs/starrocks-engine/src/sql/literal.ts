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

const DAY_MS = 86_400_000;
/** Days since 1970-01-01 of the years 0 to 9999. */
const FIRST_DAY = -719_528;
const LAST_DAY = 2_932_896;

/** Days told before: the instants of a question lie on few. */
const dayTexts = new Map<number, string>();
const DAY_TEXTS_MAX = 10_000;
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

/** The text of a DATETIME in UTC to the millisecond. @throws RangeError outside of the years 0 to 9999. */
export function instantText(instantMs: number): string {
  const day = Math.floor(instantMs / DAY_MS);
  const time = instantMs - day * DAY_MS;
  if (time === 0) return `${dayText(day)} 00:00:00.000`;
  const seconds = Math.floor(time / 1_000);
  const minutes = Math.floor(seconds / 60);
  const clock = `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}:${twoDigits(seconds % 60)}`;
  return `${dayText(day)} ${clock}.${String(Math.floor(time) % 1_000).padStart(3, '0')}`;
}

function twoDigits(number: number): string {
  return TWO_DIGITS[number] ?? '';
}

function dayText(day: number): string {
  const known = dayTexts.get(day);
  if (known !== undefined) return known;
  if (!(day >= FIRST_DAY && day <= LAST_DAY)) {
    throw new RangeError(`${day} days from 1970 on is outside of the years that a DATETIME can tell`);
  }
  if (dayTexts.size >= DAY_TEXTS_MAX) dayTexts.clear();
  const text = formatDate(day);
  dayTexts.set(day, text);
  return text;
}

/** A DATETIME in UTC to the millisecond, without a zone: one with a zone would be moved to that of the server. */
export function instantLiteral(instantMs: number): string {
  return `'${instantText(instantMs)}'`;
}

/** A DATE. @param days since 1970-01-01. */
export function dateLiteral(days: number): string {
  return `'${dayText(days)}'`;
}

/** A decimal of exactly `scale` fraction digits, bare. @param ordinal value × 10^scale. */
export function decimalLiteral(ordinal: bigint | number, scale: number): string {
  const isNegative = ordinal < 0;
  const digits = String(isNegative ? -ordinal : ordinal).padStart(scale + 1, '0');
  const sign = isNegative ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
