import type { JsonValue } from '@tessera/tag-catalog';
import type { SeededRandom } from './seeded-random';
import { DAY_MS, NOW } from './test-catalog';

/** Within 13 days of the test catalogue's moment, many on the edges of days and seconds. */
export function randomTime(random: SeededRandom): number {
  const day = NOW - random.between(0, 12) * DAY_MS;
  switch (random.between(0, 3)) {
    case 0:
      return day - (day % DAY_MS) + random.pick([0, 1, DAY_MS - 1, 1000, 1500]);
    case 1:
      return day - random.between(0, 3) * 1000;
    case 2:
      return day - random.between(0, 20);
    default:
      return day - random.between(0, DAY_MS);
  }
}

function randomWindow(random: SeededRandom): Record<string, JsonValue> {
  const iso = (timeMs: number): string => new Date(timeMs).toISOString();
  switch (random.between(0, 4)) {
    case 0:
      return {};
    case 1:
      return { window: { last: random.pick(['P7D', 'P3D', 'PT36H', 'PT1.5S']) } };
    case 2:
      return { window: { from: iso(randomTime(random)) } };
    case 3:
      return { window: { to: iso(randomTime(random)) } };
    default: {
      const times = [randomTime(random), randomTime(random)].sort((a, b) => a - b);
      return { window: { from: iso(times[0]!), to: iso(times[1]! + 1) } };
    }
  }
}

function randomWhere(random: SeededRandom): Record<string, JsonValue> {
  const tests: JsonValue[] = [
    { property: 'amount', op: random.pick(['gte', 'lt', 'ne', 'eq']), value: random.pick([0, 3, 2.5, -0.01]) },
    { property: 'amount', op: 'in', value: [0, 2.5, 700] },
    { property: 'sku', op: random.pick(['eq', 'ne', 'gte']), value: random.pick(['s1', 's2', 'nothing']) },
    { property: random.pick(['amount', 'gift', 'due']), op: 'exists', value: random.chance(0.5) },
    { property: 'gift', op: 'eq', value: true },
  ];
  return random.chance(0.6) ? {} : { where: Array.from({ length: random.between(1, 3) }, () => random.pick(tests)) };
}

function randomGoal(random: SeededRandom): Record<string, JsonValue> {
  const number = random.pick(['gte', 'gt', 'lt', 'lte', 'eq', 'ne', 'between']);
  const goal = (measure: JsonValue, values: readonly number[]): Record<string, JsonValue> => {
    const low = random.pick(values);
    return { measure, op: number, value: number === 'between' ? [low, Math.max(low, random.pick(values))] : low };
  };
  switch (random.between(0, 7)) {
    case 0:
    case 1:
    case 2:
      return goal({ count: '*' }, [0, 1, 2, 3, 5, 8, 254, 255, 256, 300]);
    case 3:
      return goal({ distinct: random.pick(['sku', 'gift', 'amount']) }, [0, 1, 2, 3, 20]);
    case 4:
      return goal({ [random.pick(['sum', 'avg'])]: 'amount' }, [-5, 0, 0.5, 100, 5000]);
    case 5:
      return goal({ [random.pick(['min', 'max'])]: 'amount' }, [-5, 0, 0.01, 700]);
    default: {
      const measure = { [random.pick(['lastTime', 'firstTime', 'lastTime'])]: '*' };
      const times = [randomTime(random), randomTime(random)]
        .sort((a, b) => a - b)
        .map((ms) => new Date(ms).toISOString());
      return { measure, op: number, value: number === 'between' ? times : times[0]! };
    }
  }
}

/** Any measure, filter, window or sequence of purchases and visits. */
export function randomExpression(random: SeededRandom): JsonValue {
  const purchase = (): Record<string, JsonValue> => ({ event: 'purchase', ...randomWhere(random) });
  if (random.chance(0.8)) {
    return { ...purchase(), ...randomGoal(random), ...randomWindow(random) };
  }
  const visit = { event: 'visit', where: [{ property: 'page', op: 'eq', value: random.pick(['x', 'y']) }] };
  return {
    sequence: Array.from({ length: random.between(2, 4) }, () => (random.chance(0.5) ? purchase() : visit)),
    ...(random.chance(0.6) ? { within: random.pick(['PT0.02S', 'PT2S', 'P1D', 'P20D']) } : {}),
    ...randomWindow(random),
  };
}

/** What the newest rows of users can answer: wide windows up to now, no filters. */
export function recentExpression(random: SeededRandom): JsonValue {
  const from = new Date(randomTime(random) - random.between(8, 11) * DAY_MS).toISOString();
  const window = random.pick<Record<string, JsonValue>>([
    {},
    { window: { last: random.pick(['P12D', 'PT300H', 'P11D']) } },
    { window: { from } },
  ]);
  const values = (): JsonValue => {
    const op = random.pick(['gte', 'lt', 'eq', 'ne', 'between']);
    if (random.chance(0.6)) {
      const low = random.between(0, 6);
      return { op, value: op === 'between' ? [low, low + random.between(0, 3)] : low };
    }
    const times = [randomTime(random), randomTime(random)]
      .sort((a, b) => a - b)
      .map((ms) => new Date(ms).toISOString());
    return { measure: { lastTime: '*' }, op, value: op === 'between' ? times : times[0]! };
  };
  return { event: 'purchase', ...(values() as Record<string, JsonValue>), ...window };
}
