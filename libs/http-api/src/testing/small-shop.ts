import { declareTagType, parseMessage } from '@tessera/tag-catalog';
import type { Catalog, Parsed, TagMessage } from '@tessera/tag-catalog';
import type { ReferenceApi } from './reference-api.module';

// A catalogue and four users, small enough to count by hand.

const TYPES: readonly object[] = [
  {
    name: 'customer',
    kind: 'profile',
    labels: { en: 'Customer' },
    tags: [
      { name: 'city', valueType: 'string', labels: { en: 'Home town' }, freshness: 'P1D' },
      { name: 'age', valueType: 'int' },
      { name: 'level', valueType: 'enum', values: ['bronze', 'silver', 'gold'] },
      { name: 'interests', valueType: 'set' },
      { name: 'cart', valueType: 'decimal', scale: 2, ttl: 'P7D', group: 'value' },
    ],
  },
  { name: 'campaigns', kind: 'kv', tags: [{ name: 'coupon', valueType: 'string', description: 'the newest voucher' }] },
  {
    name: 'order_paid',
    kind: 'event',
    properties: [
      { name: 'category', valueType: 'string' },
      { name: 'amount', valueType: 'decimal', scale: 2 },
    ],
  },
  { name: 'page_view', kind: 'event', properties: [] },
  { name: 'open_profile', kind: 'profile', autoDeclare: true, tags: [{ name: 'nick', valueType: 'string' }] },
];

interface Sent {
  readonly type: string;
  readonly cuid: string;
  readonly time: string;
  readonly body: object;
}

const MESSAGES: readonly Sent[] = [
  {
    type: 'customer',
    cuid: 'ann',
    time: '2026-10-01T00:00:00Z',
    body: { city: 'beijing', age: 30, level: 'gold', interests: ['art', 'tea'] },
  },
  {
    type: 'customer',
    cuid: 'bob',
    time: '2026-10-02T00:00:00Z',
    body: { city: 'shanghai', age: 20, level: 'silver', interests: [] },
  },
  { type: 'customer', cuid: 'cleo', time: '2026-10-03T00:00:00Z', body: { city: 'beijing', age: 40 } },
  { type: 'customer', cuid: 'dan', time: '2026-10-04T00:00:00Z', body: { age: 50, level: null, cart: 9.5 } },
  { type: 'order_paid', cuid: 'ann', time: '2026-10-30T10:00:00Z', body: { category: 'toys', amount: 10.5 } },
  { type: 'order_paid', cuid: 'ann', time: '2026-10-31T10:00:00Z', body: { category: 'books', amount: 20 } },
  { type: 'order_paid', cuid: 'bob', time: '2026-09-01T10:00:00Z', body: { category: 'toys' } },
  { type: 'page_view', cuid: 'ann', time: '2026-10-31T11:00:00Z', body: {} },
];

/** Declares the types and writes the users: ann, bob, cleo and dan, guids 1 to 4. */
export async function fillSmallShop(api: ReferenceApi): Promise<void> {
  const catalog = await api.catalogStore.update((empty) =>
    TYPES.reduce<Catalog>((before, json) => valueOf(declareTagType(before, json)), empty),
  );
  const messages = MESSAGES.map(({ type, cuid, time, body }) =>
    messageOf(catalog, { header: { type, cuid, time }, body }, api.time.nowMs),
  );
  await api.store.apply({ arrivalMs: api.time.nowMs, messages });
}

function messageOf(catalog: Catalog, json: object, arrivalMs: number): TagMessage {
  const parsed = parseMessage(catalog, json, arrivalMs);
  if (parsed.kind !== 'message') throw new Error(`not a message: ${JSON.stringify(parsed)}`);
  return parsed.message;
}

function valueOf<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new Error(JSON.stringify(parsed.errors));
}
