import { complementCondition } from '../combine-conditions';
import { eventName } from '../describe-node';
import type { DifferenceNode, EventScanNode, IntersectNode, PlanNode, UnionNode } from '../plan';
import { differenceNode, eventScanNode, intersectNode, unionNode, universeNode } from '../plan-nodes';
import { ABSENT, PRESENT } from '../simplify-condition';
import { holdsWithoutRows } from './fold-constants';
import type { Rewrite, RewriteContext } from './rewrite';

const NAME = 'push not down into differences';

/**
 * Complements are as large as the universe: they are taken from the smallest set at hand instead. a ∧ ¬b is a less b;
 * several things taken away are taken away as one union; ¬a ∨ ¬b is ¬(a ∧ b).
 */
export const pushNot: Rewrite = {
  name: NAME,
  apply(node, context) {
    switch (node.kind) {
      case 'intersect':
        return takeAwayOnce(node, context);
      case 'union':
        return complementOnce(node, context);
      case 'difference':
        return straighten(node, context);
      case 'eventScan':
        return countRowsOnly(node, context);
      case 'universe':
      case 'empty':
      case 'profileScan':
      case 'kvRead':
      case 'sequenceScan':
      case 'snapshotRead':
      case 'listRead':
      case 'threshold':
        return node;
    }
  },
};

/** ¬x, as the plan writes it. */
type Complement = DifferenceNode & { readonly left: { readonly kind: 'universe' } };

function isComplement(node: PlanNode): node is Complement {
  return node.kind === 'difference' && node.left.kind === 'universe';
}

function allOf(inputs: readonly PlanNode[]): PlanNode {
  const [only] = inputs;
  return only !== undefined && inputs.length === 1 ? only : intersectNode(inputs);
}

function anyOf(inputs: readonly PlanNode[]): PlanNode {
  const [only] = inputs;
  return only !== undefined && inputs.length === 1 ? only : unionNode(inputs);
}

function takeAwayOnce(node: IntersectNode, { normalise, log }: RewriteContext): PlanNode {
  const differences = node.inputs.filter((input) => input.kind === 'difference');
  if (differences.length === 0) {
    return node;
  }
  const kept = node.inputs
    .map((input) => (input.kind === 'difference' ? input.left : input))
    .filter((input) => input.kind !== 'universe');
  const taken = differences.map((input) => input.right);
  log.add(NAME, 'what an intersection excludes is taken away from the rest of it, not from everybody');
  const left = kept.length === 0 ? universeNode() : normalise(allOf(kept));
  return differenceNode(left, normalise(anyOf(taken)));
}

function complementOnce(node: UnionNode, { normalise, log }: RewriteContext): PlanNode {
  const complements = node.inputs.filter(isComplement);
  if (complements.length < 2) {
    return node;
  }
  log.add(NAME, 'not a or not b is not (a and b): one complement in place of several');
  const common = normalise(intersectNode(complements.map((input) => input.right)));
  const complement = normalise(differenceNode(universeNode(), common));
  const others = node.inputs.filter((input) => !isComplement(input));
  return others.length === 0 ? complement : unionNode([complement, ...others]);
}

function straighten(node: DifferenceNode, { normalise, log }: RewriteContext): PlanNode {
  const { left, right } = node;
  if (left.kind === 'difference') {
    log.add(NAME, 'what is taken away in turn is taken away as one union');
    return differenceNode(left.left, normalise(unionNode([left.right, right])));
  }
  if (isComplement(right)) {
    log.add(NAME, 'taking away everybody but b is an intersection with b');
    return intersectNode([left, right.right]);
  }
  if (right.kind !== 'union') {
    return node;
  }
  const complements = right.inputs.filter(isComplement);
  const others = right.inputs.filter((input) => !isComplement(input));
  if (complements.length === 0 || others.length === 0) {
    return node;
  }
  log.add(NAME, 'taking away everybody but b is an intersection with b');
  const kept = normalise(intersectNode([left, ...complements.map((input) => input.right)]));
  return differenceNode(kept, normalise(anyOf(others)));
}

/**
 * A measure that users without any row meet ("did not do", "at most twice") is the complement of one that only users with
 * rows meet, who are far fewer.
 */
function countRowsOnly(node: EventScanNode, { normalise, log }: RewriteContext): PlanNode {
  if (node.condition === null || !holdsWithoutRows(node, node.condition)) {
    return node;
  }
  const opposite = node.condition.kind === ABSENT.kind ? PRESENT : complementCondition(node.condition);
  if (opposite === null) {
    return node;
  }
  log.add(NAME, `users with no row of ${eventName(node)} qualify: those who do not are fewer, and are taken away`);
  const { eventType, where, interval, measure } = node;
  const scan = eventScanNode({ eventType, where, interval, measure, condition: opposite, exact: null });
  return differenceNode(universeNode(), normalise(scan));
}
