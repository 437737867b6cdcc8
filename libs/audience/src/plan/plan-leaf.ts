import type { FieldDefinition, TagDefinition } from '@tessera/tag-catalog';
import type { EventNode, FieldCondition, SequenceNode, TagNode } from '../expression/expression';
import { measureSpec } from '../expression/measure-spec';
import type { PlanNode, PropertyTest, TagTest } from './plan';
import { eventScanNode, kvReadNode, profileScanNode, sequenceScanNode } from './plan-nodes';
import { resolveCondition, resolveExact } from './resolve-condition';
import { resolveWindow } from './resolve-window';

// The obvious plan node of each predicate of an expression.

/** Where a tag is stored decides how it is read. */
export function placeTest(test: TagTest): PlanNode {
  return test.tag.kind === 'kv' ? kvReadNode(test) : profileScanNode(test.tag.typeName, [test]);
}

/** Values at or before this time have expired; null: they never do. */
function validAfterMs(tag: TagDefinition, asOfMs: number): number | null {
  return tag.ttlMs === null ? null : asOfMs - tag.ttlMs;
}

/** The tag's predicate alone, without its implied conditions. */
export function planTag(node: TagNode, asOfMs: number): PlanNode {
  return placeTest({
    tag: node.tag,
    condition: resolveFieldCondition(node.condition, asOfMs),
    validAfterMs: validAfterMs(node.tag, asOfMs),
    includeMissing: node.onMissing === 'include',
  });
}

/** Users with no value of the tag: never written, cleared or expired. */
export function planMissing(tag: TagDefinition, asOfMs: number): PlanNode {
  return placeTest({
    tag,
    condition: { kind: 'absent' },
    validAfterMs: validAfterMs(tag, asOfMs),
    includeMissing: false,
  });
}

export function planEvent(node: EventNode, asOfMs: number): PlanNode {
  const { eventType, measure, op, operand, timeZone } = node;
  const isExact = measure.kind === 'sum' || measure.kind === 'avg';
  return eventScanNode({
    eventType,
    where: resolveWhere(node.where, asOfMs),
    interval: resolveWindow(node.window, asOfMs),
    measure,
    condition: isExact ? null : resolveCondition({ spec: measureSpec(measure), op, operand, timeZone }, asOfMs),
    exact: isExact ? resolveExact(op, operand) : null,
  });
}

export function planSequence(node: SequenceNode, asOfMs: number): PlanNode {
  return sequenceScanNode({
    steps: node.steps.map(({ eventType, where }) => ({ eventType, where: resolveWhere(where, asOfMs) })),
    withinMs: node.withinMs,
    interval: resolveWindow(node.window, asOfMs),
    rowsBeforeMs: asOfMs + 1,
  });
}

function resolveWhere(where: readonly FieldCondition[], asOfMs: number): readonly PropertyTest[] {
  return where.map((condition) => ({
    property: condition.field,
    condition: resolveFieldCondition(condition, asOfMs),
  }));
}

function resolveFieldCondition(condition: FieldCondition, asOfMs: number): PropertyTest['condition'] {
  const field: FieldDefinition = condition.field;
  return resolveCondition(
    { spec: field, op: condition.op, operand: condition.operand, timeZone: condition.timeZone },
    asOfMs,
  );
}
