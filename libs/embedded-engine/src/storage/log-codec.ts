import { deserializeBitmap, type RoaringBitmap32, serializeBitmap } from '@tessera/bitmap';
import type { Catalog, MessageBatch, SourcePosition } from '@tessera/tag-catalog';
import { ByteReader, ByteWriter } from './bytes';
import { BATCH_KIND, openBatch, type PackedBatch } from './packed-batch';
import { readSource, writeSource } from './source-position';

/** What is to be written to the log; the bytes are described in docs/formats/embedded-engine.md. */
export type LogRecord =
  { readonly kind: 'batch'; readonly batch: MessageBatch; readonly source: SourcePosition | undefined } | OtherRecord;

/** A record as the log holds it. */
export type StoredRecord = PackedBatch | OtherRecord;

type OtherRecord =
  | {
      readonly kind: 'erase';
      readonly cuid: string;
      readonly arrivalMs: number;
      readonly source: SourcePosition | undefined;
    }
  | {
      readonly kind: 'putList';
      readonly id: string;
      readonly name: string;
      readonly createdAt: string;
      readonly guids: RoaringBitmap32;
    }
  | { readonly kind: 'removeList'; readonly id: string }
  /** From this UTC day on; the first day kept of every event type with a retention. */
  | { readonly kind: 'retention'; readonly day: number; readonly firstDays: ReadonlyMap<number, number> }
  | { readonly kind: 'bind'; readonly cuids: readonly string[]; readonly source: SourcePosition | undefined };

/** By the record's first byte; batches are written by `packBatch`. */
const KINDS = ['batch', 'erase', 'putList', 'removeList', 'retention', 'bind'] as const;

/** The record's bytes; those of a batch were made when it was packed. */
export function encodeRecord(record: StoredRecord): Buffer {
  if (record.kind === 'packed') {
    return record.bytes;
  }
  const writer = new ByteWriter();
  writer.u8(KINDS.indexOf(record.kind));
  switch (record.kind) {
    case 'erase':
      writer.text(record.cuid);
      writer.f64(record.arrivalMs);
      writeSource(writer, record.source);
      break;
    case 'bind':
      writeSource(writer, record.source);
      writer.varint(record.cuids.length);
      for (const cuid of record.cuids) {
        writer.text(cuid);
      }
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

export function decodeRecord(bytes: Buffer, catalog: Catalog): StoredRecord {
  const reader = new ByteReader(bytes);
  const first = reader.u8();
  if (first === BATCH_KIND) {
    return openBatch(bytes, catalog);
  }
  const kind = KINDS[first];
  if (kind === undefined || kind === 'batch') {
    throw new RangeError('A log record of a kind this version does not know: written by a newer version, or damaged.');
  }
  switch (kind) {
    case 'erase':
      return { kind, cuid: reader.text(), arrivalMs: reader.f64(), source: readSource(reader) };
    case 'bind': {
      const source = readSource(reader);
      return { kind, source, cuids: Array.from({ length: reader.varint() }, () => reader.text()) };
    }
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
