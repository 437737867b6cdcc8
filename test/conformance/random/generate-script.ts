import { formatInstant } from '@tessera/tag-catalog';
import type { JsonValue } from '@tessera/tag-catalog';
import type { Question, Script, Step } from '../script';
import { generateBatch } from './generate-messages';
import { generateAsOf, generateRule, generateTagRule } from './generate-rule';
import { RandomSource } from './random-source';
import { DAY_MS, declarationOf, makeShape, ZONES } from './world-shape';
import type { WorldShape } from './world-shape';

const DEPTH_MAX = 5;

/** A random script: catalogue, a few phases of data with erasures and lists, and so many questions. Expects nothing: engines are compared. */
export function generateScript(seed: number, questions: number): Script {
  const random = new RandomSource(seed);
  const shape = makeShape(random, random.between(20, 60));
  const steps: Step[] = [{ clock: formatInstant(shape.nowMs) }, ...declareAll(shape)];
  const phases = random.between(2, 5);
  let left = questions;
  for (let phase = 1; phase <= phases; phase += 1) {
    steps.push(...generatePhase(shape, phase));
    const count = phase === phases ? left : Math.floor((left / (phases - phase + 1)) * 0.7);
    if (count > 0) steps.push({ ask: Array.from({ length: count }, () => generateQuestion(shape)) });
    left -= count;
  }
  steps.push(generateDistribution(shape), generateDistribution(shape));
  return { name: `random world ${seed}`, steps };
}

function declareAll(shape: WorldShape): Step[] {
  const { random, types } = shape;
  const [first, ...others] = types;
  if (first === undefined) return [];
  // Implied conditions may speak of tags declared before only.
  const none = (): readonly JsonValue[] => [];
  const onFirst = { ...shape, types: [first] };
  const some = (): readonly JsonValue[] => {
    if (!random.chance(0.15)) return [];
    const rule = generateTagRule(onFirst);
    return random.chance(0.3) ? [{ not: rule }] : [rule];
  };
  return [
    { declare: declarationOf(first, none) },
    ...others.map((type) => ({ declare: declarationOf(type, type.kind === 'event' ? none : some) })),
  ];
}

function generatePhase(shape: WorldShape, phase: number): Step[] {
  const { random } = shape;
  const steps: Step[] = [];
  shape.nowMs += random.pick([0, 1, 3_600_000, DAY_MS, DAY_MS - 1, 2 * DAY_MS, 8 * DAY_MS]);
  if (random.chance(0.2)) shape.nowMs = (Math.floor(shape.nowMs / DAY_MS) + 1) * DAY_MS;
  steps.push({ clock: formatInstant(shape.nowMs) });
  shape.timesMs.push(shape.nowMs);
  const batches = random.between(1, 4);
  for (let batch = 0; batch < batches; batch += 1) {
    const step = generateBatch(shape, random.between(1, 90));
    steps.push(step);
    if (random.chance(0.15)) steps.push({ ...step, source: { source: 'topic-0', position: random.between(1, 9) } });
    if (random.chance(0.3)) steps.push({ erase: random.pick(shape.cuids) });
  }
  if (random.chance(0.5)) steps.push(generateList(shape, `list ${phase}`));
  if (random.chance(0.4)) {
    const name = `audience ${phase}`;
    const zone = random.chance(0.5) ? { timeZone: random.pick(ZONES) } : {};
    steps.push({ audience: name, version: 1, expression: generateRule(shape, 3), ...zone });
    shape.audiences.push(name);
  }
  if (random.chance(0.3)) steps.push({ erase: random.pick(shape.cuids.slice(0, 12)) });
  return steps;
}

function generateList(shape: WorldShape, name: string): Step {
  const { random } = shape;
  shape.lists.push(name);
  const cuids = random.some(shape.cuids, random.between(0, shape.cuids.length));
  return { list: name, cuids: [...cuids, ...(random.chance(0.5) ? ['stranger'] : [])] };
}

function generateQuestion(shape: WorldShape): Question {
  const { random } = shape;
  const asOf = generateAsOf(shape);
  return {
    rule: generateRule(shape, random.between(1, DEPTH_MAX)),
    ...(asOf === undefined ? {} : { asOf }),
    ...(random.chance(0.5) ? { timeZone: random.pick(ZONES) } : {}),
  };
}

function generateDistribution(shape: WorldShape): Step {
  const { random, types } = shape;
  const tags = types.filter(({ kind }) => kind !== 'event').flatMap(({ fields }) => fields.map(({ name }) => name));
  const asOf = generateAsOf(shape);
  return {
    distribution: generateRule(shape, 3),
    tags: random.some(tags, random.between(1, 6)),
    top: random.pick([1, 2, 3, 20]),
    ...(asOf === undefined ? {} : { asOf }),
  };
}
