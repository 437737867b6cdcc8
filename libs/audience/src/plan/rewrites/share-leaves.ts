import type { PlanNode } from '../plan';
import { intersectNode, unionNode } from '../plan-nodes';
import type { Rewrite } from './rewrite';

const NAME = 'share equal leaves';

/**
 * An input given twice to an intersection or union counts once (to a threshold, twice: it is left alone there). That equal
 * nodes are one object everywhere is the interner's doing.
 */
export const shareLeaves: Rewrite = {
  name: NAME,
  apply(node, { log }) {
    if (node.kind !== 'intersect' && node.kind !== 'union') {
      return node;
    }
    const distinct = new Map<string, PlanNode>(node.inputs.map((input) => [input.key, input]));
    if (distinct.size === node.inputs.length) {
      return node;
    }
    log.add(NAME, `an input given twice to ${node.kind === 'intersect' ? 'an intersection' : 'a union'} is read once`);
    const inputs = [...distinct.values()];
    return node.kind === 'intersect' ? intersectNode(inputs) : unionNode(inputs);
  },
};
