import { conjoinTestNames, eventName } from '../describe-node';
import { holdsForEverybody, holdsForNobody, simplifyTest } from '../combine-tests';
import { measureSpec } from '../../expression/measure-spec';
import type {
  DifferenceNode,
  EventScanNode,
  IntersectNode,
  PlanNode,
  ProfileScanNode,
  PropertyTest,
  SequenceScanNode,
  TagTest,
  ThresholdNode,
  UnionNode,
  ValueCondition,
} from '../plan';
import {
  emptyNode,
  eventScanNode,
  intersectNode,
  kvReadNode,
  profileScanNode,
  sequenceScanNode,
  thresholdNode,
  unionNode,
  universeNode,
} from '../plan-nodes';
import { holdsForOrdinal, simplifyCondition } from '../simplify-condition';
import { COUNT_LIMITS, ordinalLimits } from '../value-limits';
import type { Rewrite } from './rewrite';

type Explain = (reason: string) => void;

/** Replaces what is known before any data is looked at: conditions nobody or everybody meets, and the algebra of both. */
export const foldConstants: Rewrite = {
  name: 'fold constants',
  apply(node, { log }) {
    const explain: Explain = (reason) => {
      log.add('fold constants', reason);
    };
    switch (node.kind) {
      case 'profileScan':
        return foldScan(node, explain);
      case 'kvRead':
        return foldTests([node.test], node, explain, ([test]) => (test === undefined ? node : kvReadNode(test)));
      case 'eventScan':
        return foldEvent(node, explain);
      case 'sequenceScan':
        return foldSequence(node, explain);
      case 'intersect':
        return foldIntersect(node, explain);
      case 'union':
        return foldUnion(node, explain);
      case 'difference':
        return foldDifference(node, explain);
      case 'threshold':
        return foldThreshold(node, explain);
      case 'universe':
      case 'empty':
      case 'snapshotRead':
      case 'listRead':
        return node;
    }
  },
};

function foldScan(node: ProfileScanNode, explain: Explain): PlanNode {
  return foldTests(node.tests, node, explain, (tests) => profileScanNode(node.tagType, tests));
}

function foldTests(
  tests: readonly TagTest[],
  node: PlanNode,
  explain: Explain,
  rebuild: (tests: readonly TagTest[]) => PlanNode,
): PlanNode {
  const simplified = tests.map(simplifyTest);
  const impossible = simplified.find(holdsForNobody);
  if (impossible !== undefined) {
    explain(`no value of ${impossible.tag.name} can meet its condition: nobody is left`);
    return emptyNode();
  }
  const needed = simplified.filter((test) => !holdsForEverybody(test));
  if (needed.length === 0) {
    explain(
      `every user passes the test of ${conjoinTestNames(simplified)}, with a value or without: that is everybody`,
    );
    return universeNode();
  }
  if (needed.length === tests.length && needed.every((test, index) => test === tests[index])) {
    return node;
  }
  explain(`the test of ${conjoinTestNames(tests)} has a simpler form with the same meaning`);
  return rebuild(needed);
}

function foldWhere(where: readonly PropertyTest[]): readonly PropertyTest[] {
  const simplified = where.map((test) => {
    const condition = simplifyCondition(test.condition, test.property);
    return condition === test.condition ? test : { ...test, condition };
  });
  return simplified.every((test, index) => test === where[index]) ? where : simplified;
}

function isImpossible(where: readonly PropertyTest[]): boolean {
  return where.some((test) => test.condition.kind === 'never');
}

function isCount(node: EventScanNode): boolean {
  return node.measure.kind === 'count' || node.measure.kind === 'distinct';
}

/** Whether a user with no matching row at all meets the condition. */
export function holdsWithoutRows(node: EventScanNode, condition: ValueCondition | null): boolean {
  if (condition === null) {
    return false;
  }
  return isCount(node) ? holdsForOrdinal(condition, 0) : condition.kind === 'absent';
}

function foldEvent(node: EventScanNode, explain: Explain): PlanNode {
  const where = foldWhere(node.where);
  const spec = measureSpec(node.measure);
  const limits = isCount(node) ? COUNT_LIMITS : ordinalLimits(spec);
  const condition = node.condition === null ? null : simplifyCondition(node.condition, spec, limits);
  const { fromMs, toMs } = node.interval;
  if ((fromMs !== null && fromMs >= toMs) || isImpossible(where)) {
    const holds = holdsWithoutRows(node, condition);
    explain(`no row of ${eventName(node)} can match: ${holds ? 'everybody' : 'nobody'} meets the condition`);
    return holds ? universeNode() : emptyNode();
  }
  // A count is never without a value; other measures may be.
  if (condition?.kind === 'never' || (condition?.kind === 'absent' && isCount(node))) {
    explain(`no ${node.measure.kind} over ${eventName(node)} can meet its condition: nobody is left`);
    return emptyNode();
  }
  if (condition?.kind === 'present' && isCount(node)) {
    explain(`every ${node.measure.kind} over ${eventName(node)} meets its condition: that is everybody`);
    return universeNode();
  }
  if (condition === node.condition && where === node.where) {
    return node;
  }
  explain(`a condition on ${eventName(node)} has a simpler form with the same meaning`);
  return eventScanNode({
    eventType: node.eventType,
    where,
    interval: node.interval,
    measure: node.measure,
    condition,
    exact: node.exact,
  });
}

function foldSequence(node: SequenceScanNode, explain: Explain): PlanNode {
  const steps = node.steps.map((step) => {
    const where = foldWhere(step.where);
    return where === step.where ? step : { ...step, where };
  });
  const { fromMs, toMs } = node.interval;
  // Times are whole milliseconds and grow with each step.
  const shortestMs = steps.length - 1;
  if (
    (fromMs !== null && fromMs >= toMs) ||
    steps.some((step) => isImpossible(step.where)) ||
    (node.withinMs !== null && node.withinMs < shortestMs)
  ) {
    explain(`no rows can make the sequence of ${steps.length} steps: nobody is left`);
    return emptyNode();
  }
  if (steps.every((step, index) => step === node.steps[index])) {
    return node;
  }
  explain(`a condition in the sequence of ${steps.length} steps has a simpler form with the same meaning`);
  const { withinMs, interval, rowsBeforeMs } = node;
  return sequenceScanNode({ steps, withinMs, interval, rowsBeforeMs });
}

function foldIntersect(node: IntersectNode, explain: Explain): PlanNode {
  if (node.inputs.some((input) => input.kind === 'empty')) {
    explain('nobody and anything else is nobody');
    return emptyNode();
  }
  const inputs = node.inputs.filter((input) => input.kind !== 'universe');
  if (inputs.length === node.inputs.length) {
    return node;
  }
  explain('everybody leaves the rest of an intersection as it is');
  return inputs.length === 0 ? universeNode() : intersectNode(inputs);
}

function foldUnion(node: UnionNode, explain: Explain): PlanNode {
  if (node.inputs.some((input) => input.kind === 'universe')) {
    explain('everybody or anything else is everybody');
    return universeNode();
  }
  const inputs = node.inputs.filter((input) => input.kind !== 'empty');
  if (inputs.length === node.inputs.length) {
    return node;
  }
  explain('nobody adds nothing to a union');
  return inputs.length === 0 ? emptyNode() : unionNode(inputs);
}

function foldDifference(node: DifferenceNode, explain: Explain): PlanNode {
  const { left, right } = node;
  if (left.kind === 'empty' || right.kind === 'universe' || left.key === right.key) {
    explain('taking away everybody, or the same users, leaves nobody');
    return emptyNode();
  }
  if (right.kind === 'empty') {
    explain('taking nobody away changes nothing');
    return left;
  }
  if (left.kind === 'universe' && right.kind === 'difference' && right.left.kind === 'universe') {
    explain('not not x is x');
    return right.right;
  }
  return node;
}

function foldThreshold(node: ThresholdNode, explain: Explain): PlanNode {
  const certain = node.inputs.filter((input) => input.kind === 'universe').length;
  const inputs = node.inputs.filter((input) => input.kind !== 'universe' && input.kind !== 'empty');
  const atLeast = node.atLeast - certain;
  if (atLeast <= 0) {
    explain(`everybody is in at least ${node.atLeast} of the inputs`);
    return universeNode();
  }
  if (atLeast > inputs.length) {
    explain(`nobody can be in ${node.atLeast} of the inputs`);
    return emptyNode();
  }
  if (atLeast === 1) {
    explain('at least 1 of the inputs is their union');
    return unionNode(inputs);
  }
  if (atLeast === inputs.length) {
    explain('at least all of the inputs is their intersection');
    return intersectNode(inputs);
  }
  if (inputs.length === node.inputs.length) {
    return node;
  }
  explain('inputs that hold everybody or nobody count the same for each user');
  return thresholdNode(atLeast, inputs);
}
