/** Where an element of a JSON array lies: from `start` to before `end`. */
export interface ElementSpan {
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/**
 * The places of the top-level elements of a JSON array, by its bytes. The array must be known to be well-formed but for bytes
 * that are not UTF-8 (those can only stand inside strings, and never look like ASCII), so that counting brackets and quotes is enough.
 */
export function splitArray(bytes: Buffer): readonly ElementSpan[] {
  const spans: ElementSpan[] = [];
  let depth = 0;
  let inString = false;
  let start = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) {
      inString = true;
    } else if (OPENING.has(byte)) {
      if (++depth === 1) start = at + 1;
    } else if (CLOSING.has(byte)) {
      if (--depth === 0) spans.push({ start, end: at });
    } else if (byte === COMMA && depth === 1) {
      spans.push({ start, end: at });
      start = at + 1;
    }
  }
  const only = spans.length === 1 ? spans[0] : undefined;
  const isEmpty = only !== undefined && bytes.subarray(only.start, only.end).toString('latin1').trim() === '';
  return isEmpty ? [] : spans;
}
