import { describeJson } from './describe-json';

/** Names of tag types, tags and properties. */
export const NAME_PATTERN = /^[a-z][a-z0-9_]{0,63}$/;
/** Names that begin so belong to the system. */
export const RESERVED_PREFIX = 'sys_';

/**
 * Names that the pattern allows but that mean something on every JavaScript object, our clients' included. Refused so that an
 * object keyed by tag name can never be mistaken for something else.
 */
const RESERVED_NAMES: ReadonlySet<string> = new Set(['constructor', 'prototype']);

const NAME_RULE =
  'a lower-case letter, then up to 63 lower-case letters, digits or "_" ([a-z][a-z0-9_]{0,63}), not beginning with "sys_"';

/** What is wrong with a name, or null if it is a good one. */
export function nameProblem(name: unknown): string | null {
  if (typeof name !== 'string') {
    return `a name is ${NAME_RULE}; got ${describeJson(name)}`;
  }
  if (RESERVED_NAMES.has(name)) {
    return `the name "${name}" is reserved; use "${suggestName(name)}"`;
  }
  if (!NAME_PATTERN.test(name) || name.startsWith(RESERVED_PREFIX)) {
    return `${describeJson(name)} is not a name: ${NAME_RULE}; use "${suggestName(name)}"`;
  }
  return null;
}

/** A valid name close to the text: `Fav Color` → `fav_color`, `sys_x` → `x`, `1st` → `field_1st`; `field` if nothing is left. */
export function suggestName(text: string): string {
  const words = text
    .slice(0, 256)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^(?:_*sys_+)+|^_+|_+$/g, '')
    .replace(/^_+/, '');
  const prefixed = words === '' || words === 'sys' ? 'field' : /^[a-z]/.test(words) ? words : `field_${words}`;
  const name = prefixed.slice(0, 64);
  return RESERVED_NAMES.has(name) ? `field_${name}` : name;
}
