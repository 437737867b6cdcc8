import { Catalog, declareTagType } from '@tessera/tag-catalog';
import type { JsonValue } from '@tessera/tag-catalog';
import type { AudienceDefinition, ReferencePort } from '../expression';

const CUSTOMER: JsonValue = {
  name: 'customer',
  kind: 'profile',
  tags: [
    { name: 'vip_flag', valueType: 'bool', labels: { en: 'VIP' } },
    { name: 'level', valueType: 'int' },
    { name: 'spend', valueType: 'decimal', scale: 2, unit: 'EUR', labels: { en: 'total spend', zh: '总消费' } },
    { name: 'name', valueType: 'string' },
    { name: 'email', valueType: 'string' },
    {
      name: 'city',
      valueType: 'enum',
      values: ['beijing', 'shanghai', 'shenzhen'],
      valueLabels: { beijing: { en: 'Beijing' }, shanghai: { en: 'Shanghai' } },
    },
    { name: 'birthday', valueType: 'date' },
    { name: 'last_seen', valueType: 'datetime' },
    { name: 'interests', valueType: 'set' },
    { name: 'is_deleted', valueType: 'bool' },
    {
      name: 'plan_name',
      valueType: 'string',
      impliedConditions: [{ tag: 'is_deleted', op: 'eq', value: false, onMissing: 'include' }],
    },
    {
      name: 'trial_ends',
      valueType: 'date',
      impliedConditions: [{ event: 'order_paid', op: 'gte', value: 1, window: { calendar: 'month', offset: 0 } }],
    },
  ],
};

const ORDER_PAID: JsonValue = {
  name: 'order_paid',
  kind: 'event',
  labels: { en: 'Order paid' },
  properties: [
    { name: 'category', valueType: 'enum', values: ['toys', 'books'], valueLabels: { toys: { en: 'Toys' } } },
    { name: 'amount', valueType: 'decimal', scale: 2 },
    { name: 'quantity', valueType: 'int' },
    { name: 'invoice', valueType: 'string' },
    { name: 'ship_on', valueType: 'date' },
    { name: 'paid_at', valueType: 'datetime' },
    { name: 'labels', valueType: 'set' },
    { name: 'gift', valueType: 'bool' },
  ],
};

const VISIT: JsonValue = { name: 'visit', kind: 'event', properties: [{ name: 'page', valueType: 'string' }] };

/** A small shop with a tag of every value type, two of them with implied conditions, and two events; for specs. */
export function shopCatalog(): Catalog {
  let catalog = Catalog.empty;
  for (const declaration of [ORDER_PAID, VISIT, CUSTOMER]) {
    const declared = declareTagType(catalog, declaration);
    if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
    catalog = declared.value;
  }
  return catalog;
}

/** References held in memory: each audience's versions in order, its snapshots as `id@version`, lists by id. */
export function fixedReferences(
  audiences: readonly AudienceDefinition[],
  lists: readonly string[] = [],
  snapshots: readonly string[] = [],
): ReferencePort {
  return {
    audience: async (id, version) => {
      const versions = audiences.filter((audience) => audience.id === id);
      return version === 'latest' ? versions.at(-1) : versions.find((audience) => audience.version === version);
    },
    hasSnapshot: async (id, version) => snapshots.includes(`${id}@${version}`),
    hasList: async (id) => lists.includes(id),
  };
}

/** An audience with defaults for what a spec leaves out. */
export function audienceOf(
  id: string,
  expression: JsonValue,
  more: { version?: number; timeZone?: string; params?: { readonly [name: string]: JsonValue } } = {},
): AudienceDefinition {
  return { id, version: more.version ?? 1, expression, timeZone: more.timeZone ?? null, params: more.params ?? {} };
}
