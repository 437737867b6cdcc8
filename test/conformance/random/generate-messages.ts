import { formatInstant } from '@tessera/tag-catalog';
import type { JsonValue } from '@tessera/tag-catalog';
import type { SendStep } from '../script';
import { DAY_MS, decimal, SET_ELEMENTS } from './world-shape';
import type { FieldShape, TypeShape, WorldShape } from './world-shape';

/** Some are often the same, so that ids repeat. */
const IDS = 40;

/** One batch of messages around now: any order, late and future ones, repeats, operators, some bad ones. */
export function generateBatch(shape: WorldShape, size: number): SendStep {
  const { random } = shape;
  const sent: JsonValue[] = [];
  for (let index = 0; index < size; index += 1) {
    const repeated = sent[random.between(0, Math.max(sent.length - 1, 0))];
    sent.push(repeated !== undefined && random.chance(0.05) ? repeated : generateMessage(shape));
  }
  return { send: sent, anyVerdict: true };
}

function generateMessage(shape: WorldShape): JsonValue {
  const { random } = shape;
  const type = random.pick(shape.types);
  // A few users get most of the messages.
  const cuid = random.chance(0.5) ? random.pick(shape.cuids) : random.pick(shape.cuids.slice(0, 12));
  const time = random.chance(0.15) ? {} : { time: formatInstant(messageTime(shape)) };
  const id = random.chance(0.3) ? { id: `m${random.between(0, IDS)}` } : {};
  return { header: { type: type.name, cuid, ...time, ...id }, body: generateBody(shape, type) };
}

function messageTime(shape: WorldShape): number {
  const { random, nowMs, timesMs } = shape;
  const way = random.weighted({ known: 3, near: 3, back: 3, future: 1 });
  const wanted = {
    known: () => random.pick(timesMs) + random.pick([0, 0, 0, 1, -1]),
    near: () => nowMs - random.between(0, 3 * DAY_MS),
    back: () => nowMs - random.pick([1, 1_000, 3_600_000, DAY_MS, 2 * DAY_MS, 7 * DAY_MS, 30 * DAY_MS, 365 * DAY_MS]),
    future: () => nowMs + random.between(1, DAY_MS),
  }[way]();
  const timeMs = Math.max(0, Math.min(wanted, nowMs + DAY_MS));
  timesMs.push(timeMs);
  return timeMs;
}

function generateBody(shape: WorldShape, type: TypeShape): JsonValue {
  const { random } = shape;
  if (random.chance(0.02)) return { no_such_field: 1 };
  const isEvent = type.kind === 'event';
  const count = isEvent ? random.between(0, type.fields.length) : random.between(1, Math.min(3, type.fields.length));
  const body: [string, JsonValue][] = random
    .some(type.fields, count)
    .map((field) => [field.name, generateWrite(shape, field, isEvent)]);
  return Object.fromEntries(body);
}

function generateWrite(shape: WorldShape, field: FieldShape, isEvent: boolean): JsonValue {
  const { random } = shape;
  if (random.chance(0.01)) return { nonsense: true };
  if (random.chance(0.08)) return null;
  const { valueType, pool } = field;
  if (!isEvent && random.chance(0.4)) {
    if (valueType === 'int')
      return { $inc: random.pick([0, 1, -1, 5, ...pool.filter((value) => typeof value === 'number')]) };
    if (valueType === 'decimal') {
      return { $inc: random.chance(0.8) ? decimal(random.between(-20, 20), field.scale) : random.pick(pool) };
    }
    if (valueType === 'set') {
      return { [random.pick(['$add', '$remove'])]: random.some(SET_ELEMENTS, random.between(1, 3)) };
    }
  }
  return random.pick(pool);
}
