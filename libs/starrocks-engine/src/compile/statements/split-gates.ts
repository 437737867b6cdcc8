import type { ScanNode } from '../leaf';
import type { Gate, LeafGate } from './gate';
import { gateInputs } from './gate';
import { reach } from './levels';
import type { StatementLimits } from './limits';

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

/** What is left of a gate below the cuts. */
interface Rest {
  readonly leaves: ReadonlySet<Gate>;
  readonly inner: ReadonlySet<Gate>;
  readonly height: number;
}

/** Leaves that a gate counts for once it is one. */
export function leafWeight(gate: Gate): number {
  return gate.kind === 'scan' ? scanWeight(gate.node) : 1;
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
export function splitGates(asked: readonly Gate[], limits: StatementLimits): Split {
  const distinct = [...new Set(asked)];
  if (fitsAtOnce(distinct, limits))
    return { kept: [], asked: distinct.length === 0 ? [] : [{ gates: distinct, reads: [] }] };
  return new GateSplitter(limits).split(distinct);
}

function fitsAtOnce(asked: readonly Gate[], limits: StatementLimits): boolean {
  if (asked.length > limits.askedMax) return false;
  const { leaves, inner } = reach(asked, new Map());
  if (inner.length > limits.gatesMax || totalWeight(leaves) > limits.leavesMax) return false;
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

  constructor(private readonly limits: StatementLimits) {}

  split(asked: readonly Gate[]): Split {
    const { leaves, inner } = reach(asked, new Map<Gate, LeafGate>());
    for (const leaf of leaves) this.#rests.set(leaf, { leaves: new Set([leaf]), inner: new Set(), height: 0 });
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
    const { leavesMax, gatesMax } = this.limits;
    if (whole.inner.size <= gatesMax && weigh(whole.leaves, this.#cuts) <= leavesMax) return whole;
    this.#cutHeaviest(inputs);
    return this.#join(inputs, gate);
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
    if (this.#cuts.has(gate)) return { leaves: new Set([gate]), inner: new Set(), height: 0 };
    const rest = this.#rests.get(gate);
    if (rest === undefined) throw new Error(`gate ${gate.id} is used before it is looked at`);
    return rest;
  }

  #join(inputs: readonly Gate[], gate: Gate): Rest {
    const leaves = new Set<Gate>();
    const inner = new Set<Gate>([gate]);
    let height = 0;
    for (const input of inputs) {
      const rest = this.#seen(input);
      rest.leaves.forEach((leaf) => leaves.add(leaf));
      rest.inner.forEach((each) => inner.add(each));
      height = Math.max(height, rest.height);
    }
    return { leaves, inner, height: height + 1 };
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

const NOTHING: Rest = { leaves: new Set(), inner: new Set(), height: 0 };

/** A statement that gates are added to until it is full. */
class OpenStatement {
  readonly gates: Gate[] = [];
  readonly #leaves = new Set<Gate>();
  readonly #inner = new Set<Gate>();
  #weight = 0;

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
      this.#inner.size + inner.length > this.limits.gatesMax;
    if (isFull && this.gates.length > 0) return false;
    this.gates.push(gate);
    leaves.forEach((leaf) => this.#leaves.add(leaf));
    inner.forEach((each) => this.#inner.add(each));
    this.#weight = weight;
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
