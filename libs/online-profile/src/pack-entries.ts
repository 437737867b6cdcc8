import { createHash } from 'node:crypto';
import type { FieldWrite, ProfileEntry, TagMessage } from '@tessera/tag-catalog';
import type { ByteWriter } from './byte-writer';
import { bucketOf, fieldOf } from './profile-place';
import { CLEARED, writeId, writeSet, writeValue } from './value-codec';

// Entries as the script APPLY reads them: docs/formats/redis-profiles.md.

const KNOWN = 0;
const FIELDS = 1;
const ERASE = 2;
const WITH_ID = 4;
const PLAIN = 1;
const INCREMENT = 2;
const INCREMENT_DECIMAL = 3;
const ADD = 4;
const REMOVE = 5;

const ID_BYTES = 12;
const FIELD_HEAD_BYTES = 10;

/** Appends one entry. */
export function packEntry(writer: ByteWriter, { offset, guid, arrivalMs, content }: ProfileEntry): void {
  const start = writer.skip(4);
  const id = typeof content === 'string' ? null : checkedId(content);
  const hasFields = typeof content !== 'string' && content.type.kind !== 'event';
  writer.uint(offset, 6);
  writer.uint(Math.max(0, arrivalMs), 6);
  writer.uint((content === 'erase' ? ERASE : hasFields ? FIELDS : KNOWN) + (id === null ? 0 : WITH_ID), 1);
  writer.uint(bucketOf(guid), 4);
  writer.uint(fieldOf(guid), 2);
  if (id !== null) writer.bytes(id);
  if (hasFields) {
    writer.uint(content.timeMs, 6);
    writer.uint(content.fields.length, 2);
    for (const write of content.fields) packWrite(writer, write);
  }
  writer.uint(writer.length - start, 4, start);
}

/** What is remembered of the message's id; null: its id is not checked, or it has none. */
function checkedId({ type, cuid, id, fields }: TagMessage): Buffer | null {
  if (id === null) return null;
  const isChecked = type.kind === 'event' || fields.some(({ op }) => op !== 'set' && op !== 'clear');
  if (!isChecked) return null;
  return createHash('sha256')
    .update(JSON.stringify([type.name, cuid, id]))
    .digest()
    .subarray(0, ID_BYTES);
}

function packWrite(writer: ByteWriter, write: FieldWrite): void {
  const head = writer.skip(FIELD_HEAD_BYTES);
  writeId(writer, write.field.id);
  let op = PLAIN;
  let code = 0;
  switch (write.op) {
    case 'set':
      code = writeValue(writer, write.value);
      break;
    case 'clear':
      code = CLEARED;
      break;
    case 'increment':
      op = write.field.valueType === 'decimal' ? INCREMENT_DECIMAL : INCREMENT;
      writer.double(write.by);
      break;
    case 'add':
    case 'remove':
      op = write.op === 'add' ? ADD : REMOVE;
      writeSet(writer, write.values);
  }
  writer.uint(op, 1, head);
  writer.uint(code, 1, head + 1);
  writer.uint(write.field.id, 4, head + 2);
  writer.uint(writer.length - head - FIELD_HEAD_BYTES, 4, head + 6);
}
