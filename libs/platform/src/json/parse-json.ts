import { isUtf8 } from 'node:buffer';
import { locateJsonError } from './locate-json-error';

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  /** `position` is a byte offset for `invalidUtf8`, a character offset for `invalidJson`; both from 0. */
  | {
      readonly ok: false;
      readonly code: 'invalidUtf8' | 'invalidJson';
      readonly position: number;
      readonly message: string;
    };

/** Strict: the bytes must be well-formed UTF-8 and one JSON value. */
export function parseJsonBytes(bytes: Buffer): ParsedJson {
  if (!isUtf8(bytes)) {
    const position = firstInvalidByte(bytes);
    return {
      ok: false,
      code: 'invalidUtf8',
      position,
      message: `byte ${position} is not UTF-8; encode the text as UTF-8`,
    };
  }
  return parseJsonText(bytes.toString('utf8'));
}

export function parseJsonText(text: string): ParsedJson {
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, value };
  } catch {
    const { offset, line, column, reason } = locateJsonError(text);
    const place = line > 1 ? `line ${line}, column ${column} (character ${offset})` : `character ${offset}`;
    return { ok: false, code: 'invalidJson', position: offset, message: `${reason} at ${place}` };
  }
}

/** The offset of the first byte that belongs to no well-formed sequence: binary search over prefixes cut at sequence starts. */
export function firstInvalidByte(bytes: Buffer): number {
  let low = 0;
  let high = bytes.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (isWellFormedPrefix(bytes, middle)) low = middle;
    else high = middle - 1;
  }
  // `low` bytes are well-formed but for a sequence that may be cut: the broken one starts at its first byte.
  return sequenceStart(bytes, low);
}

function isWellFormedPrefix(bytes: Buffer, length: number): boolean {
  return isUtf8(bytes.subarray(0, sequenceStart(bytes, length)));
}

/** Steps back over a sequence that is cut at `end`; at most 3 continuation bytes and their lead. */
function sequenceStart(bytes: Buffer, end: number): number {
  for (let back = 1; back <= 4 && back <= end; back++) {
    const byte = bytes[end - back] ?? 0;
    if (byte < 0x80) return end;
    if (byte >= 0xc0) return end - back + sequenceBytes(byte) > end ? end - back : end;
  }
  return end;
}

function sequenceBytes(lead: number): number {
  if (lead >= 0xf0) return 4;
  return lead >= 0xe0 ? 3 : 2;
}
