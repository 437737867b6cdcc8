import { CUID_BYTES_MAX } from '@tessera/tag-catalog';

/**
 * A record is 16 bytes, four words, and a kind. docs/formats/identity.md describes them:
 *
 * | Kind | The record holds |
 * |---|---|
 * | 0 | nothing: the guid is retired |
 * | 1 to 16 | a text of so many bytes, zeros behind it |
 * | 17 to 128 | the first 12 bytes of a text of so many bytes; the rest is elsewhere |
 * | 129 | the value of 32 hex digits in lower case |
 * | 130 | the value of a UUID in lower case, 8-4-4-4-12 digits |
 */
export const KIND_RETIRED = 0;
export const KIND_HEX = 129;
export const KIND_UUID = 130;

export const RECORD_BYTES = 16;
export const HEX_CHARS = 32;
export const UUID_CHARS = 36;
/** Bytes of a long text that stand in its record. */
export const HEAD_BYTES = 12;

const HYPHEN = 0x2d;

/** Two characters as a little-endian number → the byte that they spell; −1: they are not two lower-case hex digits. */
const BYTE_OF_DIGITS = new Int16Array(65_536).fill(-1);
/** A byte → its two hex digits as a little-endian number. */
const DIGITS_OF_BYTE = new Uint16Array(256);
for (let byte = 0; byte < 256; byte++) {
  const digits = (byte + 256).toString(16);
  DIGITS_OF_BYTE[byte] = digits.charCodeAt(1) | (digits.charCodeAt(2) << 8);
  BYTE_OF_DIGITS[DIGITS_OF_BYTE[byte]!] = byte;
}

/** Whether a record of this kind has only the first bytes of its text. */
export function hasTail(kind: number): boolean {
  return kind > RECORD_BYTES && kind <= CUID_BYTES_MAX;
}

/** Bytes of a cuid of this kind, packed. */
export function packedBytes(kind: number): number {
  return kind > CUID_BYTES_MAX ? RECORD_BYTES : kind;
}

/** Writes the record of a text of `length` bytes as four words at `words[to]`; its kind. The view must go on for 16 bytes behind the text. */
export function pack(view: DataView, at: number, length: number, words: Int32Array, to: number): number {
  if (length === HEX_CHARS && packHex(view, at, words, to)) return KIND_HEX;
  if (length === UUID_CHARS && packUuid(view, at, words, to)) return KIND_UUID;
  readRecord(view, at, length, words, to);
  return length;
}

/** Reads what is stored of a record, four words at `words[to]`; a tail is left out. The view must go on for 16 bytes behind it. */
export function readRecord(view: DataView, at: number, kind: number, words: Int32Array, to: number): void {
  if (kind >= RECORD_BYTES) {
    words[to] = view.getInt32(at, true);
    words[to + 1] = view.getInt32(at + 4, true);
    words[to + 2] = view.getInt32(at + 8, true);
    words[to + 3] = hasTail(kind) ? 0 : view.getInt32(at + 12, true);
    return;
  }
  for (let word = 0; word < 4; word++) {
    const left = kind - 4 * word;
    const mask = left >= 4 ? -1 : left <= 0 ? 0 : (1 << (8 * left)) - 1;
    words[to + word] = view.getInt32(at + 4 * word, true) & mask;
  }
}

/** Writes the text of a packed record at `target[0]`, as ASCII; its length. */
export function unpack(
  kind: typeof KIND_HEX | typeof KIND_UUID,
  record: Uint8Array,
  at: number,
  target: Buffer,
): number {
  let to = 0;
  for (let byte = 0; byte < RECORD_BYTES; byte++) {
    if (kind === KIND_UUID && (byte === 4 || byte === 6 || byte === 8 || byte === 10)) target[to++] = HYPHEN;
    const digits = DIGITS_OF_BYTE[record[at + byte]!]!;
    target[to] = digits;
    target[to + 1] = digits >>> 8;
    to += 2;
  }
  return to;
}

function packHex(view: DataView, at: number, words: Int32Array, to: number): boolean {
  return (
    (packWord(view, at, at + 4, words, to) |
      packWord(view, at + 8, at + 12, words, to + 1) |
      packWord(view, at + 16, at + 20, words, to + 2) |
      packWord(view, at + 24, at + 28, words, to + 3)) >=
    0
  );
}

function packUuid(view: DataView, at: number, words: Int32Array, to: number): boolean {
  if (view.getUint8(at + 8) !== HYPHEN || view.getUint8(at + 13) !== HYPHEN) return false;
  if (view.getUint8(at + 18) !== HYPHEN || view.getUint8(at + 23) !== HYPHEN) return false;
  return (
    (packWord(view, at, at + 4, words, to) |
      packWord(view, at + 9, at + 14, words, to + 1) |
      packWord(view, at + 19, at + 24, words, to + 2) |
      packWord(view, at + 28, at + 32, words, to + 3)) >=
    0
  );
}

/** Packs four digits and four more into a word; negative if one of them is no digit. */
function packWord(view: DataView, at: number, then: number, words: Int32Array, to: number): number {
  const first = view.getInt32(at, true);
  const second = view.getInt32(then, true);
  const byte0 = BYTE_OF_DIGITS[first & 0xffff]!;
  const byte1 = BYTE_OF_DIGITS[first >>> 16]!;
  const byte2 = BYTE_OF_DIGITS[second & 0xffff]!;
  const byte3 = BYTE_OF_DIGITS[second >>> 16]!;
  words[to] = byte0 | (byte1 << 8) | (byte2 << 16) | (byte3 << 24);
  return byte0 | byte1 | byte2 | byte3;
}
