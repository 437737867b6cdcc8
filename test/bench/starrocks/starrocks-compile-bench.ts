import { bindExpression, buildPlan } from '@tessera/audience';
import type { PlanNode } from '@tessera/audience';
import { LeafCompiler, compileCounts } from '@tessera/starrocks-engine';
import type { ShapeChoice } from '@tessera/starrocks-engine';
import type { JsonValue } from '@tessera/tag-catalog';
import { Random } from '../../../apps/standalone/src/sample/random';
import { event, tag } from '../../conformance/cases/build';
import { goldenWorld } from '../../golden/golden-world';
import type { Bench, BenchContext } from '../framework/bench';
import { SUBJECT } from '../framework/result';
import { median } from '../framework/statistics';

export const starrocksCompileBench: Bench = {
  name: 'starrocks-compile',
  title: 'Plans of 10 leaves compiled to StarRocks SQL',
  peers: [],
  users: { full: 2_000, short: 100 },
  run: runStarrocksCompileBench,
};

const TARGET = 20_000;
const LEAVES = 10;
const WARM_UP = { full: 10, short: 1 };
const ROUNDS = { full: 30, short: 3 };
const SHAPES = ['mixed', 'bitmap'] as const;
const CITIES = ['oslo', 'rome', 'bonn', "O'Fallon", 'Ürümqi', 'new york'];

/** As many different plans as there are "users". */
async function runStarrocksCompileBench({ users, seed, isShort, report }: BenchContext): Promise<void> {
  report.note(
    `${users} random rules of ${LEAVES} leaves over two profile types, a kv type, two event types and lists, planned beforehand. Compiled is the count of the root, as an answer to a request; nothing is kept from one to the next. Times are processor time of the process`,
  );
  const plans = await plansOf(new Random(seed, 2), users);
  const form = isShort ? 'short' : 'full';
  for (const shape of SHAPES) {
    const first = plans.map((plan) => compiled(plan, shape));
    const again = plans.map((plan) => compiled(plan, shape));
    report.check(
      `${shape}: texts that differ when compiled again`,
      again.filter((sql, at) => sql !== first[at]).length,
      0,
    );
    const samplesMs: number[] = [];
    for (let round = -WARM_UP[form]; round < ROUNDS[form]; round += 1) {
      const before = process.cpuUsage();
      let length = 0;
      for (const plan of plans) length += compiled(plan, shape).length;
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) samplesMs.push((user + system) / 1_000);
      report.check(`${shape}, round ${round}: characters`, length, sum(first));
    }
    report.timing(`${shape}: ${users} plans`, SUBJECT, samplesMs);
    report.figure({
      name: `${shape}: plans compiled`,
      value: plans.length / (median(samplesMs) / 1_000),
      unit: '/s',
      ...(shape === 'mixed' ? { target: { atLeast: TARGET } } : {}),
    });
    report.figure({
      name: `${shape}: SQL a leaf`,
      value: Buffer.byteLength(first.join('')) / plans.length / LEAVES,
      unit: 'bytes',
    });
  }
}

function compiled(root: PlanNode, shape: ShapeChoice): string {
  const { asks } = compileCounts([root], {
    shape,
    keptAs: 'kept',
    openLeaves: () => new LeafCompiler({ nowMs: 0, matches: new Map(), listId: (slot) => `values${slot}` }),
  });
  return asks.map(({ sql }) => sql).join('\n');
}

function sum(texts: readonly string[]): number {
  return texts.reduce((total, text) => total + text.length, 0);
}

async function plansOf(random: Random, count: number): Promise<readonly PlanNode[]> {
  const world = goldenWorld();
  ['a', 'b', 'c'].forEach((name) => world.nameList(name, name));
  const plans: PlanNode[] = [];
  while (plans.length < count) {
    const rule = combine(
      random,
      Array.from({ length: LEAVES }, () => leaf(random)),
    );
    const { catalog, references } = world;
    const bound = await bindExpression(rule, { catalog, references, timeZone: 'UTC' });
    if (!bound.ok) throw new Error(JSON.stringify(bound.errors));
    plans.push(buildPlan(bound.value, { asOfMs: world.nowMs }).root);
  }
  return plans;
}

function below(random: Random, bound: number): number {
  return Math.floor(random.unit() * bound);
}

/** Two or three at a time, under and, or, not and atLeast, until one is left. */
function combine(random: Random, rules: readonly JsonValue[]): JsonValue {
  const left = [...rules];
  while (left.length > 1) {
    const of = left.splice(0, 2 + below(random, 2));
    const choice = below(random, 7);
    const joined: JsonValue = choice < 3 ? { and: of } : choice < 5 ? { or: of } : { atLeast: 2, of };
    left.push(choice === 6 ? { not: joined } : joined);
  }
  return left[0] ?? { all: true };
}

function leaf(random: Random): JsonValue {
  const level = below(random, 9);
  const city = CITIES[below(random, CITIES.length)] ?? '';
  switch (below(random, 9)) {
    case 0:
      return tag('city', 'in', [city, `town ${below(random, 100)}`]);
    case 1:
      return tag('level', 'between', [level, level + below(random, 5)]);
    case 2:
      return tag('spend', 'gte', below(random, 10_000) / 100);
    case 3:
      return tag('seen_at', 'withinLast', `P${1 + level}D`);
    case 4:
      return tag('interests', 'hasAny', ['x', `i${level}`]);
    case 5:
      return tag('campaign', 'eq', `c${below(random, 50)}`);
    case 6:
      return event('order_paid', 'gte', 1 + below(random, 5), {
        where: [{ property: 'category', op: 'eq', value: city }],
        window: { last: `P${1 + level}D` },
      });
    case 7:
      return event('visit', 'eq', 0, { window: { last: 'P7D' } });
    default:
      return { list: ['a', 'b', 'c'][below(random, 3)] ?? 'a' };
  }
}
