import type { FieldDefinition, TagTypeDefinition } from './catalog';

const indexes = new WeakMap<TagTypeDefinition, ReadonlyMap<string, FieldDefinition>>();

/** The tags of a profile or kv type, the properties of an event type, in declared order. */
export function fieldsOf(type: TagTypeDefinition): readonly FieldDefinition[] {
  return type.kind === 'event' ? type.properties : type.tags;
}

/** The fields of a tag type by name; made once for each version of a type, dropped with it. */
export function fieldIndex(type: TagTypeDefinition): ReadonlyMap<string, FieldDefinition> {
  let index = indexes.get(type);
  if (index === undefined) {
    index = new Map(fieldsOf(type).map((field) => [field.name, field]));
    indexes.set(type, index);
  }
  return index;
}
