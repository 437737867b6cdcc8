import type { JsonValue, MessageBatch, TagMessage } from '@tessera/tag-catalog';
import { message } from '../conformance/cases/build';
import { World } from '../conformance/world';

// The catalogue and the users that the golden expressions are about. The clock stands at 2026-03-15T12:00:00Z.

const DECLARATIONS: readonly JsonValue[] = [
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
  {
    name: 'label',
    kind: 'kv',
    tags: [
      { name: 'campaign', valueType: 'string' },
      { name: 'score', valueType: 'decimal', scale: 1, ttl: 'P7D' },
    ],
  },
  {
    name: 'order_paid',
    kind: 'event',
    properties: [
      { name: 'category', valueType: 'string' },
      { name: 'amount', valueType: 'decimal', scale: 2 },
      { name: 'due', valueType: 'date' },
    ],
  },
  { name: 'visit', kind: 'event', retentionDays: 30, properties: [{ name: 'page', valueType: 'string' }] },
];

const USERS = 60;
const CITIES = ["O'Fallon", 'bonn', 'oslo', 'rome', '\\', '\u{1f600}'];
const TIERS = ['bronze', 'silver', 'gold'];
const INTERESTS = [[], ['x'], ['x', 'y'], ['z'], ['y', 'z', 'x']];
const HOUR_MS = 3_600_000;

export function goldenWorld(): World {
  const world = new World();
  DECLARATIONS.forEach((declaration) => world.declare(declaration));
  return world;
}

/** Every third user lacks every other value; orders and visits lie hours to weeks back. */
export function goldenMessages(world: World): MessageBatch {
  const at = (hours: number): { readonly time: string } => ({
    time: new Date(world.nowMs - hours * HOUR_MS).toISOString(),
  });
  const raw = Array.from({ length: USERS }, (_, user) => user).flatMap((user): JsonValue[] => {
    const cuid = `u${user}`;
    const whole = {
      city: CITIES[user % CITIES.length] ?? '',
      level: (user % 9) - 1,
      spend: user * 1.25,
      vip: user % 4 === 0,
      tier: TIERS[user % TIERS.length] ?? '',
      born: `19${60 + (user % 40)}-0${1 + (user % 9)}-${10 + (user % 19)}`,
      seen_at: new Date(world.nowMs - user * 10 * HOUR_MS).toISOString(),
      interests: INTERESTS[user % INTERESTS.length] ?? [],
      is_deleted: user % 11 === 0,
      email: `u${user}@example.${user % 2 === 0 ? 'com' : 'org'}`,
    };
    const some = Object.fromEntries(Object.entries(whole).filter((_entry, index) => user % 3 !== 0 || index % 2 === 0));
    const orders = Array.from({ length: user % 5 }, (_order, order) =>
      message(
        'order_paid',
        cuid,
        { category: order % 2 === 0 ? 'toys' : 'books', amount: user + order / 4 },
        at(user * 5 + order * 30),
      ),
    );
    const visits = Array.from({ length: user % 4 }, (_visit, visit) =>
      message('visit', cuid, { page: visit === 0 ? '/' : `/p/${visit}` }, at(user * 5 + visit * 20 + 1)),
    );
    return [
      message('customer', cuid, some, at(user * 20)),
      ...(user % 2 === 0 ? [message('device', cuid, { os: user % 4 === 0 ? 'ios' : 'android' })] : []),
      ...(user % 5 < 3 ? [message('label', cuid, { campaign: `c${user % 3}`, score: user / 10 }, at(user * 6))] : []),
      ...orders,
      ...visits,
    ];
  });
  const read = raw.map((json) => world.read(json));
  return { arrivalMs: world.nowMs, messages: read.filter((result): result is TagMessage => !('code' in result)) };
}

export const GOLDEN_LISTS: readonly (readonly [name: string, cuids: readonly string[]])[] = [
  ['upload', Array.from({ length: 20 }, (_, index) => `u${3 * index}`)],
  ['partners', Array.from({ length: 30 }, (_, index) => `u${2 * index}`)],
  ['blocked', ['u0', 'u6', 'u7', 'nobody']],
];
