import * as zlib from 'node:zlib';

const POLYNOMIAL = 0xedb88320;
const SLICES = 8;

/** `TABLES[256 * k + b]`: the remainder of byte b followed by k zero bytes (slicing-by-8, Kounavis and Berry 2005). */
const TABLES = buildTables();

function buildTables(): Uint32Array {
  const tables = new Uint32Array(256 * SLICES);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
    tables[byte] = remainder;
  }
  for (let at = 256; at < tables.length; at++) {
    const previous = tables[at - 256]!;
    tables[at] = (previous >>> 8) ^ tables[previous & 0xff]!;
  }
  return tables;
}

/** {@link crc32} in JavaScript. */
export function crc32Portable(bytes: Uint8Array, start = 0): number {
  let crc = ~start;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += SLICES) {
    const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    crc =
      TABLES[1792 + (low & 0xff)]! ^
      TABLES[1536 + ((low >>> 8) & 0xff)]! ^
      TABLES[1280 + ((low >>> 16) & 0xff)]! ^
      TABLES[1024 + (low >>> 24)]! ^
      TABLES[768 + bytes[at + 4]!]! ^
      TABLES[512 + bytes[at + 5]!]! ^
      TABLES[256 + bytes[at + 6]!]! ^
      TABLES[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ TABLES[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}

/**
 * CRC-32 (ISO-HDLC, the one of zip and zlib) as an unsigned 32-bit integer.
 * @param start the CRC of the bytes before these, or a salt.
 */
// Node has it in C since 20.15 only, and there no bytes give 0 whatever the start.
export const crc32: (bytes: Uint8Array, start?: number) => number =
  'crc32' in zlib ? (bytes, start = 0) => (bytes.length === 0 ? start : zlib.crc32(bytes, start)) : crc32Portable;
