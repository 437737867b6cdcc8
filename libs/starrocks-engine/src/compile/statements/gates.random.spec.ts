import {
  differenceNode,
  emptyNode,
  intersectNode,
  listReadNode,
  thresholdNode,
  unionNode,
  universeNode,
} from '@tessera/audience';
import type { PlanNode } from '@tessera/audience';
import type { Gate, LeafGate } from './gate';
import { gateInputs } from './gate';
import { GateBuilder, storedList } from './gate-builder';
import type { GateWriter } from './levels';
import { reach, writeLevels } from './levels';
import { BITMAP_LIMITS, MIXED_LIMITS } from './limits';
import type { StatementLimits } from './limits';
import { OPERATOR_COSTS } from './operators';
import type { OperatorCosts } from './operators';
import { splitGates } from './split-gates';

const SEED = Number(process.env['GATES_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const PLANS = 60;
const LEAVES = 60;

type Random = () => number;

function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function randomNode(random: Random, depth: number): PlanNode {
  const choice = Math.floor(random() * (depth === 0 ? 12 : 20));
  if (choice === 0) return random() < 0.5 ? universeNode() : emptyNode();
  if (choice < 12) return listReadNode(`l${Math.floor(random() * LEAVES)}`);
  const inputs = Array.from({ length: 1 + Math.floor(random() ** 3 * 40) }, () => randomNode(random, depth - 1));
  if (choice < 14) return intersectNode(inputs);
  if (choice < 16) return unionNode(inputs);
  if (choice < 18) return differenceNode(randomNode(random, depth - 1), randomNode(random, depth - 1));
  return thresholdNode(1 + Math.floor(random() * inputs.length), inputs);
}

/** One user: the lists that hold it. */
type Held = ReadonlySet<string>;

function belongs(node: PlanNode, held: Held): boolean {
  switch (node.kind) {
    case 'universe':
      return true;
    case 'listRead':
      return held.has(node.listId);
    case 'intersect':
      return node.inputs.every((input) => belongs(input, held));
    case 'union':
      return node.inputs.some((input) => belongs(input, held));
    case 'difference':
      return belongs(node.left, held) && !belongs(node.right, held);
    case 'threshold':
      return node.inputs.filter((input) => belongs(input, held)).length >= node.atLeast;
    default:
      return false;
  }
}

/** Gates as JSON that `judge` reads. */
const JSON_WRITER: GateWriter = {
  universe: null,
  and: (inputs) => `["and",${inputs.map(quoteColumn).join(',')}]`,
  or: (inputs) => `["or",${inputs.map(quoteColumn).join(',')}]`,
  less: (left, right) => `["less",${left === null ? '"all"' : quoteColumn(left)},${quoteColumn(right)}]`,
  sum: (terms, test) => {
    const weighed = terms.map(([text, weight]) => `[${weight},${quoteColumn(text)}]`).join(',');
    return `["sum",[${weighed}],${JSON.stringify(test)}]`;
  },
};

function quoteColumn(text: string): string {
  return text.startsWith('[') ? text : `"${text}"`;
}

type Written = string | readonly [string, ...unknown[]];

function judge(written: Written, columns: ReadonlyMap<string, boolean>): boolean {
  if (typeof written === 'string') {
    const value = written === 'all' ? true : columns.get(written);
    if (value === undefined) throw new Error(`the column ${written} is not there yet`);
    return value;
  }
  const [kind, ...parts] = written;
  const inputs = parts as Written[];
  if (kind === 'and') return inputs.every((input) => judge(input, columns));
  if (kind === 'or') return inputs.some((input) => judge(input, columns));
  if (kind === 'less') return judge(inputs[0] ?? '', columns) && !judge(inputs[1] ?? '', columns);
  const [terms, test] = parts as [[number, Written][], { kind: string; least?: number; digit?: number }];
  const sum = terms.reduce((total, [weight, input]) => total + (judge(input, columns) ? weight : 0), 0);
  return test.kind === 'atLeast' ? sum >= (test.least ?? 0) : Math.floor(sum / 2 ** (test.digit ?? 0)) % 2 === 1;
}

/** What the levels of gates make of one user. */
function evaluate(gates: readonly Gate[], replaced: ReadonlyMap<Gate, LeafGate>, held: Held): readonly boolean[] {
  const { leaves, levels, columnOf } = writeLevels(gates, JSON_WRITER, replaced);
  const columns = new Map(leaves.map(([name, leaf]) => [name, isHeld(leaf, held)] as const));
  for (const level of levels) {
    // A column sees the levels below, not its neighbours.
    const made = level.map(({ name, text }) => [name, judge(JSON.parse(text) as Written, columns)] as const);
    made.forEach(([name, value]) => columns.set(name, value));
  }
  return gates.map((gate) => gate.kind === 'all' || (columns.get(columnOf(gate)) ?? false));
}

function isHeld(leaf: LeafGate, held: Held): boolean {
  if (leaf.kind === 'scan') throw new Error('there are lists only');
  return held.has(/'(.*)'$/.exec(leaf.bitmap.condition)?.[1] ?? '');
}

/** Answers as the statements would: results are kept and read back. */
function answer(
  builder: GateBuilder,
  asked: readonly Gate[],
  { limits, costs }: { readonly limits: StatementLimits; readonly costs: OperatorCosts },
  held: Held,
): Map<Gate, boolean> {
  const { kept, asked: groups } = splitGates(asked, limits, costs);
  const withKept = new Set(held);
  const ids = new Map<Gate, string>();
  const readable = (reads: readonly Gate[]): Map<Gate, LeafGate> =>
    new Map(
      reads.map((gate) => {
        const id = ids.get(gate);
        if (id === undefined) throw new Error('a statement reads what no earlier one has kept');
        return [gate, builder.stored(storedList(id)) as LeafGate] as const;
      }),
    );
  for (const { gates, reads } of kept) {
    const replaced = readable(reads);
    expectWithin(gates, replaced, limits);
    expectFewOperators(gates, replaced, { limits, costs });
    evaluate(gates, replaced, withKept).forEach((isMember, index) => {
      const gate = gates[index];
      if (gate === undefined) return;
      ids.set(gate, `kept${ids.size}`);
      if (isMember) withKept.add(ids.get(gate) ?? '');
    });
  }
  const answers = new Map<Gate, boolean>();
  for (const { gates, reads } of groups) {
    const replaced = readable(reads);
    expect(gates.length).toBeLessThanOrEqual(limits.askedMax);
    expectWithin(gates, replaced, limits);
    expectFewOperators(gates, replaced, { limits, costs });
    evaluate(gates, replaced, withKept).forEach((isMember, index) => {
      const gate = gates[index];
      if (gate !== undefined) answers.set(gate, isMember);
    });
  }
  return answers;
}

function expectWithin(gates: readonly Gate[], replaced: ReadonlyMap<Gate, LeafGate>, limits: StatementLimits): void {
  const { leaves, inner } = reach(gates, replaced);
  expect(leaves.length).toBeLessThanOrEqual(limits.leavesMax);
  expect(inner.length).toBeLessThanOrEqual(limits.gatesMax);
  expect(writeLevels(gates, JSON_WRITER, replaced).levels.length).toBeLessThanOrEqual(limits.heightMax);
  for (const gate of inner) expect(gateInputs(gate).length).toBeLessThanOrEqual(Math.max(2, limits.inputsMax));
}

/** Every use of a gate counts. */
function expectFewOperators(
  gates: readonly Gate[],
  replaced: ReadonlyMap<Gate, LeafGate>,
  { limits, costs }: { readonly limits: StatementLimits; readonly costs: OperatorCosts },
): void {
  const { leaves, inner } = reach(gates, replaced);
  const counts = new Map<Gate, number>(leaves.map((leaf) => [leaf, costs.leaf(leaf)]));
  for (const gate of inner) {
    const of = (input: Gate): number => counts.get(replaced.get(input) ?? input) ?? 0;
    counts.set(
      gate,
      gateInputs(gate).reduce((sum, input) => sum + of(input), costs.own(gate)),
    );
  }
  for (const gate of gates) expect(counts.get(gate) ?? 0).toBeLessThanOrEqual(limits.operatorsMax);
}

const WAYS = [
  { name: 'mixed', spellsSums: false, costs: OPERATOR_COSTS.mixed, limits: MIXED_LIMITS },
  { name: 'bitmap', spellsSums: true, costs: OPERATOR_COSTS.bitmap, limits: BITMAP_LIMITS },
  {
    name: 'mixed, small',
    spellsSums: false,
    costs: OPERATOR_COSTS.mixed,
    limits: { ...MIXED_LIMITS, leavesMax: 20, inputsMax: 16, gatesMax: 60 },
  },
  {
    name: 'mixed, few operators',
    spellsSums: false,
    costs: OPERATOR_COSTS.mixed,
    limits: { ...MIXED_LIMITS, inputsMax: 40, operatorsMax: 300 },
  },
  {
    name: 'bitmap, few operators',
    spellsSums: true,
    costs: OPERATOR_COSTS.bitmap,
    limits: { ...BITMAP_LIMITS, inputsMax: 20, operatorsMax: 600 },
  },
  {
    name: 'mixed, low',
    spellsSums: false,
    costs: OPERATOR_COSTS.mixed,
    limits: { ...MIXED_LIMITS, leavesMax: 18, inputsMax: 16, heightMax: 2, askedMax: 3 },
  },
  {
    name: 'bitmap, small',
    spellsSums: true,
    costs: OPERATOR_COSTS.bitmap,
    limits: { ...BITMAP_LIMITS, leavesMax: 20, inputsMax: 16, gatesMax: 70, heightMax: 6 },
  },
] as const;

describe('gates of random plans', () => {
  it.each(WAYS)(`mean what the plans mean and keep within the limits: $name (GATES_SEED=${SEED})`, (way) => {
    process.stderr.write(`gates: GATES_SEED=${SEED}\n`);
    const random = seeded(SEED);
    for (let plan = 0; plan < PLANS; plan += 1) {
      const nodes = Array.from({ length: 1 + Math.floor(random() * 5) }, () => randomNode(random, 4));
      const builder = new GateBuilder({ inputsMax: way.limits.inputsMax, spellsSums: way.spellsSums });
      const gates = nodes.map((node) => builder.of(node));
      const asked = gates.filter(({ kind }) => kind !== 'none');
      for (let user = 0; user < 3; user += 1) {
        const share = random();
        const held = new Set(Array.from({ length: LEAVES }, (_, leaf) => `l${leaf}`).filter(() => random() < share));
        const answers = answer(builder, asked, way, held);
        nodes.forEach((node, index) => {
          const gate = gates[index];
          const isMember = gate !== undefined && gate.kind !== 'none' && answers.get(gate);
          expect({ plan, key: node.key, isMember }).toEqual({ plan, key: node.key, isMember: belongs(node, held) });
        });
      }
    }
  });

  it('makes gates of very wide and of very deep plans', () => {
    const lists = Array.from({ length: 2_500 }, (_, index) => listReadNode(`w${index}`));
    let deep: PlanNode = listReadNode('w0');
    for (let level = 1; level < 300; level += 1) {
      deep = differenceNode(universeNode(), intersectNode([deep, unionNode([lists[level] ?? deep, deep])]));
    }
    const nodes = [unionNode(lists), intersectNode(lists), thresholdNode(1_250, lists), deep];
    const held = new Set(Array.from({ length: 1_250 }, (_, index) => `w${2 * index}`));
    for (const way of [WAYS[0], WAYS[1]]) {
      const { spellsSums, limits } = way;
      const builder = new GateBuilder({ inputsMax: limits.inputsMax, spellsSums });
      const gates = nodes.map((node) => builder.of(node));
      const answers = answer(builder, gates, way, held);
      expect(gates.map((gate) => answers.get(gate))).toEqual([true, false, true, deepBelongs(299, held)]);
    }
  });
});

/** As `deep` above, from the inside out. */
function deepBelongs(levels: number, held: Held): boolean {
  let inside = held.has('w0');
  for (let level = 1; level <= levels; level += 1) inside = !(inside && (held.has(`w${level}`) || inside));
  return inside;
}
