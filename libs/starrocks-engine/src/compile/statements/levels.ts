import type { Gate, LeafGate, SumTest } from './gate';
import { gateInputs, isLeaf } from './gate';

/** How a shape spells gates over the texts of their inputs. */
export interface GateWriter {
  /** The universe, as the left side of a `less`; null: such a `less` is a negation. */
  readonly universe: string | null;
  and(inputs: readonly string[]): string;
  or(inputs: readonly string[]): string;
  less(left: string | null, right: string): string;
  sum(terms: readonly (readonly [text: string, weight: number])[], test: SumTest): string;
}

/** A named column and what it is computed from. */
export interface Column {
  readonly name: string;
  readonly text: string;
}

/** Gates spelled out as columns of nested sub-selects. */
export interface Levels {
  /** Columns of the innermost sub-select, in order. */
  readonly leaves: readonly (readonly [name: string, leaf: LeafGate])[];
  /** From the innermost to the outermost; each is over the columns of those before it. */
  readonly levels: readonly (readonly Column[])[];
  /** The column of a gate asked for; not of a constant. */
  columnOf(gate: Gate): string;
}

/** Brackets in brackets before a gate gets a column of its own. */
const NESTING_MAX = 8;

/** In place of the text of an input: the universe. */
const EVERYBODY = '';

interface Spelled {
  readonly text: string;
  /** The innermost sub-select over which the text can stand: 0 is that of the leaves. */
  readonly level: number;
  readonly nesting: number;
}

/**
 * Spells gates out. A gate that is asked for or used more than once gets a column, so that the text grows with the number of gates and not with
 * that of the paths; a gate used once stands in its user's text.
 *
 * @param replaced gates that are read from what was kept of them.
 */
export function writeLevels(
  asked: readonly Gate[],
  writer: GateWriter,
  replaced: ReadonlyMap<Gate, LeafGate> = new Map(),
): Levels {
  const { leaves, inner, uses } = reach(asked, replaced);
  const spelled = new Map<Gate, Spelled>();
  leaves.forEach((leaf, index) => spelled.set(leaf, { text: `b${index}`, level: 0, nesting: 0 }));
  const levels: Column[][] = [];
  const isAsked = new Set(asked);
  let named = 0;
  for (const gate of inner) {
    const inputs: string[] = [];
    let nesting = 1;
    let level = 0;
    for (const input of gateInputs(gate)) {
      const known = spellInput(input, spelled, replaced);
      inputs.push(known?.text ?? EVERYBODY);
      nesting = Math.max(nesting, 1 + (known?.nesting ?? 0));
      level = Math.max(level, known?.level ?? 0);
    }
    const text = spell(gate, inputs, writer);
    if (isAsked.has(gate) || (uses[gate.id] ?? 0) > 1 || nesting >= NESTING_MAX) {
      const name = `n${named}`;
      named += 1;
      while (levels.length <= level) levels.push([]);
      levels[level]?.push({ name, text });
      spelled.set(gate, { text: name, level: level + 1, nesting: 0 });
    } else {
      spelled.set(gate, { text, level, nesting });
    }
  }
  return {
    leaves: leaves.map((leaf, index) => [`b${index}`, leaf] as const),
    levels,
    columnOf: (gate) => spellInput(gate, spelled, replaced)?.text ?? '',
  };
}

/** What gates are made of. */
export interface Reach {
  /** In the order of ids. */
  readonly leaves: readonly LeafGate[];
  /** The others but the constants, in the order of ids. */
  readonly inner: readonly Gate[];
  /** How often a gate is used, at the place of its id. */
  readonly uses: readonly number[];
}

/** Follows gates down to their leaves, from the greatest id on: inputs have smaller ones, so each gate is looked at once, with all its uses known. */
export function reach(asked: readonly Gate[], replaced: ReadonlyMap<Gate, LeafGate>): Reach {
  const gates: Gate[] = [];
  const uses: number[] = [];
  /** Made after the gates that are read from them, so their ids are greater. */
  const kept = new Set<LeafGate>();
  const visit = (gate: Gate): void => {
    const leaf = replaced.get(gate);
    if (leaf !== undefined) {
      kept.add(leaf);
      return;
    }
    for (let id = gates.length; id <= gate.id; id += 1) {
      gates.push(NO_GATE);
      uses.push(0);
    }
    gates[gate.id] = gate;
    uses[gate.id] = (uses[gate.id] ?? 0) + 1;
  };
  asked.forEach(visit);
  const leaves: LeafGate[] = [];
  const inner: Gate[] = [];
  for (let id = gates.length - 1; id >= 0; id -= 1) {
    const gate = gates[id] ?? NO_GATE;
    if (isLeaf(gate)) {
      leaves.push(gate);
    } else if (gate.kind !== 'all' && gate.kind !== 'none') {
      inner.push(gate);
      gateInputs(gate).forEach(visit);
    }
  }
  leaves.reverse();
  for (const leaf of kept) if (!leaves.includes(leaf)) leaves.push(leaf);
  if (kept.size > 0) leaves.sort((left, right) => left.id - right.id);
  return { leaves, inner: inner.reverse(), uses };
}

const NO_GATE: Gate = { id: -1, kind: 'none' };

/** null: the universe. */
function spellInput(
  gate: Gate,
  spelled: ReadonlyMap<Gate, Spelled>,
  replaced: ReadonlyMap<Gate, LeafGate>,
): Spelled | null {
  if (gate.kind === 'all') return null;
  const found = spelled.get(replaced.get(gate) ?? gate);
  if (found === undefined) throw new Error(`a gate of the kind ${gate.kind} is used before it is spelled out`);
  return found;
}

/** @param inputs their texts; `EVERYBODY` for the universe. */
function spell(gate: Gate, inputs: readonly string[], writer: GateWriter): string {
  switch (gate.kind) {
    case 'and':
      return writer.and(inputs);
    case 'or':
      return writer.or(inputs);
    case 'less':
      return writer.less(inputs[0] === EVERYBODY ? writer.universe : (inputs[0] ?? null), inputs[1] ?? '');
    case 'sum':
      return writer.sum(
        gate.terms.map(({ weight }, index) => [inputs[index] ?? '', weight] as const),
        gate.test,
      );
    case 'all':
    case 'none':
    case 'scan':
    case 'stored':
      throw new Error(`a gate of the kind ${gate.kind} has nothing to spell out`);
  }
}
