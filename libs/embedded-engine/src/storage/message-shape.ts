import type { Catalog, FieldDefinition, FieldWrite, TagMessage, TagTypeDefinition } from '@tessera/tag-catalog';
import { isOrdinalType } from '@tessera/tag-catalog';
import type { ByteReader, ByteWriter } from './bytes';

/** How the operand of a field's write is stored in a row. */
export type OperandForm = 'none' | 'number' | 'bool' | 'text' | 'texts';

export interface ShapeField {
  readonly field: FieldDefinition;
  readonly op: FieldWrite['op'];
  readonly form: OperandForm;
}

/** What messages of a batch have in common, so that it is stored and looked up once: the type, the fields and what is done to them. */
export interface MessageShape {
  readonly type: TagTypeDefinition;
  /** Repeats of an id count once: an event, or at least one operator among the fields. */
  readonly checksId: boolean;
  /** Rows carry an id, and the cuid it is remembered with. */
  readonly hasId: boolean;
  readonly fields: readonly ShapeField[];
}

const OPERATIONS = ['set', 'clear', 'increment', 'add', 'remove'] as const;

/** The shapes of one batch, in order of their first message. */
export class ShapeTable {
  readonly shapes: MessageShape[] = [];
  #last: MessageShape | undefined;
  #lastIndex = 0;

  /** The place of the message's shape, which is added where it is new. */
  indexOf(message: TagMessage): number {
    if (this.#last === undefined || !fits(this.#last, message)) {
      const known = this.shapes.findIndex((shape) => fits(shape, message));
      this.#lastIndex = known === -1 ? this.shapes.push(shapeOf(message)) - 1 : known;
      this.#last = this.shapes[this.#lastIndex];
    }
    return this.#lastIndex;
  }
}

function fits(shape: MessageShape, message: TagMessage): boolean {
  const { fields } = message;
  const shaped = shape.fields;
  if (shape.type !== message.type || shaped.length !== fields.length) {
    return false;
  }
  for (let index = 0; index < fields.length; index++) {
    const write = fields[index]!;
    const known = shaped[index]!;
    if (known.field !== write.field || known.op !== write.op) {
      return false;
    }
  }
  return shape.hasId === (shape.checksId && message.id !== null);
}

function shapeOf(message: TagMessage): MessageShape {
  const fields = message.fields.map(({ field, op }) => ({ field, op, form: formOf(field, op) }));
  const checksId = checksIdOf(message.type, fields);
  return { type: message.type, checksId, hasId: checksId && message.id !== null, fields };
}

function checksIdOf(type: TagTypeDefinition, fields: readonly ShapeField[]): boolean {
  return type.kind === 'event' || fields.some((write) => isOperator(write.op));
}

/** `$inc`, `$add` and `$remove`, which build on the value that is there. */
export function isOperator(op: FieldWrite['op']): boolean {
  return op !== 'set' && op !== 'clear';
}

function formOf(field: FieldDefinition, op: FieldWrite['op']): OperandForm {
  switch (op) {
    case 'clear':
      return 'none';
    case 'increment':
      return 'number';
    case 'add':
    case 'remove':
      return 'texts';
    case 'set':
      break;
  }
  if (isOrdinalType(field.valueType)) {
    return 'number';
  }
  if (field.valueType === 'bool') {
    return 'bool';
  }
  return field.valueType === 'set' ? 'texts' : 'text';
}

export function writeShapes(writer: ByteWriter, shapes: readonly MessageShape[]): void {
  writer.varint(shapes.length);
  for (const shape of shapes) {
    writer.varint(shape.type.id);
    writer.u8(shape.hasId ? 1 : 0);
    writer.varint(shape.fields.length);
    for (const { field, op } of shape.fields) {
      writer.varint(field.id);
      writer.u8(OPERATIONS.indexOf(op));
    }
  }
}

/** @throws RangeError for a type, a field or an operation that is not known. */
export function readShapes(reader: ByteReader, catalog: Catalog): readonly MessageShape[] {
  const shapes: MessageShape[] = [];
  for (let count = reader.varint(); count > 0; count--) {
    const typeId = reader.varint();
    const type = catalog.typeById(typeId);
    if (type === undefined) {
      throw new RangeError(
        `The log has a message of tag type ${typeId}, which the catalogue does not know: the two do not belong together.`,
      );
    }
    const hasId = reader.u8() === 1;
    const fields: ShapeField[] = [];
    for (let left = reader.varint(); left > 0; left--) {
      fields.push(readField(reader, catalog, type));
    }
    shapes.push({ type, checksId: checksIdOf(type, fields), hasId, fields });
  }
  return shapes;
}

function readField(reader: ByteReader, catalog: Catalog, type: TagTypeDefinition): ShapeField {
  const fieldId = reader.varint();
  const field = catalog.fieldById(fieldId);
  if (field === undefined) {
    throw new RangeError(`The log has a value of field ${fieldId} of ${type.name}, which the catalogue does not know.`);
  }
  const op = OPERATIONS[reader.u8()];
  if (op === undefined) {
    throw new RangeError('A field operation this version does not know: written by a newer version, or damaged.');
  }
  return { field, op, form: formOf(field, op) };
}
