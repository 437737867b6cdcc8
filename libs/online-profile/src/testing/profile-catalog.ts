import { Catalog, declareTagType } from '@tessera/tag-catalog';
import type { JsonValue } from '@tessera/tag-catalog';

const TYPES: readonly JsonValue[] = [
  {
    name: 'person',
    kind: 'profile',
    tags: [
      { name: 'vip', valueType: 'bool' },
      { name: 'level', valueType: 'int' },
      { name: 'spend', valueType: 'decimal', scale: 2 },
      { name: 'city', valueType: 'string' },
      { name: 'plan', valueType: 'enum', values: ['free', 'paid'] },
      { name: 'born', valueType: 'date' },
      { name: 'seen', valueType: 'datetime', ttl: 'P2D' },
      { name: 'interests', valueType: 'set' },
    ],
  },
  {
    name: 'flag',
    kind: 'kv',
    tags: [
      { name: 'marked', valueType: 'string', ttl: 'P1D' },
      { name: 'points', valueType: 'int' },
    ],
  },
  { name: 'visit', kind: 'event', properties: [{ name: 'page', valueType: 'string' }] },
];

/** Every value type and kind; field ids of 1, 2 and 3 bytes in a record. */
export function profileCatalog(): Catalog {
  return TYPES.reduce<Catalog>((catalog, json, index) => {
    // As after many declarations: the next ids are larger.
    const { version, types, nextTypeId } = catalog;
    const outcome = declareTagType(new Catalog(version, [1, 124, 16_383][index] ?? 1, nextTypeId, types), json);
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.errors));
    return outcome.value;
  }, Catalog.empty);
}
