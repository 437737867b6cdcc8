import { deserializeBitmap, type RoaringBitmap32, serializeBitmap } from '@tessera/bitmap';
import type {
  Catalog,
  FieldDefinition,
  FieldWrite,
  MessageBatch,
  SourcePosition,
  TagMessage,
  TagTypeDefinition,
  TagValue,
} from '@tessera/tag-catalog';
import { isOrdinalType } from '@tessera/tag-catalog';
import { ByteReader, ByteWriter } from './bytes';

/** One record of the log; its bytes are described in docs/formats/embedded-engine.md. */
export type LogRecord =
  | { readonly kind: 'batch'; readonly batch: MessageBatch; readonly source: SourcePosition | undefined }
  | { readonly kind: 'erase'; readonly cuid: string; readonly arrivalMs: number }
  | {
      readonly kind: 'putList';
      readonly id: string;
      readonly name: string;
      readonly createdAt: string;
      readonly guids: RoaringBitmap32;
    }
  | { readonly kind: 'removeList'; readonly id: string }
  /** From this UTC day on; the first day kept of every event type with a retention. */
  | { readonly kind: 'retention'; readonly day: number; readonly firstDays: ReadonlyMap<number, number> };

const KINDS = ['batch', 'erase', 'putList', 'removeList', 'retention'] as const;
const OPERATIONS = ['set', 'clear', 'increment', 'add', 'remove'] as const;

export function encodeRecord(record: LogRecord): Buffer {
  const writer = new ByteWriter();
  writer.u8(KINDS.indexOf(record.kind));
  switch (record.kind) {
    case 'batch':
      writeBatch(writer, record.batch, record.source);
      break;
    case 'erase':
      writer.text(record.cuid);
      writer.f64(record.arrivalMs);
      break;
    case 'putList':
      writer.text(record.id);
      writer.text(record.name);
      writer.text(record.createdAt);
      writer.block(serializeBitmap(record.guids));
      break;
    case 'removeList':
      writer.text(record.id);
      break;
    case 'retention':
      writer.signed(record.day);
      writer.varint(record.firstDays.size);
      for (const [typeId, day] of record.firstDays) {
        writer.varint(typeId);
        writer.signed(day);
      }
  }
  return writer.finish();
}

export function decodeRecord(bytes: Buffer, catalog: Catalog): LogRecord {
  const reader = new ByteReader(bytes);
  const kind = KINDS[reader.u8()];
  if (kind === undefined) {
    throw new RangeError('A log record of a kind this version does not know: written by a newer version, or damaged.');
  }
  switch (kind) {
    case 'batch':
      return readBatch(reader, catalog);
    case 'erase':
      return { kind, cuid: reader.text(), arrivalMs: reader.f64() };
    case 'putList': {
      const [id, name, createdAt] = [reader.text(), reader.text(), reader.text()];
      return { kind, id, name, createdAt, guids: deserializeBitmap(reader.block()) };
    }
    case 'removeList':
      return { kind, id: reader.text() };
    case 'retention': {
      const day = reader.signed();
      const firstDays = new Map<number, number>();
      for (let count = reader.varint(); count > 0; count--) {
        const typeId = reader.varint();
        firstDays.set(typeId, reader.signed());
      }
      return { kind, day, firstDays };
    }
  }
}

function writeBatch(writer: ByteWriter, batch: MessageBatch, source: SourcePosition | undefined): void {
  writer.f64(batch.arrivalMs);
  writer.text(source?.source ?? '');
  writer.signed(source?.position ?? 0);
  writer.varint(batch.messages.length);
  for (const message of batch.messages) {
    writer.varint(message.type.id);
    writer.text(message.cuid);
    writer.signed(message.timeMs - batch.arrivalMs);
    writer.text(message.id ?? '');
    writer.varint(message.fields.length);
    for (const write of message.fields) {
      writeField(writer, write);
    }
  }
}

function writeField(writer: ByteWriter, write: FieldWrite): void {
  writer.varint(write.field.id);
  writer.u8(OPERATIONS.indexOf(write.op));
  switch (write.op) {
    case 'set':
      writeValue(writer, write.value);
      break;
    case 'increment':
      writer.signed(write.by);
      break;
    case 'add':
    case 'remove':
      writeValue(writer, write.values);
      break;
    case 'clear':
  }
}

function writeValue(writer: ByteWriter, value: TagValue): void {
  if (typeof value === 'number') {
    writer.signed(value);
  } else if (typeof value === 'boolean') {
    writer.u8(Number(value));
  } else if (typeof value === 'string') {
    writer.text(value);
  } else {
    writer.varint(value.length);
    for (const element of value) {
      writer.text(element);
    }
  }
}

function readBatch(reader: ByteReader, catalog: Catalog): LogRecord {
  const arrivalMs = reader.f64();
  const sourceName = reader.text();
  const position = reader.signed();
  const messages: TagMessage[] = [];
  for (let count = reader.varint(); count > 0; count--) {
    messages.push(readMessage(reader, catalog, arrivalMs));
  }
  const source = sourceName === '' ? undefined : { source: sourceName, position };
  return { kind: 'batch', batch: { arrivalMs, messages }, source };
}

function readMessage(reader: ByteReader, catalog: Catalog, arrivalMs: number): TagMessage {
  const typeId = reader.varint();
  const type = catalog.typeById(typeId);
  if (type === undefined) {
    throw new RangeError(
      `The log has a message of tag type ${typeId}, which the catalogue does not know: the two do not belong together.`,
    );
  }
  const cuid = reader.text();
  const timeMs = arrivalMs + reader.signed();
  const id = reader.text();
  const fields: FieldWrite[] = [];
  for (let count = reader.varint(); count > 0; count--) {
    fields.push(readField(reader, catalog, type));
  }
  return { type, cuid, timeMs, id: id === '' ? null : id, fields };
}

function readField(reader: ByteReader, catalog: Catalog, type: TagTypeDefinition): FieldWrite {
  const fieldId = reader.varint();
  const field = catalog.fieldById(fieldId);
  if (field === undefined) {
    throw new RangeError(`The log has a value of field ${fieldId} of ${type.name}, which the catalogue does not know.`);
  }
  const op = OPERATIONS[reader.u8()];
  if (op === undefined) {
    throw new RangeError('A field operation this version does not know: written by a newer version, or damaged.');
  }
  switch (op) {
    case 'set':
      return { op, field, value: readValue(reader, field) };
    case 'clear':
      return { op, field };
    case 'increment':
      return { op, field, by: reader.signed() };
    case 'add':
    case 'remove':
      return { op, field, values: readTexts(reader) };
  }
}

function readValue(reader: ByteReader, field: FieldDefinition): TagValue {
  if (isOrdinalType(field.valueType)) {
    return reader.signed();
  }
  if (field.valueType === 'bool') {
    return reader.u8() === 1;
  }
  return field.valueType === 'set' ? readTexts(reader) : reader.text();
}

function readTexts(reader: ByteReader): readonly string[] {
  return Array.from({ length: reader.varint() }, () => reader.text());
}
