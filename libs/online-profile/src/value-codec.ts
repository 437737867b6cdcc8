import { compareUtf8 } from '@tessera/tag-catalog';
import type { FieldDefinition, TagValue } from '@tessera/tag-catalog';
import type { ByteWriter } from './byte-writer';

// Values in bytes: docs/formats/redis-profiles.md.

/** Length code of a field without a value. */
export const CLEARED = 63;
/** Lengths from here on have a code, and the length itself behind the field's id. */
const CODED_LENGTH = 60;
const LONG_ELEMENT = 255;
const SIGN = 0x80;

/** An id, 7 bits a byte, the lowest first; all but the last with the highest bit set. */
export function writeId(writer: ByteWriter, id: number): void {
  let rest = id;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) writer.uint((rest % 0x80) + 0x80, 1);
  writer.uint(rest, 1);
}

/** The value with its length in front, if that doesn't fit into the code. @returns the length code. */
export function writeValue(writer: ByteWriter, value: TagValue): number {
  if (typeof value === 'boolean') return writeNumber(writer, value ? 1 : 0);
  if (typeof value === 'number') return writeNumber(writer, value);
  if (typeof value === 'string') {
    const length = Buffer.byteLength(value);
    const code = writeLength(writer, length);
    writer.text(value, length);
    return code;
  }
  const lengths = value.map((element) => Buffer.byteLength(element));
  const code = writeLength(writer, setBytes(lengths));
  writeElements(writer, value, lengths);
  return code;
}

/** What `$add` and `$remove` are given: a set without its length. */
export function writeSet(writer: ByteWriter, elements: readonly string[]): void {
  writeElements(
    writer,
    elements,
    elements.map((element) => Buffer.byteLength(element)),
  );
}

function setBytes(lengths: readonly number[]): number {
  return lengths.length === 0 ? 0 : lengths.reduce((sum, length) => sum + length + (length < LONG_ELEMENT ? 1 : 5), 2);
}

function writeElements(writer: ByteWriter, elements: readonly string[], lengths: readonly number[]): void {
  if (elements.length === 0) return;
  writer.uint(elements.length, 2);
  elements.forEach((element, index) => {
    const length = lengths[index]!;
    writer.uint(Math.min(length, LONG_ELEMENT), 1);
    if (length >= LONG_ELEMENT) writer.uint(length, 4);
    writer.text(element, length);
  });
}

function writeLength(writer: ByteWriter, length: number): number {
  if (length < CODED_LENGTH) return length;
  if (length < 0x100) {
    writer.uint(length, 1);
    return 60;
  }
  if (length < 0x10000) {
    writer.uint(length, 2);
    return 61;
  }
  writer.uint(length, 4);
  return 62;
}

/** The size in as few bytes as leave the last one's highest bit free for the sign, lowest byte first; nothing for 0. */
function writeNumber(writer: ByteWriter, value: number): number {
  if (value === 0) return 0;
  let size = Math.abs(value);
  let length = 1;
  for (; size >= SIGN; size = Math.floor(size / 0x100)) {
    writer.uint(size % 0x100, 1);
    length++;
  }
  writer.uint(size + (value < 0 ? SIGN : 0), 1);
  return length;
}

/** @throws RangeError for bytes that are no value of this type. */
export function readValue(field: FieldDefinition, bytes: Buffer): TagValue {
  switch (field.valueType) {
    case 'bool':
      return bytes.length > 0;
    case 'string':
    case 'enum':
      return bytes.toString('utf8');
    case 'set':
      return readSet(bytes);
    case 'int':
    case 'decimal':
    case 'date':
    case 'datetime':
      return readNumber(bytes);
  }
}

function readNumber(bytes: Buffer): number {
  if (bytes.length === 0) return 0;
  const last = bytes.length - 1;
  const top = bytes[last]!;
  const low = last > 0 && last <= 6 ? bytes.readUIntLE(0, last) : 0;
  const size = (top % SIGN) * 0x100 ** last + low;
  if (last > 6 || size > Number.MAX_SAFE_INTEGER) throw new RangeError(`no number: ${bytes.toString('hex')}`);
  return top >= SIGN ? -size : size;
}

function readSet(bytes: Buffer): readonly string[] {
  const elements: string[] = [];
  let at = 2;
  while (at < bytes.length) {
    let length = bytes.readUInt8(at++);
    if (length === LONG_ELEMENT) {
      length = bytes.readUInt32BE(at);
      at += 4;
    }
    elements.push(bytes.toString('utf8', at, at + length));
    at += length;
  }
  return elements.sort(compareUtf8);
}
