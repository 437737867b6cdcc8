import { CLEARED } from './value-codec';

/** A field as it lies in a record. */
export interface StoredField {
  readonly id: number;
  /** Null: cleared. */
  readonly value: Buffer | null;
  /** Null: only increments were made. */
  readonly timeMs: number | null;
  /** Where the next field begins. */
  readonly end: number;
}

const OWN_TIME = 0;
const NO_TIME = 2;

/**
 * The field of a record that begins at `start`.
 * @param sharedMs time of the field before it.
 * @throws RangeError for bytes that end too early.
 */
export function readField(record: Buffer, start: number, sharedMs: number): StoredField {
  let at = start;
  const head = record.readUInt8(at++);
  const flag = head >> 6;
  const code = head & 0x3f;
  let timeMs = flag === NO_TIME ? null : sharedMs;
  if (flag === OWN_TIME) {
    timeMs = record.readUIntBE(at, 6);
    at += 6;
  }
  let id = 0;
  for (let scale = 1, more = true; more; scale *= 0x80) {
    const byte = record.readUInt8(at++);
    id += (byte & 0x7f) * scale;
    more = byte >= 0x80;
  }
  const size = code >= 60 && code !== CLEARED ? 2 ** (code - 60) : 0;
  const length = size > 0 ? record.readUIntBE(at, size) : code === CLEARED ? 0 : code;
  at += size;
  const end = at + length;
  if (end > record.length) throw new RangeError('the record ends within a field');
  return { id, value: code === CLEARED ? null : record.subarray(at, end), timeMs, end };
}

/** The fields of a record, in no order that means anything. */
export function* readFields(record: Buffer): Generator<StoredField> {
  let sharedMs = 0;
  for (let at = 0; at < record.length;) {
    const field = readField(record, at, sharedMs);
    sharedMs = field.timeMs ?? sharedMs;
    at = field.end;
    yield field;
  }
}
