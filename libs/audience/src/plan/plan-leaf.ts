import type { FieldDefinition, TagDefinition } from '@tessera/tag-catalog';
import type { EventNode, FieldCondition, SequenceNode, TagNode } from '../expression/expression';
import { measureSpec } from '../expression/measure-spec';
import type { AsOf } from './as-of';
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
function validAfterMs(tag: TagDefinition, asOf: AsOf): number | null {
  return tag.ttlMs === null ? null : asOf.asOfMs - tag.ttlMs;
}

/** The tag's predicate alone, without its implied conditions. */
export function planTag(node: TagNode, asOf: AsOf): PlanNode {
  return placeTest({
    tag: node.tag,
    condition: resolveFieldCondition(node.condition, asOf),
    validAfterMs: validAfterMs(node.tag, asOf),
    includeMissing: node.onMissing === 'include',
  });
}

/** Users with no value of the tag: never written, cleared or expired. */
export function planMissing(tag: TagDefinition, asOf: AsOf): PlanNode {
  return placeTest({
    tag,
    condition: { kind: 'absent' },
    validAfterMs: validAfterMs(tag, asOf),
    includeMissing: false,
  });
}

export function planEvent(node: EventNode, asOf: AsOf): PlanNode {
  const { eventType, measure, op, operand, timeZone } = node;
  const isExact = measure.kind === 'sum' || measure.kind === 'avg';
  return eventScanNode({
    eventType,
    where: resolveWhere(node.where, asOf),
    interval: resolveWindow(node.window, asOf.asOfMs),
    measure,
    condition: isExact ? null : resolveCondition({ spec: measureSpec(measure), op, operand, timeZone }, asOf),
    exact: isExact ? resolveExact(op, operand) : null,
  });
}

export function planSequence(node: SequenceNode, asOf: AsOf): PlanNode {
  return sequenceScanNode({
    steps: node.steps.map(({ eventType, where }) => ({ eventType, where: resolveWhere(where, asOf) })),
    withinMs: node.withinMs,
    interval: resolveWindow(node.window, asOf.asOfMs),
    rowsBeforeMs: asOf.asOfMs + 1,
  });
}

function resolveWhere(where: readonly FieldCondition[], asOf: AsOf): readonly PropertyTest[] {
  return where.map((condition) => ({
    property: condition.field,
    condition: resolveFieldCondition(condition, asOf),
  }));
}

function resolveFieldCondition(condition: FieldCondition, asOf: AsOf): PropertyTest['condition'] {
  const field: FieldDefinition = condition.field;
  return resolveCondition(
    { spec: field, op: condition.op, operand: condition.operand, timeZone: condition.timeZone },
    asOf,
  );
}
