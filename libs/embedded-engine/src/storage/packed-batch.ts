import type { Catalog, FieldWrite, MessageBatch, SourcePosition, TagMessage } from '@tessera/tag-catalog';
import { ByteReader, ByteWriter } from './bytes';
import { readSource, writeSource } from './source-position';
import { type MessageShape, readShapes, type ShapeField, ShapeTable, writeShapes } from './message-shape';

/** First byte of the log record of a batch. */
export const BATCH_KIND = 0;
/** Expected of a row, beside its texts. */
const ROW_BYTES = 32;

/** A batch as its log record holds it: what is applied, live and at replay alike. */
export interface PackedBatch {
  readonly kind: 'packed';
  /** The whole record. */
  readonly bytes: Buffer;
  readonly arrivalMs: number;
  readonly source: SourcePosition | undefined;
  readonly shapes: readonly MessageShape[];
  /** Each message's user; 0 where the row names the cuid because it had no guid, or could lose it, when the record was made. */
  readonly guids: Uint32Array;
  /** Where the first row begins. */
  readonly rowsAt: number;
}

/** Writes the guid of each cuid to `out`, 0 for one that has none. */
export type LookupMany = (cuids: readonly string[], out: Uint32Array) => void;

/**
 * The record of a batch; docs/formats/embedded-engine.md describes its bytes.
 * @param lookup null: no guid may be relied on, so every row names its cuid. A guid that it gives must still be the cuid's when the
 * record is applied.
 */
export function packBatch(
  batch: MessageBatch,
  source: SourcePosition | undefined,
  lookup: LookupMany | null,
): PackedBatch {
  const { messages, arrivalMs } = batch;
  const guids = new Uint32Array(messages.length);
  lookup?.(cuidsOf(messages), guids);
  const table = new ShapeTable();
  const shapeOf = new Uint32Array(messages.length);
  for (let index = 0; index < messages.length; index++) {
    shapeOf[index] = table.indexOf(messages[index]!);
  }
  const { shapes } = table;
  const writer = new ByteWriter(256 + messages.length * ROW_BYTES);
  writer.u8(BATCH_KIND);
  writer.f64(arrivalMs);
  writeSource(writer, source);
  writeShapes(writer, shapes);
  writer.varint(messages.length);
  writer.raw(new Uint8Array(guids.buffer));
  const rowsAt = writer.length;
  for (let index = 0; index < messages.length; index++) {
    const message = messages[index]!;
    const shape = shapes[shapeOf[index]!]!;
    if (shapes.length > 1) {
      writer.varint(shapeOf[index]!);
    }
    if (guids[index] === 0 || shape.hasId) {
      writer.text(message.cuid);
    }
    if (shape.hasId) {
      writer.text(message.id ?? '');
    }
    writer.signed(message.timeMs - arrivalMs);
    writeOperands(writer, message.fields);
  }
  return { kind: 'packed', bytes: writer.finish(), arrivalMs, source, shapes, guids, rowsAt };
}

function cuidsOf(messages: readonly TagMessage[]): string[] {
  const cuids: string[] = [];
  for (const message of messages) {
    cuids.push(message.cuid);
  }
  return cuids;
}

function writeOperands(writer: ByteWriter, fields: readonly FieldWrite[]): void {
  for (const write of fields) {
    switch (write.op) {
      case 'set':
        if (typeof write.value === 'number') {
          writer.signed(write.value);
        } else if (typeof write.value === 'string') {
          writer.text(write.value);
        } else if (typeof write.value === 'boolean') {
          writer.u8(write.value ? 1 : 0);
        } else {
          writeTexts(writer, write.value);
        }
        break;
      case 'increment':
        writer.signed(write.by);
        break;
      case 'add':
      case 'remove':
        writeTexts(writer, write.values);
        break;
      case 'clear':
    }
  }
}

function writeTexts(writer: ByteWriter, texts: readonly string[]): void {
  writer.varint(texts.length);
  for (const text of texts) {
    writer.text(text);
  }
}

/**
 * The record of a batch, read up to its rows.
 * @throws RangeError for what the catalogue does not know, and for bytes that end too early.
 */
export function openBatch(bytes: Buffer, catalog: Catalog): PackedBatch {
  const reader = new ByteReader(bytes, 1);
  const arrivalMs = reader.f64();
  const source = readSource(reader);
  const shapes = readShapes(reader, catalog);
  const count = reader.varint();
  const stored = reader.raw(count * 4);
  const guids = new Uint32Array(count);
  new Uint8Array(guids.buffer).set(stored);
  return { kind: 'packed', bytes, arrivalMs, source, shapes, guids, rowsAt: reader.position };
}

/**
 * Reads the rows of a batch one after the other without making objects of them: after `next`, the fields say what the row holds, until
 * it is called again.
 */
export class RowReader {
  shape: MessageShape;
  /** Place of the shape among those of the batch. */
  shapeIndex = 0;
  timeMs = 0;
  /** Of each field: the number (`number`, `bool`), or where the operand's bytes begin (`text`: those of the text itself). */
  readonly operands: number[] = [];
  /** Of a `text`: its bytes. */
  readonly lengths: number[] = [];
  readonly #reader: ByteReader;
  #cuidAt = 0;
  #cuidLength = 0;
  #id = '';

  /** What `operands` of texts point into. */
  readonly bytes: Buffer;

  constructor(private readonly batch: PackedBatch) {
    this.bytes = batch.bytes;
    this.#reader = new ByteReader(batch.bytes, batch.rowsAt);
    this.shape = batch.shapes[0]!;
  }

  /** @throws RangeError where the bytes end too early. */
  next(index: number): void {
    const { batch } = this;
    const reader = this.#reader;
    if (batch.shapes.length > 1) {
      this.shapeIndex = reader.varint();
      const shape = batch.shapes[this.shapeIndex];
      if (shape === undefined) {
        throw new RangeError(`A row of shape ${this.shapeIndex}, there are ${batch.shapes.length}: damaged.`);
      }
      this.shape = shape;
    }
    const { fields, hasId } = this.shape;
    if (batch.guids[index] === 0 || hasId) {
      this.#cuidLength = reader.varint();
      this.#cuidAt = reader.skip(this.#cuidLength);
    }
    if (hasId) {
      this.#id = reader.text();
    }
    this.timeMs = batch.arrivalMs + reader.signed();
    for (let place = 0; place < fields.length; place++) {
      this.#readOperand(fields[place]!, place);
    }
  }

  /** Of a row that names it. */
  get cuid(): string {
    return this.batch.bytes.toString('utf8', this.#cuidAt, this.#cuidAt + this.#cuidLength);
  }

  /** Of a row whose shape has one. */
  get id(): string {
    return this.#id;
  }

  /** The texts of a field whose form is `texts`. */
  texts(place: number): readonly string[] {
    const reader = new ByteReader(this.batch.bytes, this.operands[place]);
    return Array.from({ length: reader.varint() }, () => reader.text());
  }

  /** The text of a field whose form is `text`. */
  text(place: number): string {
    const start = this.operands[place]!;
    return this.batch.bytes.toString('utf8', start, start + this.lengths[place]!);
  }

  #readOperand({ form }: ShapeField, place: number): void {
    const reader = this.#reader;
    switch (form) {
      case 'number':
        this.operands[place] = reader.signed();
        break;
      case 'bool':
        this.operands[place] = reader.u8();
        break;
      case 'text': {
        const length = reader.varint();
        this.lengths[place] = length;
        this.operands[place] = reader.skip(length);
        break;
      }
      case 'texts':
        this.operands[place] = reader.position;
        for (let count = reader.varint(); count > 0; count--) {
          reader.skip(reader.varint());
        }
        break;
      case 'none':
    }
  }
}
