import { compareUtf8, decimalOrdinal, formatDuration, formatInstant, operatorsFor } from '@tessera/tag-catalog';
import type { JsonValue } from '@tessera/tag-catalog';
import { instant } from '../world';
import { DAY_MS, decimal, SET_ELEMENTS, ZONES } from './world-shape';
import type { FieldShape, TypeShape, WorldShape } from './world-shape';

interface JsonObject {
  readonly [key: string]: JsonValue;
}

const DURATIONS = [
  'PT0.001S',
  'PT1S',
  'PT30M',
  'PT1H',
  'PT23H',
  'P1D',
  'P1DT0.001S',
  'PT25H',
  'P2D',
  'P7D',
  'P30D',
  'P52W',
  'P20000D',
];
const PATTERNS = [
  'a',
  '^a',
  'b$',
  '.',
  '^.$',
  '[^a]',
  '(?i)A',
  '^$',
  'a|b',
  '\\d+',
  '(?s)a.b',
  'a.b',
  '(?m)^b',
  '\\x{1F600}',
  '',
];
const NUMBER_OPERATORS = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'between'];
const INSTANT: FieldShape = { name: '', valueType: 'datetime', scale: 0, ttlMs: null, pool: [] };

/** A random rule of at most so many levels. */
export function generateRule(shape: WorldShape, depth: number): JsonValue {
  const { random } = shape;
  const kind = random.weighted({
    leaf: depth <= 1 ? 1 : 0.4,
    group: depth <= 1 ? 0 : 0.35,
    not: depth <= 1 ? 0 : 0.12,
    atLeast: depth <= 1 ? 0 : 0.13,
  });
  switch (kind) {
    case 'leaf':
      return generateLeaf(shape);
    case 'not':
      return { not: generateRule(shape, depth - 1) };
    case 'group':
      return { [random.pick(['and', 'or'])]: generateChildren(shape, depth, random.between(1, 4)) };
    case 'atLeast': {
      const of = generateChildren(shape, depth, random.between(1, 5));
      return { atLeast: random.between(1, of.length), of };
    }
  }
}

/** Children, some of them given twice. */
function generateChildren(shape: WorldShape, depth: number, count: number): JsonValue[] {
  const children: JsonValue[] = [];
  for (let index = 0; index < count; index += 1) {
    const repeated = children[shape.random.between(0, Math.max(index - 1, 0))];
    children.push(repeated !== undefined && shape.random.chance(0.15) ? repeated : generateRule(shape, depth - 1));
  }
  return children;
}

function generateLeaf(shape: WorldShape): JsonValue {
  const { random, lists, audiences } = shape;
  const kind = random.weighted({
    tag: 10,
    event: 8,
    sequence: 3,
    all: 0.5,
    list: lists.length > 0 ? 1 : 0,
    audience: audiences.length > 0 ? 1 : 0,
  });
  const id = random.chance(0.1) ? { id: `n${random.between(1, 9)}` } : {};
  switch (kind) {
    case 'all':
      return { all: true, ...id };
    case 'list':
      return { list: random.pick(lists), ...id };
    case 'audience':
      return { audience: random.pick(audiences), ...id };
    case 'tag':
      return { ...generateTagRule(shape), ...id };
    case 'event':
      return { ...generateEvent(shape), ...id };
    case 'sequence':
      return { ...generateSequence(shape), ...id };
  }
}

/** A predicate on one of the tags. */
export function generateTagRule(shape: WorldShape): JsonObject {
  const { random } = shape;
  const types = shape.types.filter((type) => type.kind !== 'event');
  const field = random.pick(random.pick(types).fields);
  const onMissing = random.chance(0.25) ? { onMissing: random.pick(['include', 'exclude']) } : {};
  return { tag: field.name, ...generateCondition(shape, field, operatorsFor(field.valueType)), ...onMissing };
}

function generateCondition(shape: WorldShape, field: FieldShape, operators: readonly string[]): JsonObject {
  const { random } = shape;
  const op = random.pick(operators);
  const value = (): JsonValue => generateOperand(shape, field);
  switch (op) {
    case 'exists':
      return random.chance(0.2) ? { op } : { op, value: random.chance(0.5) };
    case 'in':
    case 'notIn':
      return { op, value: Array.from({ length: random.between(1, 4) }, value) };
    case 'hasAny':
    case 'hasAll':
    case 'hasNone':
      return { op, value: random.some([...SET_ELEMENTS, 'nobody has it'], random.between(1, 3)) };
    case 'between':
      return { op, value: sortedPair(field, value(), value()) };
    case 'withinLast':
      return { op, value: generateDuration(shape) };
    case 'anniversary':
      return { op, value: { nextDays: random.pick([0, 0, 1, 2, 30, 364, 365]) } };
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return { op, value: random.pick(['', 'a', 'b', 'e', '\u{1f600}', ...field.pool]) };
    case 'matches':
      return { op, value: random.pick(PATTERNS) };
    default:
      return { op, value: value() };
  }
}

function generateOperand(shape: WorldShape, field: FieldShape): JsonValue {
  const { random } = shape;
  const { valueType, scale } = field;
  if (valueType === 'int' && random.chance(0.3)) return random.between(-5, 8);
  if (valueType === 'decimal' && random.chance(0.3)) return decimal(random.between(-40, 40), scale);
  if (valueType === 'datetime' && (field.pool.length === 0 || random.chance(0.3))) {
    return formatInstant(random.pick(shape.timesMs) + random.pick([0, 0, 1, -1]));
  }
  return random.pick(field.pool);
}

function sortedPair(field: FieldShape, one: JsonValue, other: JsonValue): JsonValue {
  return orderOf(field, one, other) <= 0 ? [one, other] : [other, one];
}

function orderOf(field: FieldShape, one: JsonValue, other: JsonValue): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  if (typeof one !== 'string' || typeof other !== 'string') throw new Error(`${field.name} has no order`);
  return field.valueType === 'datetime' ? instant(one) - instant(other) : compareUtf8(one, other);
}

function generateDuration(shape: WorldShape): string {
  const { random, timesMs } = shape;
  if (random.chance(0.6)) return random.pick(DURATIONS);
  // The exact distance of two rows, and one millisecond off.
  const distanceMs = Math.abs(random.pick(timesMs) - random.pick(timesMs)) + random.pick([-1, 0, 0, 1]);
  return distanceMs > 0 ? formatDuration(distanceMs) : 'PT0.001S';
}

function generateEvent(shape: WorldShape): JsonObject {
  const { random } = shape;
  const type = random.pick(shape.types.filter(({ kind }) => kind === 'event'));
  return {
    event: type.name,
    ...generateWhere(shape, type),
    ...generateMeasured(shape, type),
    ...(random.chance(0.6) ? { window: generateWindow(shape) } : {}),
  };
}

function generateWhere(shape: WorldShape, type: TypeShape): JsonObject {
  const { random } = shape;
  if (type.fields.length === 0 || random.chance(0.55)) return {};
  const where = Array.from({ length: random.between(1, 2) }, () => {
    const field = random.pick(type.fields);
    return { property: field.name, ...withValue(generateCondition(shape, field, operatorsFor(field.valueType))) };
  });
  return { where };
}

/** A filter's value is written out, that of exists too. */
function withValue(condition: JsonObject): JsonObject {
  return 'value' in condition ? condition : { ...condition, value: true };
}

function generateMeasured(shape: WorldShape, type: TypeShape): JsonObject {
  const { random } = shape;
  const numbers = type.fields.filter(({ valueType }) => valueType === 'int' || valueType === 'decimal');
  const ordered = type.fields.filter(({ valueType }) => ['int', 'decimal', 'date', 'datetime'].includes(valueType));
  const kind = random.weighted({
    none: 3,
    count: 1,
    times: 2,
    distinct: type.fields.length > 0 ? 2 : 0,
    sum: numbers.length > 0 ? 2 : 0,
    avg: numbers.length > 0 ? 2 : 0,
    extreme: ordered.length > 0 ? 2 : 0,
  });
  switch (kind) {
    case 'none':
      return generateCount(shape);
    case 'count':
      return { measure: { count: '*' }, ...generateCount(shape) };
    case 'distinct':
      return { measure: { distinct: random.pick(type.fields).name }, ...generateCount(shape) };
    case 'times': {
      const measure = { [random.pick(['firstTime', 'lastTime'])]: '*' };
      return { measure, ...withValue(generateCondition(shape, INSTANT, operatorsFor('datetime'))) };
    }
    case 'sum':
    case 'avg': {
      const field = random.pick(numbers);
      return { measure: { [kind]: field.name }, ...generateExact(shape, field, kind) };
    }
    case 'extreme': {
      const field = random.pick(ordered);
      const isTime = field.valueType === 'date' || field.valueType === 'datetime';
      const operators = isTime ? operatorsFor(field.valueType) : NUMBER_OPERATORS;
      return {
        measure: { [random.pick(['min', 'max'])]: field.name },
        ...withValue(generateCondition(shape, field, operators)),
      };
    }
  }
}

function generateCount(shape: WorldShape): JsonObject {
  const { random } = shape;
  const op = random.pick(NUMBER_OPERATORS);
  if (op !== 'between') return { op, value: random.pick([0, 0, 1, 1, 2, 3, 5]) };
  const low = random.between(0, 3);
  return { op, value: [low, low + random.between(0, 3)] };
}

function generateExact(shape: WorldShape, field: FieldShape, kind: 'sum' | 'avg'): JsonObject {
  const { random } = shape;
  const op = random.pick(NUMBER_OPERATORS);
  const threshold = (): number => {
    const value = Number(random.pick(field.pool));
    if (kind === 'sum') return random.pick([times(field, value, random.pick([1, 1, 2, 3])), 0, 1, -1, 2 ** 60]);
    return random.pick([value, 0, 1, 0.5, 0.333333333, 0.333333334, -0.333333333, 1.5, 2.5]);
  };
  if (op !== 'between') return { op, value: threshold() };
  return { op, value: [threshold(), threshold()].sort((left, right) => left - right) };
}

/** So many times a value, with no more fraction digits than it has. */
function times(field: FieldShape, value: number, factor: number): number {
  if (field.valueType === 'int') return value * factor;
  const ordinal = decimalOrdinal(value, field.scale);
  if (typeof ordinal !== 'number') throw new Error(`${value} is no value of ${field.name}`);
  return decimal(ordinal * factor, field.scale);
}

function generateWindow(shape: WorldShape): JsonObject {
  const { random, timesMs } = shape;
  switch (random.weighted({ last: 4, range: 3, calendar: 4 })) {
    case 'last':
      return { last: generateDuration(shape) };
    case 'calendar': {
      const zone = random.chance(0.6) ? { timeZone: random.pick(ZONES) } : {};
      return { calendar: random.pick(['day', 'week', 'month']), offset: random.pick([0, 0, -1, -1, -2, -12]), ...zone };
    }
    case 'range': {
      const from = random.pick(timesMs) + random.pick([0, 0, 1, -1]);
      const to = random.pick(timesMs) + random.pick([0, 0, 1, -1]);
      if (from === to || random.chance(0.3))
        return random.chance(0.5) ? { from: formatInstant(from) } : { to: formatInstant(to) };
      return { from: formatInstant(Math.min(from, to)), to: formatInstant(Math.max(from, to)) };
    }
  }
}

function generateSequence(shape: WorldShape): JsonObject {
  const { random } = shape;
  const types = shape.types.filter(({ kind }) => kind === 'event');
  const sequence = Array.from({ length: random.pick([2, 2, 2, 3, 3, 4]) }, () => {
    const type = random.pick(types);
    return { event: type.name, ...(random.chance(0.4) ? generateWhere(shape, type) : {}) };
  });
  return {
    sequence,
    ...(random.chance(0.5) ? { within: generateDuration(shape) } : {}),
    ...(random.chance(0.5) ? { window: generateWindow(shape) } : {}),
  };
}

/** An as-of that lies on a boundary of the data more often than not; undefined: now. */
export function generateAsOf(shape: WorldShape): string | undefined {
  const { random, timesMs } = shape;
  const offMs = random.pick([-1, 0, 0, 1]);
  const ttls = shape.types.flatMap(({ fields }) => fields.flatMap(({ ttlMs }) => (ttlMs === null ? [] : [ttlMs])));
  switch (random.weighted({ now: 2, row: 3, after: 3, end: ttls.length > 0 ? 3 : 0, far: 0.5 })) {
    case 'now':
      return undefined;
    case 'row':
      return formatInstant(random.pick(timesMs) + offMs);
    case 'after':
      return formatInstant(
        random.pick(timesMs) + random.pick([3_600_000, DAY_MS, 2 * DAY_MS, 7 * DAY_MS, 30 * DAY_MS]) + offMs,
      );
    case 'end':
      return formatInstant(random.pick(timesMs) + random.pick(ttls) + offMs);
    case 'far':
      return random.pick([
        '1000-01-01T00:00:00Z',
        '1969-12-31T23:59:59.999Z',
        '2040-02-29T00:00:00Z',
        '9999-12-31T23:59:59.999Z',
      ]);
  }
}
