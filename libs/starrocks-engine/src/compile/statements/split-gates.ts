import type { ScanNode } from '../leaf';
import type { Gate, LeafGate } from './gate';
import { gateInputs } from './gate';
import { reach } from './levels';
import { TOGETHER } from './limits';
import type { StatementLimits } from './limits';
import type { OperatorCosts } from './operators';

/** Gates of one statement. */
export interface StatementGates {
  readonly gates: readonly Gate[];
  /** Gates whose kept results it reads. */
  readonly reads: readonly Gate[];
}

/** How a question is asked in statements that keep within limits. */
export interface Split {
  /** Gates whose results are kept first, in order: a statement may read what earlier ones have kept. */
  readonly kept: readonly StatementGates[];
  /** Gates that are asked for, every one in one statement. */
  readonly asked: readonly StatementGates[];
}

/** Results kept by one statement at most. */
const KEPT_TOGETHER_MAX = 16;

const SEQUENCE_WEIGHT = 6;
/** Parts of the conditions on stored bitmaps for each leaf that a statement may have: those on one table are one expression. */
const PARTS_A_LEAF = 16;

/** What is left of a gate below the cuts. */
interface Rest {
  readonly leaves: ReadonlySet<Gate>;
  readonly inner: ReadonlySet<Gate>;
  readonly height: number;
  /** As of `OperatorCosts`. */
  readonly operators: number;
}

/** No sum of operators goes beyond. */
const OPERATORS_CAP = 1e12;

/** Leaves that a gate counts for once it is one. */
export function leafWeight(gate: Gate): number {
  if (gate.kind === 'scan') return scanWeight(gate.node);
  return gate.kind === 'stored' ? Math.ceil((gate.bitmap.parts ?? 1) / PARTS_A_LEAF) : 1;
}

function scanWeight(node: ScanNode): number {
  switch (node.kind) {
    case 'profileScan':
      return node.tests.length;
    case 'sequenceScan':
      // Each is a relation of its own, of which there are at most 100.
      return Math.max(node.steps.length, SEQUENCE_WEIGHT);
    case 'kvRead':
    case 'eventScan':
      return 1;
  }
}

/** Cuts gates off until every statement keeps within the limits; nothing is cut where one statement is enough. */
export function splitGates(asked: readonly Gate[], limits: StatementLimits, costs: OperatorCosts): Split {
  const distinct = [...new Set(asked)];
  if (fitsAtOnce(distinct, limits, costs))
    return { kept: [], asked: distinct.length === 0 ? [] : [{ gates: distinct, reads: [] }] };
  return new GateSplitter(limits, costs).split(distinct);
}

function fitsAtOnce(asked: readonly Gate[], limits: StatementLimits, costs: OperatorCosts): boolean {
  if (asked.length > limits.askedMax) return false;
  const { leaves, inner } = reach(asked, new Map());
  if (inner.length > limits.gatesMax || totalWeight(leaves) > limits.leavesMax) return false;
  /** At the places of the gates' ids. */
  const operators: number[] = [];
  for (const leaf of leaves) operators[leaf.id] = costs.leaf(leaf);
  for (const gate of inner) {
    let count = costs.own(gate);
    for (const input of gateInputs(gate)) count += operators[input.id] ?? 0;
    if (count > limits.operatorsMax) return false;
    operators[gate.id] = count;
  }
  const together = asked.reduce((sum, gate) => sum + (operators[gate.id] ?? 0), 0);
  if (together > TOGETHER * limits.operatorsMax) return false;
  // No pile is higher than it has stones.
  if (inner.length <= limits.heightMax) return true;
  const heights = new Map<Gate, number>();
  for (const gate of inner) {
    const height = 1 + Math.max(...gateInputs(gate).map((input) => heights.get(input) ?? 0));
    if (height > limits.heightMax) return false;
    heights.set(gate, height);
  }
  return true;
}

class GateSplitter {
  readonly #rests = new Map<Gate, Rest>();
  /** In the order in which they have to be kept. */
  readonly #cuts = new Set<Gate>();

  constructor(
    private readonly limits: StatementLimits,
    private readonly costs: OperatorCosts,
  ) {}

  split(asked: readonly Gate[]): Split {
    const { leaves, inner } = reach(asked, new Map<Gate, LeafGate>());
    for (const leaf of leaves) {
      this.#rests.set(leaf, { leaves: new Set([leaf]), inner: new Set(), height: 0, operators: this.costs.leaf(leaf) });
    }
    for (const gate of inner) this.#rests.set(gate, this.#restOf(gate));
    // What was cut is asked for by its kept result.
    const byId = [...asked].sort((left, right) => left.id - right.id);
    return { kept: this.#groupCuts(), asked: this.#groupAsked(byId) };
  }

  #restOf(gate: Gate): Rest {
    const inputs = gateInputs(gate).filter((input) => input.kind !== 'all');
    for (const input of inputs) {
      if (this.#seen(input).height >= this.limits.heightMax) this.#cuts.add(input);
    }
    const whole = this.#join(inputs, gate);
    const { leavesMax, gatesMax, operatorsMax } = this.limits;
    const isWide = whole.inner.size > gatesMax || weigh(whole.leaves, this.#cuts) > leavesMax;
    if (isWide) this.#cutHeaviest(inputs);
    const rest = isWide ? this.#join(inputs, gate) : whole;
    if (rest.operators <= operatorsMax) return rest;
    this.#cutMostOperators(inputs, rest.operators);
    return this.#join(inputs, gate);
  }

  /** Cuts the inputs with the most operators off, leaves too. @param operators of all of them and the gate. */
  #cutMostOperators(inputs: readonly Gate[], operators: number): void {
    const { kept } = this.costs;
    const sized = inputs.map((input) => ({ input, own: this.#seen(input).operators }));
    let left = operators;
    for (const { input, own } of sized.sort((one, other) => other.own - one.own)) {
      if (left <= this.limits.operatorsMax || own <= kept) return;
      this.#cuts.add(input);
      left += kept - own;
    }
  }

  /** Cuts the heaviest inputs off until the others, had they nothing in common, would fit. */
  #cutHeaviest(inputs: readonly Gate[]): void {
    const sized = inputs.map((input) => {
      const { leaves, inner } = this.#seen(input);
      return { input, weight: totalWeight(leaves), inner: inner.size };
    });
    let weight = sized.reduce((sum, each) => sum + each.weight, 0);
    let inner = 1 + sized.reduce((sum, each) => sum + each.inner, 0);
    for (const each of sized.sort((left, right) => right.weight + right.inner - left.weight - left.inner)) {
      if (weight <= this.limits.leavesMax && inner <= this.limits.gatesMax) return;
      if (each.weight <= 1 && each.inner === 0) continue;
      this.#cuts.add(each.input);
      weight += 1 - each.weight;
      inner -= each.inner;
    }
  }

  /** What a gate that uses this one has to look at. */
  #seen(gate: Gate): Rest {
    if (this.#cuts.has(gate)) {
      return { leaves: new Set([gate]), inner: new Set(), height: 0, operators: this.costs.kept };
    }
    const rest = this.#rests.get(gate);
    if (rest === undefined) throw new Error(`gate ${gate.id} is used before it is looked at`);
    return rest;
  }

  #join(inputs: readonly Gate[], gate: Gate): Rest {
    const leaves = new Set<Gate>();
    const inner = new Set<Gate>([gate]);
    let height = 0;
    let operators = this.costs.own(gate);
    for (const input of inputs) {
      const rest = this.#seen(input);
      operators = Math.min(operators + rest.operators, OPERATORS_CAP);
      rest.leaves.forEach((leaf) => leaves.add(leaf));
      rest.inner.forEach((each) => inner.add(each));
      height = Math.max(height, rest.height);
    }
    return { leaves, inner, height: height + 1, operators };
  }

  #groupCuts(): readonly StatementGates[] {
    const kept = new Set<Gate>();
    const groups: StatementGates[] = [];
    let open = new OpenStatement(this.limits, KEPT_TOGETHER_MAX, kept);
    for (const gate of this.#cuts) {
      const rest = this.#rests.get(gate);
      if (rest === undefined) throw new Error(`gate ${gate.id} is cut before it is looked at`);
      if (open.reads(rest) || !open.add(gate, rest)) {
        groups.push(open.close());
        open.gates.forEach((each) => kept.add(each));
        open = new OpenStatement(this.limits, KEPT_TOGETHER_MAX, kept);
        open.add(gate, rest);
      }
    }
    return open.gates.length === 0 ? groups : [...groups, open.close()];
  }

  #groupAsked(asked: readonly Gate[]): readonly StatementGates[] {
    const groups: StatementGates[] = [];
    let open = new OpenStatement(this.limits, this.limits.askedMax, this.#cuts);
    for (const gate of asked) {
      const rest = gate.kind === 'all' ? NOTHING : this.#seen(gate);
      if (!open.add(gate, rest)) {
        groups.push(open.close());
        open = new OpenStatement(this.limits, this.limits.askedMax, this.#cuts);
        open.add(gate, rest);
      }
    }
    return open.gates.length === 0 ? groups : [...groups, open.close()];
  }
}

const NOTHING: Rest = { leaves: new Set(), inner: new Set(), height: 0, operators: 0 };

/** A statement that gates are added to until it is full. */
class OpenStatement {
  readonly gates: Gate[] = [];
  readonly #leaves = new Set<Gate>();
  readonly #inner = new Set<Gate>();
  #weight = 0;
  #operators = 0;

  /** @param kept gates that it can read. */
  constructor(
    private readonly limits: StatementLimits,
    private readonly gatesMax: number,
    private readonly kept: ReadonlySet<Gate>,
  ) {}

  /** Whether one of its gates would have to be read in it. */
  reads(rest: Rest): boolean {
    return this.gates.some((gate) => rest.leaves.has(gate));
  }

  /** False: it is full. The first gate always fits. */
  add(gate: Gate, rest: Rest): boolean {
    const leaves = [...rest.leaves].filter((leaf) => !this.#leaves.has(leaf));
    const inner = [...rest.inner].filter((each) => !this.#inner.has(each));
    const weight = this.#weight + weigh(leaves, this.kept);
    const isFull =
      this.gates.length >= this.gatesMax ||
      weight > this.limits.leavesMax ||
      this.#operators + rest.operators > TOGETHER * this.limits.operatorsMax ||
      this.#inner.size + inner.length > this.limits.gatesMax;
    if (isFull && this.gates.length > 0) return false;
    this.gates.push(gate);
    leaves.forEach((leaf) => this.#leaves.add(leaf));
    inner.forEach((each) => this.#inner.add(each));
    this.#weight = weight;
    this.#operators += rest.operators;
    return true;
  }

  close(): StatementGates {
    return { gates: this.gates, reads: [...this.#leaves].filter((leaf) => this.kept.has(leaf)) };
  }
}

/** What is kept counts once, whatever it was. */
function weigh(leaves: Iterable<Gate>, kept: ReadonlySet<Gate>): number {
  let weight = 0;
  for (const leaf of leaves) weight += kept.has(leaf) ? 1 : leafWeight(leaf);
  return weight;
}

function totalWeight(leaves: Iterable<Gate>): number {
  return weigh(leaves, NOTHING.leaves);
}
