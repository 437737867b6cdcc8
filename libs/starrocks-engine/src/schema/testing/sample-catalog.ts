import { Catalog, declareTagType, patchTagType, removeTagType } from '@tessera/tag-catalog';
import type { JsonValue, Parsed } from '@tessera/tag-catalog';

/** A tag of every value type. */
export const EVERY_TYPE = [
  { name: 'vip', valueType: 'bool' },
  { name: 'level', valueType: 'int' },
  { name: 'spend', valueType: 'decimal', scale: 2 },
  { name: 'city', valueType: 'string' },
  { name: 'plan', valueType: 'enum', values: ['free', 'paid'] },
  { name: 'birthday', valueType: 'date' },
  { name: 'seen', valueType: 'datetime' },
  { name: 'interests', valueType: 'set' },
];

/** A profile, a kv and two event types; a fifth one was removed. */
export function sampleCatalog(): Catalog {
  const declared = [
    { name: 'customer', kind: 'profile', tags: EVERY_TYPE },
    { name: 'scores', kind: 'kv', tags: EVERY_TYPE.map((tag) => ({ ...tag, name: `kv_${tag.name}` })) },
    { name: 'order_paid', kind: 'event', properties: EVERY_TYPE },
    { name: 'page_seen', kind: 'event', retentionDays: 30, properties: [{ name: 'page', valueType: 'string' }] },
    { name: 'gone', kind: 'profile', tags: [{ name: 'nothing', valueType: 'bool' }] },
  ].reduce<Catalog>((catalog, json) => valueOf(declareTagType(catalog, json)), Catalog.empty);
  return removeTagType(declared, 'gone');
}

/** The catalogue with more fields in a type. */
export function withFields(catalog: Catalog, type: string, fields: readonly JsonValue[]): Catalog {
  const key = catalog.type(type)?.kind === 'event' ? 'properties' : 'tags';
  return valueOf(patchTagType(catalog, type, { [key]: fields }));
}

function valueOf<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new Error(JSON.stringify(parsed.errors));
}
