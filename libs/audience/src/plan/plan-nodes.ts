import type { TagTypeDefinition } from '@tessera/tag-catalog';
import type { Measure } from '../expression/expression';
import { composeKey, composeUnorderedKey, conditionKey, exactKey, propertyTestKey, tagTestKey } from './node-key';
import type {
  DifferenceNode,
  EmptyNode,
  EventScanNode,
  ExactCondition,
  IntersectNode,
  Interval,
  KvReadNode,
  ListReadNode,
  PlanNode,
  ProfileScanNode,
  PropertyTest,
  SequenceScanNode,
  SnapshotReadNode,
  TagTest,
  ThresholdNode,
  UnionNode,
  UniverseNode,
  ValueCondition,
} from './plan';

// Factories of plan nodes: frozen data with a key of bounded length. They check shapes only; they rewrite nothing.

const UNIVERSE: UniverseNode = Object.freeze({ kind: 'universe', key: 'universe' });
const EMPTY: EmptyNode = Object.freeze({ kind: 'empty', key: 'empty' });

/** All users known. */
export function universeNode(): UniverseNode {
  return UNIVERSE;
}

/** Nobody. */
export function emptyNode(): EmptyNode {
  return EMPTY;
}

/** Users in all the inputs (at least one). The order is the order of evaluation; the key does not depend on it. */
export function intersectNode(inputs: readonly PlanNode[]): IntersectNode {
  return Object.freeze({ kind: 'intersect', key: inputsKey('intersect', inputs), inputs: frozenCopy(inputs) });
}

/** Users in any of the inputs (at least one). The order is the order of evaluation; the key does not depend on it. */
export function unionNode(inputs: readonly PlanNode[]): UnionNode {
  return Object.freeze({ kind: 'union', key: inputsKey('union', inputs), inputs: frozenCopy(inputs) });
}

/** Users of `left` that are not in `right`. */
export function differenceNode(left: PlanNode, right: PlanNode): DifferenceNode {
  return Object.freeze({ kind: 'difference', key: composeKey('difference', [left.key, right.key]), left, right });
}

/** Users in at least `atLeast` of the inputs; an input given twice counts twice. */
export function thresholdNode(atLeast: number, inputs: readonly PlanNode[]): ThresholdNode {
  return Object.freeze({
    kind: 'threshold',
    key: inputsKey(`threshold${atLeast}`, inputs),
    atLeast,
    inputs: frozenCopy(inputs),
  });
}

/** Users that pass every test (at least one) on the tags of one profile type, `tagType`. */
export function profileScanNode(tagType: string, tests: readonly TagTest[]): ProfileScanNode {
  if (tests.length === 0) {
    throw new Error(`a scan of the tag type ${tagType} needs at least one test`);
  }
  return Object.freeze({
    kind: 'profileScan',
    key: composeUnorderedKey(`profile ${tagType} `, tests.map(tagTestKey)),
    tagType,
    tests: frozenCopy(tests),
  });
}

/** Users that pass the test on a tag of a kv type. */
export function kvReadNode(test: TagTest): KvReadNode {
  return Object.freeze({ kind: 'kvRead', key: composeKey('kv', [tagTestKey(test)]), test });
}

/** An `EventScanNode` without its key. Exactly one of `condition` and `exact` is set. */
export interface EventScan {
  readonly eventType: TagTypeDefinition;
  readonly where: readonly PropertyTest[];
  readonly interval: Interval;
  readonly measure: Measure;
  readonly condition: ValueCondition | null;
  readonly exact: ExactCondition | null;
}

export function eventScanNode(scan: EventScan): EventScanNode {
  if ((scan.condition === null) === (scan.exact === null)) {
    throw new Error(`a scan of the event ${scan.eventType.name} needs either a condition or an exact condition`);
  }
  const goal = scan.exact === null ? '' : exactKey(scan.exact);
  const key = composeKey('event', [
    scanKey(scan.eventType, scan.where),
    intervalKey(scan.interval),
    measureKey(scan.measure),
    scan.condition === null ? goal : conditionKey(scan.condition),
  ]);
  return Object.freeze({ kind: 'eventScan', key, ...scan, where: frozenCopy(scan.where) });
}

/** A `SequenceScanNode` without its key. */
export interface SequenceScan {
  readonly steps: SequenceScanNode['steps'];
  readonly withinMs: number | null;
  readonly interval: Interval;
  readonly rowsBeforeMs: number;
}

export function sequenceScanNode(scan: SequenceScan): SequenceScanNode {
  const key = composeKey('sequence', [
    ...scan.steps.map((step) => scanKey(step.eventType, step.where)),
    `within ${scan.withinMs ?? ''}`,
    intervalKey(scan.interval),
    `before ${scan.rowsBeforeMs}`,
  ]);
  return Object.freeze({ kind: 'sequenceScan', key, ...scan, steps: frozenCopy(scan.steps) });
}

/** Users of an uploaded list. */
export function listReadNode(listId: string): ListReadNode {
  return Object.freeze({ kind: 'listRead', key: composeKey('list', [JSON.stringify(listId)]), listId });
}

/** Users of an audience's materialised snapshot. */
export function snapshotReadNode(audienceId: string, version: number): SnapshotReadNode {
  const key = composeKey('snapshot', [JSON.stringify(audienceId), String(version)]);
  return Object.freeze({ kind: 'snapshotRead', key, audienceId, version });
}

function inputsKey(name: string, inputs: readonly PlanNode[]): string {
  if (inputs.length === 0) {
    throw new Error(`a plan node of kind ${name} needs at least one input`);
  }
  return composeUnorderedKey(
    name,
    inputs.map((input) => input.key),
  );
}

function scanKey(eventType: TagTypeDefinition, where: readonly PropertyTest[]): string {
  return composeUnorderedKey(`type ${eventType.id} `, where.map(propertyTestKey));
}

function intervalKey(interval: Interval): string {
  return `[${interval.fromMs ?? ''},${interval.toMs})`;
}

function measureKey(measure: Measure): string {
  return 'property' in measure ? `${measure.kind} ${measure.property.id}` : measure.kind;
}

function frozenCopy<T>(items: readonly T[]): readonly T[] {
  return Object.freeze([...items]);
}

/** What a node is made of, in order; nothing for a leaf. */
export function inputsOf(node: PlanNode): readonly PlanNode[] {
  switch (node.kind) {
    case 'intersect':
    case 'union':
    case 'threshold':
      return node.inputs;
    case 'difference':
      return [node.left, node.right];
    case 'universe':
    case 'empty':
    case 'profileScan':
    case 'kvRead':
    case 'eventScan':
    case 'sequenceScan':
    case 'snapshotRead':
    case 'listRead':
      return [];
  }
}
