import type { PlanNode, TagTest, ValueCondition } from './plan';

// Static estimates in no unit: what a node costs beside the others when nothing is known about the data. One stored set read
// is 1; a scan of rows is worth many of those.

const EVENT_COST = 400;
const SEQUENCE_COST = 1_000;
const VALUES_PER_UNIT = 16;

const costs = new WeakMap<PlanNode, number>();

/** Estimated cost of evaluating a node with all that is below it. */
export function estimateCost(node: PlanNode): number {
  let cost = costs.get(node);
  if (cost === undefined) {
    cost = computeCost(node);
    costs.set(node, cost);
  }
  return cost;
}

function computeCost(node: PlanNode): number {
  switch (node.kind) {
    case 'universe':
    case 'empty':
      return 0;
    case 'listRead':
    case 'snapshotRead':
      return 1;
    case 'kvRead':
      return estimateTestCost(node.test);
    case 'profileScan':
      return sum(node.tests.map(estimateTestCost));
    case 'eventScan':
      return EVENT_COST + 10 * node.where.length;
    case 'sequenceScan':
      return SEQUENCE_COST * node.steps.length;
    case 'difference':
      return estimateCost(node.left) + estimateCost(node.right);
    case 'intersect':
    case 'union':
    case 'threshold':
      return sum(node.inputs.map(estimateCost));
  }
}

/** Estimated cost of one test on a tag. */
export function estimateTestCost(test: TagTest): number {
  const validity = test.validAfterMs === null ? 0 : 10;
  return estimateConditionCost(test.condition) + validity + (test.includeMissing ? 2 : 0);
}

function estimateConditionCost(condition: ValueCondition): number {
  switch (condition.kind) {
    case 'never':
      return 0;
    case 'present':
      return 2;
    case 'absent':
      return 3;
    case 'oneOf':
    case 'set':
      return 2 + condition.values.length / VALUES_PER_UNIT;
    case 'range':
      return 8;
    case 'anniversary':
      return 50;
    case 'text':
      return condition.op === 'matches' ? 150 : 60;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
