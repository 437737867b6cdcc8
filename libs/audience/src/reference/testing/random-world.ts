import type { JsonValue } from '@tessera/tag-catalog';
import { compareByCodePoint } from '../replay-field';
import type { SampleWorld } from './sample-world';

/** Seeded random numbers (the mulberry32 generator: a 32-bit counter, mixed). */
export class SeededRandom {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up, below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.int(0, items.length - 1)] ?? items[0];
  }

  some<T>(items: readonly [T, ...T[]], most: number): T[] {
    return [...new Set(Array.from({ length: this.int(1, most) }, () => this.pick(items)))];
  }
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const CITIES = ['', 'beijing', 'Berlin', 'zürich', 'a😀', 'a\uffff', 'beige'] as const;
const LABELS = ['vip', 'new', 'b2b', 'ü'] as const;
const TIERS = ['bronze', 'silver', 'gold'] as const;
const CATEGORIES = ['toys', 'books', ''] as const;
const ZONES = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Auckland'] as const;
const DATES = ['2024-02-29', '2025-02-28', '2025-03-01', '1999-12-31', '2025-03-28', '2025-03-30'] as const;
const COMPARISONS = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte'] as const;

function instantNear(random: SeededRandom, nowMs: number, days: number): string {
  const steps = random.int(-days * 24, 20);
  return new Date(nowMs + steps * HOUR_MS + (random.chance(0.5) ? 0 : random.int(0, HOUR_MS))).toISOString();
}

/** One random message of any type, some with operators, ids and times of their own. */
export async function sendRandomMessage(random: SeededRandom, world: SampleWorld, cuid: string): Promise<string> {
  const header = {
    ...(random.chance(0.7) ? { time: instantNear(random, world.nowMs, 3) } : {}),
    ...(random.chance(0.2) ? { id: `id-${random.int(1, 3)}` } : {}),
  };
  switch (random.int(0, 3)) {
    case 0:
      return world.send('customer', cuid, randomProfile(random, world.nowMs), header);
    case 1:
      return world.send(
        'interest',
        cuid,
        { hobby: random.chance(0.2) ? null : random.pick(CITIES), score: { $inc: random.int(-2, 2) } },
        header,
      );
    case 2:
      return world.send('visit', cuid, random.chance(0.5) ? {} : { page: random.pick(CITIES) }, header);
    default:
      return world.send('order_paid', cuid, randomOrder(random, world.nowMs), {
        ...header,
        time: instantNear(random, world.nowMs, 29),
      });
  }
}

function randomProfile(random: SeededRandom, nowMs: number): JsonValue {
  const fields: Record<string, () => JsonValue> = {
    active: () => random.chance(0.5),
    level: () => (random.chance(0.3) ? { $inc: random.int(-2, 2) } : random.int(-3, 3)),
    spend: () => random.int(-300, 300) / 100,
    city: () => random.pick(CITIES),
    tier: () => random.pick(TIERS),
    birthday: () => random.pick(DATES),
    seen_at: () => instantNear(random, nowMs, 10),
    labels: () =>
      random.chance(0.3)
        ? { [random.pick(['$add', '$remove'])]: random.some(LABELS, 2) }
        : random.chance(0.2)
          ? []
          : random.some(LABELS, 3),
    mood: () => (random.chance(0.3) ? { $inc: 1 } : random.int(1, 5)),
    balance: () => random.int(-5, 5) / 4,
  };
  const names = random.some(Object.keys(fields) as [string, ...string[]], 4);
  return Object.fromEntries(names.map((name) => [name, random.chance(0.1) ? null : (fields[name]?.() ?? null)]));
}

function randomOrder(random: SeededRandom, nowMs: number): JsonValue {
  const all: Record<string, JsonValue> = {
    amount: random.int(-50, 150) / 10,
    quantity: random.int(0, 3),
    category: random.pick(CATEGORIES),
    due: random.pick(DATES),
    shipped_at: instantNear(random, nowMs, 10),
    gifts: random.some(LABELS, 2),
  };
  return Object.fromEntries(Object.entries(all).filter(() => random.chance(0.7)));
}

/** A random expression over everything the sample catalogue has, as it would be sent. */
export function randomExpression(random: SeededRandom, nowMs: number, depth: number): JsonValue {
  const child = (): JsonValue => randomExpression(random, nowMs, depth - 1);
  const children = (): JsonValue[] => Array.from({ length: random.int(1, 3) }, child);
  switch (depth <= 0 ? random.int(4, 11) : random.int(0, 8)) {
    case 0:
      return { and: children() };
    case 1:
      return { or: children() };
    case 2:
      return { not: child() };
    case 3: {
      const of = children();
      return { atLeast: random.int(1, of.length), of };
    }
    case 4:
      return random.chance(0.1) ? { all: true } : randomSequence(random, nowMs);
    case 5:
      return random.chance(0.3) ? { list: 'uploaded' } : randomEvent(random, nowMs);
    case 6:
    case 7:
      return randomEvent(random, nowMs);
    default:
      return randomTag(random, nowMs);
  }
}

function randomTag(random: SeededRandom, nowMs: number): JsonValue {
  const name = random.pick([
    'active',
    'level',
    'spend',
    'city',
    'tier',
    'birthday',
    'seen_at',
    'labels',
    'mood',
    'balance',
    'hobby',
    'score',
  ]);
  const onMissing = random.chance(0.3) ? { onMissing: random.pick(['include', 'exclude']) } : {};
  return { tag: name, ...randomCondition(random, typeOfTag(name), nowMs), ...onMissing };
}

type ConditionType = 'bool' | 'number' | 'string' | 'enum' | 'date' | 'datetime' | 'set';

function typeOfTag(name: string): ConditionType {
  switch (name) {
    case 'active':
      return 'bool';
    case 'level':
    case 'mood':
    case 'score':
    case 'spend':
    case 'balance':
      return 'number';
    case 'tier':
      return 'enum';
    case 'birthday':
      return 'date';
    case 'seen_at':
      return 'datetime';
    case 'labels':
      return 'set';
    default:
      return 'string';
  }
}

function randomCondition(random: SeededRandom, type: ConditionType, nowMs: number): Record<string, JsonValue> {
  if (random.chance(0.08)) return { op: 'exists', ...(random.chance(0.5) ? {} : { value: random.chance(0.5) }) };
  switch (type) {
    case 'bool':
      return { op: random.pick(['eq', 'ne']), value: random.chance(0.5) };
    case 'enum':
      return random.chance(0.5)
        ? { op: random.pick(['eq', 'ne']), value: random.pick(TIERS) }
        : { op: random.pick(['in', 'notIn']), value: random.some(TIERS, 2) };
    case 'set':
      return { op: random.pick(['hasAny', 'hasAll', 'hasNone']), value: random.some(LABELS, 2) };
    case 'number':
      return randomComparison(
        random,
        () => random.int(-3, 3),
        (left, right) => Number(left) - Number(right),
      );
    case 'string':
      return random.chance(0.5)
        ? randomComparison(random, () => random.pick(CITIES), compareBytes)
        : randomTextCondition(random);
    case 'date':
      return random.chance(0.5)
        ? randomMovingCondition(random)
        : randomComparison(random, () => random.pick(DATES), compareBytes);
    case 'datetime':
      return random.chance(0.5)
        ? randomMovingCondition(random)
        : randomComparison(random, () => instantNear(random, nowMs, 10), compareBytes);
  }
}

function compareBytes(left: JsonValue, right: JsonValue): number {
  return typeof left === 'string' && typeof right === 'string' ? compareByCodePoint(left, right) : 0;
}

function randomTextCondition(random: SeededRandom): Record<string, JsonValue> {
  return random.chance(0.3)
    ? { op: 'matches', value: random.pick(['^b.i', '[[:upper:]]', 'e$', '^$']) }
    : { op: random.pick(['contains', 'startsWith', 'endsWith']), value: random.pick(['be', 'e', '😀', 'ü', 'n']) };
}

function randomMovingCondition(random: SeededRandom): Record<string, JsonValue> {
  return random.chance(0.5)
    ? { op: 'withinLast', value: random.pick(['PT1H', 'P1D', 'P2DT3H', 'P30D', 'P400D']) }
    : { op: 'anniversary', value: { nextDays: random.pick([0, 1, 2, 7, 40, 365]) } };
}

function randomComparison(
  random: SeededRandom,
  value: () => JsonValue,
  compare: (left: JsonValue, right: JsonValue) => number,
): Record<string, JsonValue> {
  switch (random.int(0, 2)) {
    case 0:
      return { op: 'between', value: [value(), value()].sort(compare) };
    case 1:
      return { op: random.pick(['in', 'notIn']), value: [value(), value()] };
    default:
      return { op: random.pick(COMPARISONS), value: value() };
  }
}

function randomWindow(random: SeededRandom, nowMs: number): Record<string, JsonValue> {
  switch (random.int(0, 3)) {
    case 0:
      return {};
    case 1:
      return { window: { last: random.pick(['PT6H', 'P1D', 'P7D', 'P40D']) } };
    case 2: {
      const from = nowMs - random.int(0, 20) * DAY_MS;
      const to = from + random.int(1, 20) * DAY_MS;
      return random.chance(0.5)
        ? { window: { from: new Date(from).toISOString() } }
        : { window: { from: new Date(from).toISOString(), to: new Date(to).toISOString() } };
    }
    default:
      return {
        window: {
          calendar: random.pick(['day', 'week', 'month']),
          offset: random.int(-2, 0),
          ...(random.chance(0.5) ? { timeZone: random.pick(ZONES) } : {}),
        },
      };
  }
}

function randomWhere(random: SeededRandom, event: string, nowMs: number): Record<string, JsonValue> {
  if (random.chance(0.5)) return {};
  const filter = (property: string, type: ConditionType): JsonValue => ({
    property,
    ...randomCondition(random, type, nowMs),
  });
  if (event === 'visit') return { where: [filter('page', 'string')] };
  const filters: [JsonValue, ...JsonValue[]] = [
    filter('amount', 'number'),
    filter('quantity', 'number'),
    filter('category', 'string'),
    filter('due', 'date'),
    filter('shipped_at', 'datetime'),
    filter('gifts', 'set'),
  ];
  return { where: random.some(filters, 2) };
}

function randomEvent(random: SeededRandom, nowMs: number): JsonValue {
  const event = random.chance(0.7) ? 'order_paid' : 'visit';
  const base = { event, ...randomWhere(random, event, nowMs), ...randomWindow(random, nowMs) };
  const isVisit = event === 'visit';
  switch (isVisit ? random.pick([0, 0, 1, 6]) : random.int(0, 6)) {
    case 0:
      return { ...base, ...randomCount(random) };
    case 1:
      return {
        ...base,
        measure: { distinct: isVisit ? 'page' : random.pick(['category', 'gifts', 'amount', 'due']) },
        ...randomCount(random),
      };
    case 2:
    case 3: {
      const kind = random.pick(['sum', 'avg'] as const);
      const property = random.pick(['amount', 'quantity'] as const);
      const measure = { [kind]: property };
      // A sum of whole numbers is compared with whole numbers only.
      const low = kind === 'sum' && property === 'quantity' ? random.int(0, 6) : random.int(-5, 20) / 2;
      return random.chance(0.2)
        ? { ...base, measure, op: 'between', value: [low, low + random.int(0, 10)] }
        : { ...base, measure, op: random.pick(COMPARISONS), value: low };
    }
    case 4: {
      const measure = { [random.pick(['min', 'max'])]: random.pick(['amount', 'quantity']) };
      return { ...base, measure, op: random.pick(COMPARISONS), value: random.int(-1, 4) };
    }
    case 5: {
      const property = random.pick(['due', 'shipped_at'] as const);
      const condition = randomCondition(random, property === 'due' ? 'date' : 'datetime', nowMs);
      return { ...base, measure: { [random.pick(['min', 'max'])]: property }, ...condition };
    }
    default:
      return {
        ...base,
        measure: { [random.pick(['firstTime', 'lastTime'])]: '*' },
        ...randomCondition(random, 'datetime', nowMs),
      };
  }
}

function randomCount(random: SeededRandom): Record<string, JsonValue> {
  return random.chance(0.2)
    ? { op: 'between', value: [random.int(0, 1), random.int(1, 3)] }
    : { op: random.pick(COMPARISONS), value: random.int(0, 3) };
}

function randomSequence(random: SeededRandom, nowMs: number): JsonValue {
  const step = (): JsonValue => {
    const event = random.pick(['order_paid', 'visit']);
    return { event, ...randomWhere(random, event, nowMs) };
  };
  return {
    sequence: Array.from({ length: random.int(2, 4) }, step),
    ...(random.chance(0.6) ? { within: random.pick(['PT3H', 'P1D', 'P10D']) } : {}),
    ...randomWindow(random, nowMs),
  };
}
