import type { PlanNode } from '../plan';
import { intersectNode, unionNode } from '../plan-nodes';
import type { Rewrite } from './rewrite';

/**
 * A group with more inputs than this stays a group: absorbed at each of 64 levels, it would be worked over 64 times, and it
 * is worth sharing.
 */
const ABSORBED_INPUTS_MAX = 32;

/** Intersections of intersections become one, unions of unions too; a group of one becomes what is in it. */
export const flatten: Rewrite = {
  name: 'flatten',
  apply(node, { log }) {
    if (node.kind !== 'intersect' && node.kind !== 'union') {
      return node;
    }
    const [only] = node.inputs;
    if (only !== undefined && node.inputs.length === 1) {
      log.add('flatten', `a ${nameOf(node.kind)} of one is that one`);
      return only;
    }
    const absorbed = node.inputs.map((input) => inputsToAbsorb(node.kind, input));
    if (absorbed.every((inputs) => inputs === null)) {
      return node;
    }
    const inputs = node.inputs.flatMap((input, index) => absorbed[index] ?? [input]);
    log.add('flatten', `${nameOf(node.kind)}s inside one another are one of ${inputs.length} inputs`);
    return node.kind === 'intersect' ? intersectNode(inputs) : unionNode(inputs);
  },
};

/** null: the input stays as it is. */
function inputsToAbsorb(kind: 'intersect' | 'union', input: PlanNode): readonly PlanNode[] | null {
  if ((input.kind !== 'intersect' && input.kind !== 'union') || input.kind !== kind) {
    return null;
  }
  return input.inputs.length > ABSORBED_INPUTS_MAX ? null : input.inputs;
}

function nameOf(kind: 'intersect' | 'union'): string {
  return kind === 'intersect' ? 'intersection' : 'union';
}
