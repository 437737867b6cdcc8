import type { Catalog, TagDefinition } from './catalog';
import type { JsonValue } from './value-type';

/**
 * The tags of other types whose implied conditions speak about this tag type: one of its tags, or its events. While there are
 * any, the type is in use and can't be removed.
 */
export function findImpliedUses(catalog: Catalog, typeName: string): readonly TagDefinition[] {
  const tagNames = new Set(catalog.type(typeName)?.tags.map((tag) => tag.name) ?? []);
  const uses = (json: JsonValue): boolean => {
    if (typeof json !== 'object' || json === null) {
      return false;
    }
    return Object.entries(json).some(
      ([key, item]: [string, JsonValue]) =>
        (key === 'tag' && typeof item === 'string' && tagNames.has(item)) ||
        (key === 'event' && item === typeName) ||
        uses(item),
    );
  };
  return [...catalog.tags].filter((tag) => tag.typeName !== typeName && tag.impliedConditions.some(uses));
}
