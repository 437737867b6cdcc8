import { Catalog } from './catalog';
import type { FieldDefinition, PropertyDefinition, TagDefinition, TagTypeDefinition } from './catalog';
import type { FieldDraft } from './read-field';
import type { TagTypeDraft } from './read-tag-type';

/** Ids are unsigned 32-bit (fields) and 16-bit (types) in stored data. */
export const FIELD_ID_MAX = 2 ** 32 - 1;
export const TYPE_ID_MAX = 2 ** 16 - 1;

/** What a type gets beside its draft: its identity, and an id for each field, in the order of `draft.fields`. */
export interface TagTypeIdentity {
  readonly id: number;
  readonly version: number;
  readonly fieldIds: readonly number[];
}

/** Makes the frozen definition of a type from all its fields. */
export function buildTagType(draft: TagTypeDraft, identity: TagTypeIdentity): TagTypeDefinition {
  const tags: TagDefinition[] = [];
  const properties: PropertyDefinition[] = [];
  for (const [index, field] of draft.fields.entries()) {
    const id = identity.fieldIds[index];
    if (id === undefined) {
      throw new RangeError(`tag type "${draft.name}" has ${draft.fields.length} fields, only ${index} ids were given`);
    }
    const definition = buildProperty(field, id);
    if (draft.kind === 'event') {
      properties.push(Object.freeze(definition));
    } else {
      tags.push(
        Object.freeze({
          ...definition,
          typeId: identity.id,
          typeName: draft.name,
          kind: draft.kind,
          ttlMs: field.ttlMs,
          unit: field.unit,
          owner: field.owner,
          group: field.group,
          impliedConditions: field.impliedConditions,
          quality: field.quality,
          freshness: field.freshness,
        }),
      );
    }
  }
  return Object.freeze({
    id: identity.id,
    name: draft.name,
    kind: draft.kind,
    labels: draft.labels,
    owner: draft.owner,
    description: draft.description,
    autoDeclare: draft.autoDeclare,
    retentionDays: draft.retentionDays,
    tags: Object.freeze(tags),
    properties: Object.freeze(properties),
    version: identity.version,
  });
}

function buildProperty(field: FieldDraft, id: number): FieldDefinition {
  return {
    id,
    name: field.name,
    valueType: field.valueType,
    scale: field.scale,
    values: Object.freeze(field.values),
    labels: field.labels,
    valueLabels: field.valueLabels,
    description: field.description,
  };
}

/** The next version of the catalogue, with this type new or in place of the one with its id. */
export function withTagType(catalog: Catalog, type: TagTypeDefinition, newFields: number): Catalog {
  const known = catalog.typeById(type.id) !== undefined;
  return new Catalog(
    catalog.version + 1,
    catalog.nextFieldId + newFields,
    known ? catalog.nextTypeId : catalog.nextTypeId + 1,
    known ? catalog.types.map((other) => (other.id === type.id ? type : other)) : [...catalog.types, type],
    catalog.retiredTypes,
  );
}
