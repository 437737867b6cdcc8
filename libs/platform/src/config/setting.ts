import { isTimeZone } from '@tessera/audience';
import { parseInstant } from '@tessera/tag-catalog';

/** What a setting's text was read as, or why it can't be. `problem` ends with the fix. */
export type SettingValue<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** One setting: an environment variable, its command-line flag, its default and what it accepts. */
export interface Setting<T> {
  /** Environment variable; the flag is the same in kebab-case. */
  readonly variable: string;
  /** Null: environment only (secrets would show in the process list). */
  readonly flag: string | null;
  /** As it would be written in the environment. */
  readonly fallback: string;
  readonly description: string;
  /** True: the value is never shown, not even when it is wrong. */
  readonly secret: boolean;
  readonly parse: (text: string) => SettingValue<T>;
}

const valid = <T>(value: T): SettingValue<T> => ({ ok: true, value });
const invalid = <T>(problem: string): SettingValue<T> => ({ ok: false, problem });

/** A setting with a flag of its own name: `DATA_DIR` is `--data-dir`. */
export function setting<T>(
  variable: string,
  fallback: string,
  description: string,
  parse: (text: string) => SettingValue<T>,
): Setting<T> {
  return {
    variable,
    flag: `--${variable.toLowerCase().replaceAll('_', '-')}`,
    fallback,
    description,
    secret: false,
    parse,
  };
}

/** A whole number from `least` to `most`, in decimal digits. */
export function wholeNumber(least: number, most: number): (text: string) => SettingValue<number> {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return valid(value);
    return invalid(`is not a whole number from ${least} to ${most}; use digits only`);
  };
}

/** One of a few words. */
export function oneOf<const T extends string>(words: readonly T[]): (text: string) => SettingValue<T> {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    return word === undefined ? invalid(`is not known; use one of: ${words.join(', ')}`) : valid(word);
  };
}

/** Any text but the empty one. */
export function text(what: string): (text: string) => SettingValue<string> {
  return (given) => (given.trim() === '' ? invalid(`is empty; give ${what}`) : valid(given));
}

/** An IANA zone name such as `Asia/Shanghai`. */
export function timeZone(given: string): SettingValue<string> {
  return isTimeZone(given)
    ? valid(given)
    : invalid('is not an IANA time zone; use a name such as UTC or Asia/Shanghai');
}

/** A regular expression, empty for none. */
export function pattern(given: string): SettingValue<RegExp | null> {
  if (given === '') return valid(null);
  try {
    return valid(new RegExp(given, 'u'));
  } catch {
    return invalid('is not a regular expression; check its brackets and escapes');
  }
}

/** Keys separated by commas: printable ASCII without blanks, so that each fits into an Authorization header. */
export function keys(given: string): SettingValue<readonly string[]> {
  const all = given
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
  const bad = all.findIndex((key) => !/^[\x21-\x7e]{1,512}$/.test(key));
  if (bad < 0) return valid(all);
  return invalid(
    `holds a key (number ${bad + 1}) with blanks, non-ASCII characters or more than 512 characters; separate keys by commas`,
  );
}

/** An instant such as `2026-01-31T09:30:00Z`, in milliseconds since the epoch. */
export function instant(given: string): SettingValue<number> {
  const timeMs = parseInstant(given);
  return timeMs === null ? invalid('is no instant; write it like 2026-01-31T09:30:00Z') : valid(timeMs);
}

/** What another parser takes, or nothing at all. */
export function optional<T>(parse: (text: string) => SettingValue<T>): (text: string) => SettingValue<T | null> {
  return (given) => (given === '' ? valid(null) : parse(given));
}

/** Addresses `host:port` separated by commas, at least one. */
export function addresses(given: string): SettingValue<readonly string[]> {
  const all = given.split(',').map((one) => one.trim());
  const bad = all.find((one) => !/^[^\s:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/.test(one));
  return bad === undefined ? valid(all) : invalid('is not a list of host:port separated by commas');
}

/** URLs of one of these protocols separated by commas, at least one. They may hold users and passwords. */
export function urls(protocols: readonly string[]): (given: string) => SettingValue<readonly [string, ...string[]]> {
  return (given) => {
    const [first = '', ...others] = given.split(',').map((one) => one.trim());
    const all = [first, ...others];
    const areUrls = all.every((one) => URL.canParse(one) && protocols.includes(new URL(one).protocol));
    if (!areUrls) return invalid(`is not a URL like ${protocols[0] ?? ''}//host:port`);
    if (!all.every((one) => isReadable(new URL(one)))) {
      return invalid('has a user or password with a "%" that begins no escape; write it as %25');
    }
    return valid([first, ...others]);
  };
}

/** One such URL. */
export function url(protocols: readonly string[]): (given: string) => SettingValue<string> {
  return (given) => {
    const parsed = urls(protocols)(given);
    if (!parsed.ok) return parsed;
    const [only, ...others] = parsed.value;
    return others.length === 0 ? valid(only) : invalid(`names ${1 + others.length}; give one`);
  };
}

/** Whether who connects can read user and password. */
function isReadable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}
