import type { FieldDefinition, TagDefinition, TagTypeDefinition } from './catalog';
import { formatDuration } from './duration';
import type { JsonValue } from './value-type';

/**
 * The shape in which the API shows a tag type: what was declared, everything optional spelled out, and its `version`.
 * `retentionDays` of events only, `scale` of decimals, `values` and `valueLabels` of enums.
 */
export function describeTagType(type: TagTypeDefinition): JsonValue {
  return { ...declarationOf(type), version: type.version };
}

/** The declaration that would make this type; reading it again gives the same definition. */
export function declarationOf(type: TagTypeDefinition): { readonly [key: string]: JsonValue } {
  return {
    name: type.name,
    kind: type.kind,
    labels: type.labels,
    owner: type.owner,
    description: type.description,
    autoDeclare: type.autoDeclare,
    ...(type.kind === 'event'
      ? { retentionDays: type.retentionDays, properties: type.properties.map(describeField) }
      : { tags: type.tags.map(describeTag) }),
  };
}

/** One tag as it stands in the answer of its tag type. */
export function describeTag(tag: TagDefinition): { readonly [key: string]: JsonValue } {
  return {
    ...describeField(tag),
    ttl: tag.ttlMs === null ? null : formatDuration(tag.ttlMs),
    unit: tag.unit,
    owner: tag.owner,
    group: tag.group,
    impliedConditions: tag.impliedConditions,
    quality: tag.quality,
    freshness: tag.freshness === '' ? null : tag.freshness,
  };
}

function describeField(field: FieldDefinition): { readonly [key: string]: JsonValue } {
  return {
    name: field.name,
    valueType: field.valueType,
    ...(field.valueType === 'enum' ? { values: field.values, valueLabels: field.valueLabels } : {}),
    ...(field.valueType === 'decimal' ? { scale: field.scale } : {}),
    labels: field.labels,
    description: field.description,
  };
}
