import { declareTagType, patchTagType, removeTagType } from '@tessera/tag-catalog';
import type { Catalog, Parsed } from '@tessera/tag-catalog';

/** A change of the catalogue, which may be run more than once. */
export type Change = (catalog: Catalog) => Catalog;

/** Adds a tag type with one tag; throws if it is refused. */
export function declare(name: string): Change {
  return (catalog) =>
    valueOf(declareTagType(catalog, { name, kind: 'profile', tags: [{ name: `${name}_level`, valueType: 'int' }] }));
}

/** Adds a tag to a type; throws if it is refused. */
export function addTag(typeName: string, tag: string): Change {
  return (catalog) => valueOf(patchTagType(catalog, typeName, { tags: [{ name: tag, valueType: 'string' }] }));
}

/**
 * Changes drawn from a seed: types are declared, get tags and labels, go. Names begin with the prefix, so that changes of several writers never refuse one
 * another, whatever their order.
 */
export function randomChanges(prefix: string, count: number, random: (limit: number) => number): readonly Change[] {
  const names: string[] = [];
  return Array.from({ length: count }, (_, index): Change => {
    const name = names.length === 0 ? undefined : names[random(names.length)];
    const kind = random(10);
    if (name === undefined || kind < 3) {
      const made = `${prefix}_${index}`;
      names.push(made);
      return declare(made);
    }
    if (kind < 7) return addTag(name, `${prefix}_tag_${index}`);
    if (kind < 9) {
      const text = `Größe ${index} 尺寸 🙂 "'\\`;
      return (catalog) => valueOf(patchTagType(catalog, name, { labels: { en: text, zh: text } }));
    }
    names.splice(names.indexOf(name), 1);
    return (catalog) => removeTagType(catalog, name);
  });
}

function valueOf(parsed: Parsed<Catalog>): Catalog {
  if (parsed.ok) return parsed.value;
  throw new Error(parsed.errors.map(({ message }) => message).join());
}
