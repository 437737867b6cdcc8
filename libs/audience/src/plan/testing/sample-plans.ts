import { Catalog, declareTagType } from '@tessera/tag-catalog';
import type { JsonValue } from '@tessera/tag-catalog';
import { bindExpression } from '../../expression/bind-expression';
import type { AudienceDefinition, Expression, ReferencePort } from '../../expression/expression';
import { buildPlan } from '../build-plan';
import type { Plan } from '../plan';

/** A small catalogue for the specs of plans: one profile type, another one, a kv type and an event. */
export const sampleCatalog: Catalog = [
  {
    name: 'customer',
    kind: 'profile',
    tags: [
      { name: 'city', valueType: 'string' },
      { name: 'level', valueType: 'int' },
      { name: 'spend', valueType: 'decimal', scale: 2 },
      { name: 'vip', valueType: 'bool' },
      { name: 'tier', valueType: 'enum', values: ['bronze', 'silver', 'gold'] },
      { name: 'born', valueType: 'date' },
      { name: 'seen_at', valueType: 'datetime', ttl: 'P30D' },
      { name: 'interests', valueType: 'set' },
      { name: 'is_deleted', valueType: 'bool' },
      {
        name: 'email',
        valueType: 'string',
        impliedConditions: [{ tag: 'is_deleted', op: 'eq', value: false }],
      },
    ],
  },
  { name: 'device', kind: 'profile', tags: [{ name: 'os', valueType: 'string' }] },
  { name: 'label', kind: 'kv', tags: [{ name: 'segment', valueType: 'string' }] },
  {
    name: 'order_paid',
    kind: 'event',
    properties: [
      { name: 'category', valueType: 'string' },
      { name: 'amount', valueType: 'decimal', scale: 2 },
      { name: 'due', valueType: 'date' },
    ],
  },
  { name: 'visit', kind: 'event', properties: [{ name: 'page', valueType: 'string' }] },
].reduce<Catalog>((catalog, json) => {
  const declared = declareTagType(catalog, json);
  if (!declared.ok) {
    throw new Error(JSON.stringify(declared.errors));
  }
  return declared.value;
}, Catalog.empty);

/** 2026-03-15T12:00:00Z, a Sunday. */
export const SAMPLE_AS_OF_MS = Date.UTC(2026, 2, 15, 12);

/** Knows the list `upload`, the audience `loyal` and a snapshot of every audience. */
const references: ReferencePort = {
  audience: async (id): Promise<AudienceDefinition | undefined> =>
    id === 'loyal'
      ? {
          id,
          version: 3,
          expression: {
            and: [
              { tag: 'level', op: 'gte', value: 3 },
              { tag: 'vip', op: 'eq', value: true },
            ],
          },
          timeZone: null,
          params: {},
        }
      : undefined,
  hasSnapshot: async () => true,
  hasList: async (id) => id === 'upload',
};

/** Binds an expression; throws its errors. */
export async function bindSample(json: JsonValue, timeZone = 'UTC'): Promise<Expression> {
  const bound = await bindExpression(json, { catalog: sampleCatalog, references, timeZone });
  if (!bound.ok) {
    throw new Error(JSON.stringify(bound.errors));
  }
  return bound.value;
}

export async function planSample(json: JsonValue, rewrites = true): Promise<Plan> {
  return buildPlan(await bindSample(json), { asOfMs: SAMPLE_AS_OF_MS, rewrites });
}
