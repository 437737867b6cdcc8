import type { FieldWrite, MessageBatch, TagMessage } from '@tessera/tag-catalog';
import type { EngineState } from '../engine-state';
import type { LogRecord, StoredRecord } from '../storage/log-codec';
import type { ShapeField } from '../storage/message-shape';
import { packBatch, type PackedBatch, RowReader } from '../storage/packed-batch';

/** The record as the log would hold it; with a state, rows give the guids that it knows. */
export function storedRecord(record: LogRecord, state?: EngineState): StoredRecord {
  if (record.kind !== 'batch') {
    return record;
  }
  const lookup = (cuids: readonly string[], out: Uint32Array): void => {
    cuids.forEach((cuid, index) => {
      out[index] = state?.identity.lookup(cuid) ?? 0;
    });
  };
  return packBatch(record.batch, record.source, lookup);
}

/** The messages of a batch whose rows name their cuids. */
export function readMessages(packed: PackedBatch): MessageBatch {
  const row = new RowReader(packed);
  const messages = Array.from(packed.guids, (_, index): TagMessage => {
    row.next(index);
    const { shape, timeMs } = row;
    const fields = shape.fields.map((field, place) => readWrite(row, field, place));
    return { type: shape.type, cuid: row.cuid, timeMs, id: shape.hasId ? row.id : null, fields };
  });
  return { arrivalMs: packed.arrivalMs, messages };
}

function readWrite(row: RowReader, { field, op, form }: ShapeField, place: number): FieldWrite {
  switch (op) {
    case 'clear':
      return { op, field };
    case 'increment':
      return { op, field, by: row.operands[place]! };
    case 'add':
    case 'remove':
      return { op, field, values: row.texts(place) };
    case 'set':
      break;
  }
  switch (form) {
    case 'text':
      return { op, field, value: row.text(place) };
    case 'texts':
      return { op, field, value: row.texts(place) };
    case 'bool':
      return { op, field, value: row.operands[place] === 1 };
    default:
      return { op, field, value: row.operands[place]! };
  }
}
