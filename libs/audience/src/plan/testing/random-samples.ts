import type { JsonValue, TagValue } from '@tessera/tag-catalog';
import type { SampleRow, SampleUser } from './evaluate-node';
import { SAMPLE_AS_OF_MS, sampleCatalog } from './sample-plans';

/** Uniform in [0, 1), the same for the same seed (mulberry32). */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const CITIES = ['', 'a', 'b', 'bc', 'é'];
const AS_OF_DAY = Math.floor(SAMPLE_AS_OF_MS / DAY_MS);

function whole(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

function pick<T>(random: Random, items: readonly [T, ...T[]]): T {
  return items[whole(random, 0, items.length - 1)] ?? items[0];
}

function some(random: Random, items: readonly string[]): readonly string[] {
  return items.filter(() => random() < 0.4);
}

function someOf(random: Random, items: readonly string[]): readonly string[] {
  const found = some(random, items);
  return found.length === 0 ? items.slice(0, 1) : found;
}

/** A user with about a third of the values missing, near the constants that `randomExpression` compares with. */
export function randomUser(random: Random): SampleUser {
  const values: readonly (readonly [string, () => TagValue])[] = [
    ['city', () => pick(random, ['', 'a', 'b', 'bc', 'é'])],
    ['level', () => whole(random, 0, 5)],
    ['spend', () => whole(random, -2, 3)],
    ['vip', () => random() < 0.5],
    ['tier', () => pick(random, ['bronze', 'silver', 'gold'])],
    ['born', () => AS_OF_DAY + whole(random, -3, 3)],
    ['seen_at', () => SAMPLE_AS_OF_MS + whole(random, -40, 2) * DAY_MS],
    ['interests', () => some(random, ['x', 'y', 'z'])],
    ['is_deleted', () => random() < 0.3],
    ['email', () => pick(random, ['a', 'b'])],
    ['os', () => pick(random, ['a', 'b'])],
    ['segment', () => pick(random, ['a', 'b', 'c'])],
  ];
  const tags = new Map(
    values.flatMap(([name, value]) => {
      const tag = sampleCatalog.tag(name);
      const timeMs = random() < 0.2 ? null : SAMPLE_AS_OF_MS - whole(random, 0, 60) * DAY_MS;
      return tag === undefined || random() < 0.35 ? [] : [[tag.id, { value: value(), timeMs }] as const];
    }),
  );
  const rows = Array.from({ length: whole(random, 0, 5) }, () => randomRow(random));
  const lists = new Set(random() < 0.5 ? ['upload'] : []);
  return { tags, rows, lists, snapshots: new Set(random() < 0.5 ? ['loyal'] : []) };
}

function randomRow(random: Random): SampleRow {
  const type = sampleCatalog.type(pick(random, ['order_paid', 'visit']));
  if (type === undefined) {
    throw new Error('the sample catalogue has lost an event');
  }
  const properties = type.properties.flatMap((property) => {
    const value =
      property.valueType === 'string'
        ? pick(random, ['a', 'b'])
        : property.valueType === 'date'
          ? AS_OF_DAY + whole(random, -2, 2)
          : whole(random, -1, 3);
    return random() < 0.3 ? [] : [[property.id, value] as const];
  });
  return { type, timeMs: SAMPLE_AS_OF_MS + whole(random, -72, 6) * HOUR_MS, properties: new Map(properties) };
}

/** An expression of every kind of node, whose constants often cancel, repeat or hold for all. */
export function randomExpression(random: Random, depth: number): JsonValue {
  const choice = depth <= 0 ? whole(random, 5, 12) : whole(random, 0, 12);
  const children = (): JsonValue[] =>
    Array.from({ length: whole(random, 1, 4) }, () => randomExpression(random, depth - 1));
  switch (choice) {
    case 0:
    case 1:
      return { and: children() };
    case 2:
      return { or: children() };
    case 3:
      return { not: randomExpression(random, depth - 1) };
    case 4: {
      const of = children();
      return { atLeast: whole(random, 1, of.length), of };
    }
    case 5:
      return pick<JsonValue>(random, [
        { all: true },
        { list: 'upload' },
        { audience: 'loyal' },
        { audience: 'loyal', mode: 'snapshot', version: 3 },
      ]);
    case 6:
    case 7:
      return randomEvent(random);
    default:
      return randomTag(random);
  }
}

function randomTag(random: Random): JsonValue {
  const condition = randomCondition(random);
  return random() < 0.25 ? { ...condition, onMissing: 'include' } : condition;
}

function randomCondition(random: Random): Record<string, JsonValue> {
  const number = whole(random, 0, 5);
  const name = pick(random, [
    'city',
    'level',
    'spend',
    'vip',
    'tier',
    'born',
    'seen_at',
    'interests',
    'email',
    'segment',
  ]);
  if (random() < 0.15) {
    return { tag: name, op: 'exists', value: random() < 0.5 };
  }
  switch (name) {
    case 'level':
    case 'spend':
      return randomComparison(random, name, [number, number + whole(random, 0, 2)]);
    case 'vip':
      return { tag: name, op: pick(random, ['eq', 'ne']), value: random() < 0.5 };
    case 'born':
      return random() < 0.5
        ? { tag: name, op: 'withinLast', value: pick(random, ['P2D', 'PT1H', 'P9000W']) }
        : { tag: name, op: 'anniversary', value: { nextDays: pick(random, [0, 2, 365]) } };
    case 'seen_at':
      return { tag: name, op: 'withinLast', value: pick(random, ['P5D', 'P31D', 'PT1S']) };
    case 'interests':
      return { tag: name, op: pick(random, ['hasAny', 'hasAll', 'hasNone']), value: someOf(random, ['x', 'y', 'z']) };
    case 'tier':
      return { tag: name, op: pick(random, ['in', 'notIn']), value: someOf(random, ['bronze', 'silver', 'gold']) };
    default:
      return randomText(random, name);
  }
}

function randomText(random: Random, name: string): Record<string, JsonValue> {
  if (random() < 0.4) {
    return { tag: name, op: pick(random, ['in', 'notIn']), value: someOf(random, CITIES) };
  }
  if (random() < 0.4) {
    return randomComparison(random, name, [pick(random, ['', 'a', 'b']), pick(random, ['b', 'bc', 'é'])]);
  }
  const op = pick(random, ['contains', 'startsWith', 'endsWith', 'matches']);
  return { tag: name, op, value: pick(random, ['', 'a', 'b', 'c']) };
}

function randomComparison(
  random: Random,
  tag: string,
  [low, high]: readonly [JsonValue, JsonValue],
): Record<string, JsonValue> {
  const op = pick(random, ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'between']);
  return { tag, op, value: op === 'between' ? [low, high] : low };
}

function randomEvent(random: Random): JsonValue {
  const op = pick(random, ['eq', 'ne', 'gt', 'gte', 'lt', 'lte']);
  const window = pick<Record<string, JsonValue>>(random, [
    {},
    { window: { last: 'P1D' } },
    { window: { from: '2026-03-14T00:00:00Z', to: '2026-03-15T00:00:00Z' } },
    { window: { from: '2027-01-01T00:00:00Z' } },
    { window: { calendar: 'day', offset: -1 } },
  ]);
  if (random() < 0.2) {
    const within = random() < 0.5 ? {} : { within: pick(random, ['PT24H', 'PT0.001S']) };
    return {
      sequence: [{ event: 'visit' }, { event: 'order_paid' }, { event: 'visit' }].slice(0, 2),
      ...within,
      ...window,
    };
  }
  const where = random() < 0.5 ? {} : { where: [{ property: 'category', op: pick(random, ['eq', 'ne']), value: 'a' }] };
  const kind = pick(random, ['count', 'count', 'distinct', 'sum', 'avg', 'min', 'max', 'lastTime']);
  if (kind === 'lastTime') {
    const condition = random() < 0.5 ? { op: 'exists', value: random() < 0.5 } : { op: 'withinLast', value: 'P1D' };
    return { event: 'order_paid', ...where, measure: { lastTime: '*' }, ...condition, ...window };
  }
  const measure: JsonValue =
    kind === 'count' ? { count: '*' } : { [kind]: kind === 'distinct' ? 'category' : 'amount' };
  const value = kind === 'count' || kind === 'distinct' ? whole(random, 0, 3) : whole(random, -1, 3) / 100;
  return { event: 'order_paid', ...where, measure, op, value, ...window };
}
