import type { UserView } from '../engine/user-view';
import type { PlanNode, ThresholdNode } from '../plan/plan';
import { inputsOf } from '../plan/plan-nodes';
import { passesTagTest } from './compiled-tests';
import { findSequence } from './find-sequence';
import { meetsEventScan } from './measure-rows';

/**
 * Whether one user is in the set that a plan node denotes. The view is of a known user, so the universe is true of it. Synchronous and of
 * the view's data version; keeps nothing but compiled conditions, which live as long as their nodes. Every engine's `contains` and the
 * online profile answer through this, so that they mean the same.
 */
export function isMember(node: PlanNode, view: UserView): boolean {
  return evaluate(node, view, isMuchShared(node) ? new Map() : null);
}

/** Results of composite nodes met before; null: don't remember any. */
type Memory = Map<PlanNode, boolean> | null;

function evaluate(node: PlanNode, view: UserView, memory: Memory): boolean {
  switch (node.kind) {
    case 'universe':
      return true;
    case 'empty':
      return false;
    case 'profileScan':
      return node.tests.every((test) => passesTagTest(test, view.tagValue(test.tag)));
    case 'kvRead':
      return passesTagTest(node.test, view.tagValue(node.test.tag));
    case 'eventScan':
      return meetsEventScan(node, view);
    case 'sequenceScan':
      return findSequence(node, view).complete;
    case 'snapshotRead':
      return view.inSnapshot(node.audienceId, node.version);
    case 'listRead':
      return view.inList(node.listId);
    case 'intersect':
    case 'union':
    case 'difference':
    case 'threshold': {
      const known = memory?.get(node);
      if (known !== undefined) {
        return known;
      }
      const result = combine(node, view, memory);
      memory?.set(node, result);
      return result;
    }
  }
}

function combine(node: CompositeNode, view: UserView, memory: Memory): boolean {
  switch (node.kind) {
    case 'intersect':
      return node.inputs.every((input) => evaluate(input, view, memory));
    case 'union':
      return node.inputs.some((input) => evaluate(input, view, memory));
    case 'difference':
      return evaluate(node.left, view, memory) && !evaluate(node.right, view, memory);
    case 'threshold':
      return isInEnough(node, view, memory);
  }
}

/** Stops as soon as the answer is settled either way. */
function isInEnough({ inputs, atLeast }: ThresholdNode, view: UserView, memory: Memory): boolean {
  let found = 0;
  for (let at = 0; at < inputs.length && found < atLeast && found + inputs.length - at >= atLeast; at += 1) {
    const input = inputs[at];
    if (input !== undefined && evaluate(input, view, memory)) {
      found += 1;
    }
  }
  return found >= atLeast;
}

type CompositeNode = Extract<PlanNode, { kind: 'intersect' | 'union' | 'difference' | 'threshold' }>;

/** Visits without memory that are always acceptable. */
const VISITS_FREE = 20_000;
const muchShared = new WeakMap<PlanNode, boolean>();

/**
 * Whether a walk that remembers nothing could visit the plan's nodes over and over: equal nodes are one object, and audiences made
 * of audiences can multiply the ways to them. Nearly no plan is like that, and remembering costs more than most visits.
 */
function isMuchShared(root: PlanNode): boolean {
  const inputs = inputsOf(root);
  if (inputs.length === 0) {
    return false;
  }
  let answer = muchShared.get(root);
  if (answer === undefined) {
    answer = countVisits(root, new Map()) > VISITS_FREE;
    muchShared.set(root, answer);
  }
  return answer;
}

function countVisits(node: PlanNode, counted: Map<PlanNode, number>): number {
  let visits = counted.get(node);
  if (visits === undefined) {
    visits = inputsOf(node).reduce((sum, input) => sum + countVisits(input, counted), 1);
    counted.set(node, visits);
  }
  return visits;
}
