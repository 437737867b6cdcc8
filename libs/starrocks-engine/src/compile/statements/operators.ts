import { leafParts } from '../leaves';
import type { Gate, LeafGate } from './gate';
import type { Shape } from './shape';

/**
 * How many operators and constants gates are once their columns are put in. The frontend does that whatever sub-selects stand between (projections
 * are merged, predicates pushed down), so an input used twice counts twice; of more than 10,000 it says "Expression too complex".
 */
export interface OperatorCosts {
  leaf(leaf: LeafGate): number;
  /** Of a gate itself, beside its inputs. */
  own(gate: Gate): number;
  /** Of a result that was kept. */
  readonly kept: number;
}

/** `bitmap_contains(m0.b0, u.sys_guid)`. */
const STORED_BOOLEAN = 3;
/** `ifnull(bitmap, bitmap_empty())`. */
const NEVER_NULL = 3;
/** `bitmap_and(sys_all, ifnull(bitmap, bitmap_empty()))`, with `sys_all` put in. */
const STORED_BITMAP = 1 + 2 * NEVER_NULL;
/** `AND NOT ifnull(…, false)`. */
const NEGATION = 4;
/** `+ if(…, 1, 0)`. */
const TERM = 4;
/** `(… DIV 4) % 2 = 1`. */
const SUM_TEST = 6;

const BOOLEAN_COSTS: OperatorCosts = {
  kept: STORED_BOOLEAN,
  leaf: (leaf) => (leaf.kind === 'scan' ? leafParts(leaf.node) : STORED_BOOLEAN),
  own: (gate) => {
    switch (gate.kind) {
      case 'and':
      case 'or':
        return gate.inputs.length;
      case 'less':
        return NEGATION;
      case 'sum':
        return gate.terms.length * TERM + SUM_TEST;
      default:
        return 0;
    }
  },
};

const BITMAP_COSTS: OperatorCosts = {
  kept: STORED_BITMAP,
  // The condition of a scan stands inside of `bitmap_agg`, where nothing is put in from outside.
  leaf: (leaf) => (leaf.kind === 'scan' ? NEVER_NULL : STORED_BITMAP),
  own: (gate) => {
    switch (gate.kind) {
      case 'and':
      case 'or':
        return gate.inputs.length - 1;
      case 'less':
        return 1 + (gate.left.kind === 'all' ? NEVER_NULL : 0);
      default:
        return 0;
    }
  },
};

export const OPERATOR_COSTS: Readonly<Record<Shape['name'], OperatorCosts>> = {
  mixed: BOOLEAN_COSTS,
  bitmap: BITMAP_COSTS,
};
