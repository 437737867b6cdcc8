import { estimateCost, estimateTestCost } from '../estimate-cost';
import { intersectNode, profileScanNode, unionNode } from '../plan-nodes';
import type { Rewrite } from './rewrite';

const NAME = 'order by estimated cost';

/** Cheap inputs first: what they leave over decides how much the dear ones have to do. Equal estimates keep their order. */
export const orderByCost: Rewrite = {
  name: NAME,
  apply(node, { log }) {
    if (node.kind === 'profileScan') {
      const tests = orderStably(node.tests, estimateTestCost);
      if (tests === null) {
        return node;
      }
      log.add(NAME, 'within a scan the cheapest tests come first');
      return profileScanNode(node.tagType, tests);
    }
    if (node.kind !== 'intersect' && node.kind !== 'union') {
      return node;
    }
    const inputs = orderStably(node.inputs, estimateCost);
    if (inputs === null) {
      return node;
    }
    const [first] = inputs;
    log.add(NAME, `the cheapest of ${inputs.length} inputs comes first (${first?.kind ?? 'none'})`);
    return node.kind === 'intersect' ? intersectNode(inputs) : unionNode(inputs);
  },
};

/** null: they are in order already. */
function orderStably<T>(items: readonly T[], cost: (item: T) => number): readonly T[] | null {
  const costs = items.map(cost);
  const inOrder = costs.every((own, index) => index === 0 || (costs[index - 1] ?? 0) <= own);
  return inOrder ? null : [...items].sort((one, other) => cost(one) - cost(other));
}
