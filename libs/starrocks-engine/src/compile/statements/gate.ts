import type { ScanNode } from '../leaf';

/** Rows of a table of bitmaps, (…, sys_seg, sys_guids), that make up one set of users together. */
export interface StoredBitmap {
  readonly table: string;
  /** Picks the rows; over the table's own columns. */
  readonly condition: string;
  /** Operators and constants of the condition; default: a few. */
  readonly parts?: number;
}

/** What a weighted sum of its inputs is asked for: whether it reaches a number, or one of its binary digits. */
export type SumTest =
  { readonly kind: 'atLeast'; readonly least: number } | { readonly kind: 'digit'; readonly digit: number };

/** One input of a sum; counts `weight` times. */
export interface SumTerm {
  readonly gate: Gate;
  /** At least 1. */
  readonly weight: number;
}

interface GateBase {
  /** Grows from the leaves up: the inputs of a gate have smaller ids. */
  readonly id: number;
}

/** A scan as a leaf of the statement. */
export type ScanGate = GateBase & { readonly kind: 'scan'; readonly node: ScanNode };
/** A stored set of users; may hold erased ones, so it counts only within the universe. */
export type StoredGate = GateBase & { readonly kind: 'stored'; readonly bitmap: StoredBitmap };
export type ManyGate = GateBase & { readonly kind: 'and' | 'or'; readonly inputs: readonly Gate[] };
/** `left` and not `right`. */
export type LessGate = GateBase & { readonly kind: 'less'; readonly left: Gate; readonly right: Gate };
export type SumGate = GateBase & {
  readonly kind: 'sum';
  readonly terms: readonly SumTerm[];
  readonly test: SumTest;
};
export type ConstantGate = GateBase & { readonly kind: 'all' | 'none' };

/**
 * What a plan node comes down to in SQL. Constants are folded: `none` has no users of its own, `all` is only the left side of a `less`. Equal
 * gates of one builder are one object.
 */
export type Gate = ConstantGate | ScanGate | StoredGate | ManyGate | LessGate | SumGate;

export type LeafGate = ScanGate | StoredGate;

export function isLeaf(gate: Gate): gate is LeafGate {
  return gate.kind === 'scan' || gate.kind === 'stored';
}

const NO_INPUTS: readonly Gate[] = [];

/** What a gate is made of; nothing for a leaf. */
export function gateInputs(gate: Gate): readonly Gate[] {
  switch (gate.kind) {
    case 'all':
    case 'none':
    case 'scan':
    case 'stored':
      return NO_INPUTS;
    case 'and':
    case 'or':
      return gate.inputs;
    case 'less':
      return [gate.left, gate.right];
    case 'sum':
      return gate.terms.map((term) => term.gate);
  }
}
