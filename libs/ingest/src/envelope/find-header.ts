const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
const HEADER = Buffer.from('"header"');
const NOWHERE = -1;

/** Where the value of a key begins and ends. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Finds the value of the key `header` of a JSON object without reading the rest: other values are passed over by their brackets and quotes alone. A message
 * whose header stands in front, as it should, is read no further. The text found is not checked.
 * @returns null if there is none, or the text is no JSON object as far as it was read.
 */
export function findHeader(json: Buffer): Span | null {
  let at = skipSpace(json, 0);
  if (json[at] !== OPEN_OBJECT) return null;
  at = skipSpace(json, at + 1);
  while (json[at] === QUOTE) {
    const keyEnd = skipString(json, at);
    if (keyEnd === NOWHERE) return null;
    const isHeader = keyEnd - at === HEADER.length && json.compare(HEADER, 0, HEADER.length, at, keyEnd) === 0;
    at = skipSpace(json, keyEnd);
    if (json[at] !== COLON) return null;
    const start = skipSpace(json, at + 1);
    const end = skipValue(json, start);
    if (end === NOWHERE) return null;
    if (isHeader) return { start, end };
    at = skipSpace(json, end);
    if (json[at] !== COMMA) return null;
    at = skipSpace(json, at + 1);
  }
  return null;
}

function skipSpace(json: Buffer, from: number): number {
  let at = from;
  while (json[at] === 0x20 || json[at] === 0x0a || json[at] === 0x0d || json[at] === 0x09) at++;
  return at;
}

/** Behind the closing quote. */
function skipString(json: Buffer, from: number): number {
  for (let at = from + 1; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at++;
  }
  return NOWHERE;
}

/** Behind the value. */
function skipValue(json: Buffer, from: number): number {
  let depth = 0;
  for (let at = from; at < json.length; at++) {
    switch (json[at]) {
      case QUOTE: {
        const end = skipString(json, at);
        if (end === NOWHERE || depth === 0) return end;
        at = end - 1;
        break;
      }
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        depth++;
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        // The end of what this value is in: it was a number or a word.
        if (depth === 0) return at;
        depth--;
        if (depth === 0) return at + 1;
        break;
      case COMMA:
        if (depth === 0) return at;
        break;
      default:
    }
  }
  return NOWHERE;
}
