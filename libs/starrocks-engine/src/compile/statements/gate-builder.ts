import type { PlanNode, ProfileScanNode, TagTest } from '@tessera/audience';
import { profileScanNode } from '@tessera/audience';
import { identifier, LISTS_TABLE, SNAPSHOTS_TABLE, VERSION } from '../../schema/names';
import { textLiteral } from '../../sql/literal';
import type { ScanNode } from '../leaf';
import { testParts } from '../leaves';
import { addDigits, reaches } from './adder-network';
import type { Gate, StoredBitmap, SumTerm, SumTest } from './gate';

export interface GateOptions {
  /** Inputs that one gate may have; more of them make gates over gates. At least 2. */
  readonly inputsMax: number;
  /** True: sums are spelled out in and, or and less, for shapes that can't count. */
  readonly spellsSums: boolean;
  /** Reads a kv tag from stored bitmaps instead of its table; null: from its table. */
  readonly placeKv?: (node: Extract<PlanNode, { kind: 'kvRead' }>) => StoredBitmap | null;
}

/** So few are compared with each other faster than put into a set. */
const FEW = 16;
const listColumn = identifier('sys_list');
const audienceColumn = identifier('sys_audience');
const versionColumn = identifier(VERSION);

/** Tests of one scan in one leaf; a scan of more is an intersection of scans. */
const SCAN_TESTS_MAX = 64;
/** Operators and constants of one scan's tests. */
const SCAN_PARTS_MAX = 4_000;

/**
 * Makes gates of plan nodes: every distinct node once. Nodes of a plan are interned by key, and so are the gates that come out equal. The
 * order of unordered inputs is that of their keys, so that equal nodes give equal gates in the same order.
 */
export class GateBuilder {
  readonly #byNode = new Map<string, Gate>();
  readonly #byText = new Map<string, Gate>();
  /** Every gate made, in the order of ids. */
  readonly gates: Gate[] = [];

  constructor(readonly options: GateOptions) {}

  readonly #all = this.#intern('all', (id) => ({ id, kind: 'all' }));
  readonly #none = this.#intern('none', (id) => ({ id, kind: 'none' }));

  get all(): Gate {
    return this.#all;
  }

  get none(): Gate {
    return this.#none;
  }

  /** The gate of a node. */
  of(node: PlanNode): Gate {
    let gate = this.#byNode.get(node.key);
    if (gate === undefined) {
      gate = this.#make(node);
      this.#byNode.set(node.key, gate);
    }
    return gate;
  }

  stored(bitmap: StoredBitmap): Gate {
    return this.#intern(`stored ${bitmap.table} ${bitmap.condition}`, (id) => ({ id, kind: 'stored', bitmap }));
  }

  /** The gate of a list's users. */
  list(listId: string): Gate {
    return this.stored(storedList(listId));
  }

  and(inputs: readonly Gate[]): Gate {
    return this.#many('and', inputs, this.#all, this.#none);
  }

  or(inputs: readonly Gate[]): Gate {
    return this.#many('or', inputs, this.#none, this.#all);
  }

  less(left: Gate, right: Gate): Gate {
    if (right.kind === 'none' || left.kind === 'none') return left;
    if (right.kind === 'all' || left === right) return this.#none;
    // ¬¬x, for any x within the universe.
    if (left.kind === 'all' && right.kind === 'less' && right.left.kind === 'all') return right.right;
    return this.#intern(`less ${left.id} ${right.id}`, (id) => ({ id, kind: 'less', left, right }));
  }

  /** Those for whom the weights of the inputs they belong to add up to at least `least`. */
  atLeast(least: number, given: readonly SumTerm[]): Gate {
    const terms = given.filter(({ gate }) => gate.kind !== 'all' && gate.kind !== 'none');
    const always = sumOfWeights(given.filter(({ gate }) => gate.kind === 'all'));
    const needed = least - always;
    const most = sumOfWeights(terms);
    if (needed <= 0) return this.#all;
    if (needed > most) return this.#none;
    const gates = terms.map(({ gate }) => gate);
    if (terms.every(({ weight }) => weight >= needed)) return this.or(gates);
    if (terms.every(({ weight }) => most - weight < needed)) return this.and(gates);
    if (terms.length > this.options.inputsMax) return this.atLeast(needed, this.#digitsOfParts(terms));
    if (this.options.spellsSums) return reaches(this, addDigits(this, terms), needed);
    return this.#sum(terms, { kind: 'atLeast', least: needed });
  }

  /** Sums of parts of the terms, each as its binary digits: fewer terms of larger weights with the same sum. */
  #digitsOfParts(terms: readonly SumTerm[]): readonly SumTerm[] {
    return partsOf(terms, this.options.inputsMax).flatMap((part) =>
      this.#digits(part).flatMap((gate, digit) => (gate.kind === 'none' ? [] : [{ gate, weight: 2 ** digit }])),
    );
  }

  #digits(terms: readonly SumTerm[]): readonly Gate[] {
    if (this.options.spellsSums) return addDigits(this, terms);
    const digits = Math.floor(Math.log2(sumOfWeights(terms))) + 1;
    return Array.from({ length: digits }, (_, digit) => this.#sum(terms, { kind: 'digit', digit }));
  }

  #sum(terms: readonly SumTerm[], test: SumTest): Gate {
    const asked = test.kind === 'atLeast' ? `>= ${test.least}` : `digit ${test.digit}`;
    const text = terms.map(({ gate, weight }) => `${gate.id}*${weight}`).join(' ');
    return this.#intern(`sum ${asked} ${text}`, (id) => ({ id, kind: 'sum', terms, test }));
  }

  #make(node: PlanNode): Gate {
    switch (node.kind) {
      case 'universe':
        return this.#all;
      case 'empty':
        return this.#none;
      case 'profileScan':
        return this.#profile(node);
      case 'kvRead': {
        const bitmap = this.options.placeKv?.(node) ?? null;
        return bitmap === null ? this.#scan(node) : this.stored(bitmap);
      }
      case 'eventScan':
      case 'sequenceScan':
        return this.#scan(node);
      case 'listRead':
        return this.list(node.listId);
      case 'snapshotRead':
        return this.stored(storedSnapshot(node.audienceId, node.version));
      case 'intersect':
        return this.and(this.#ofMany(node.inputs));
      case 'union':
        return this.or(this.#ofMany(node.inputs));
      case 'difference':
        return this.less(this.of(node.left), this.of(node.right));
      case 'threshold':
        return this.atLeast(node.atLeast, this.#weighed(node.inputs));
    }
  }

  #profile(node: ProfileScanNode): Gate {
    const parts = scanParts(node.tests);
    if (parts.length < 2) return this.#scan(node);
    return this.and(parts.map((tests) => this.of(profileScanNode(node.tagType, tests))));
  }

  /** Made once for each node, as its gate is. */
  #scan(node: ScanNode): Gate {
    const gate: Gate = { id: this.gates.length, kind: 'scan', node };
    this.gates.push(gate);
    return gate;
  }

  #ofMany(nodes: readonly PlanNode[]): readonly Gate[] {
    return byKey(nodes).map((node) => this.of(node));
  }

  #weighed(nodes: readonly PlanNode[]): readonly SumTerm[] {
    const weights = new Map<Gate, number>();
    for (const gate of this.#ofMany(nodes)) weights.set(gate, (weights.get(gate) ?? 0) + 1);
    return [...weights].map(([gate, weight]) => ({ gate, weight }));
  }

  /** @param neutral changes nothing as an input. @param absorbing as an input, is the result. */
  #many(kind: 'and' | 'or', inputs: readonly Gate[], neutral: Gate, absorbing: Gate): Gate {
    if (inputs.includes(absorbing)) return absorbing;
    const distinct = distinctOf(inputs, neutral);
    const [first] = distinct;
    if (first === undefined) return neutral;
    if (distinct.length === 1) return first;
    if (distinct.length > this.options.inputsMax) {
      const parts = partsOf(distinct, this.options.inputsMax);
      return this.#many(
        kind,
        parts.map((part) => this.#many(kind, part, neutral, absorbing)),
        neutral,
        absorbing,
      );
    }
    let text: string = kind;
    for (const { id } of distinct) text += ` ${id}`;
    return this.#intern(text, (id) => ({ id, kind, inputs: distinct }));
  }

  #intern(text: string, make: (id: number) => Gate): Gate {
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const gate = make(this.gates.length);
    this.gates.push(gate);
    this.#byText.set(text, gate);
    return gate;
  }
}

/** The rows of an uploaded list or of a set of users kept for a question. */
export function storedList(listId: string): StoredBitmap {
  return { table: LISTS_TABLE, condition: `${listColumn} = ${textLiteral(listId)}` };
}

function storedSnapshot(audienceId: string, version: number): StoredBitmap {
  const condition = `${audienceColumn} = ${textLiteral(audienceId)} AND ${versionColumn} = ${version}`;
  return { table: SNAPSHOTS_TABLE, condition };
}

/** Most gates have two or three inputs, for which a sort by insertion is the fastest. */
function byKey(nodes: readonly PlanNode[]): readonly PlanNode[] {
  if (nodes.length < 2) return nodes;
  if (nodes.length > FEW)
    return [...nodes].sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
  const sorted: PlanNode[] = [];
  for (const node of nodes) {
    let at = sorted.length;
    for (let before = sorted[at - 1]; before !== undefined && before.key > node.key; before = sorted[at - 1]) {
      sorted[at] = before;
      at -= 1;
    }
    sorted[at] = node;
  }
  return sorted;
}

/** In order, without `left`. */
function distinctOf(gates: readonly Gate[], left: Gate): readonly Gate[] {
  if (gates.length > FEW) return [...new Set(gates)].filter((gate) => gate !== left);
  const distinct: Gate[] = [];
  for (const gate of gates) if (gate !== left && !distinct.includes(gate)) distinct.push(gate);
  return distinct;
}

/** Tests that can stand in one leaf together, in order. */
function scanParts(tests: readonly TagTest[]): readonly (readonly TagTest[])[] {
  const scans: TagTest[][] = [];
  let open: TagTest[] = [];
  let parts = 0;
  for (const test of tests) {
    const more = testParts(test);
    if (open.length === 0 || open.length === SCAN_TESTS_MAX || parts + more > SCAN_PARTS_MAX) {
      open = [];
      parts = 0;
      scans.push(open);
    }
    open.push(test);
    parts += more;
  }
  return scans;
}

function sumOfWeights(terms: readonly SumTerm[]): number {
  return terms.reduce((sum, { weight }) => sum + weight, 0);
}

/** Parts of about equal length, none longer than `max`. */
function partsOf<T>(items: readonly T[], max: number): T[][] {
  const parts = Math.ceil(items.length / max);
  const length = Math.ceil(items.length / parts);
  return Array.from({ length: parts }, (_, part) => items.slice(part * length, (part + 1) * length));
}
