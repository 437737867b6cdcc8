import type { JsonValue, TagDefinition } from '@tessera/tag-catalog';
import { decimalText, formatInstant, formatValue } from '@tessera/tag-catalog';
import type { EventRow, UserView } from '../engine/user-view';
import { describeExpression } from '../expression/describe-expression';
import type { EventNode, Measure, SequenceNode, TagNode } from '../expression/expression';
import { measureSpec } from '../expression/measure-spec';
import type { Interval, PlanNode, TagTest } from '../plan/plan';
import { planEvent, planSequence, planTag } from '../plan/plan-leaf';
import { showInstant } from '../plan/show-instant';
import { changeOfEvent } from './change-event';
import { changeOfTag } from './change-tag';
import { isValid } from './compiled-tests';
import type { Leaf, LeafTerm } from './explanation-terms';
import { findSequence } from './find-sequence';
import type { Measured } from './measure-rows';
import { matchingRows, measureRows } from './measure-rows';
import type { ExplainedNode, LeafChange, MissingReason } from './membership-explanation';
import { exactNumber, formatOperand } from './show-values';
import type { StillView } from './still-view';

/** What an entry of the explanation says of one leaf, beside its place. */
export type LeafDetails = Partial<ExplainedNode> & { readonly change: LeafChange | null };

/** Explains a leaf as it stands at as-of; `term.member` has been evaluated. */
export function explainLeaf(term: LeafTerm, asOfMs: number, view: StillView): LeafDetails {
  const { expression, member } = term;
  const text = describeExpression(withoutImplied(expression));
  switch (expression.kind) {
    case 'all':
      return { text, change: null };
    case 'tag':
      return { text, ...explainTag(expression, planTag(expression, { asOfMs }), member, view) };
    case 'event':
      return { text, ...explainEvent(expression, planEvent(expression, { asOfMs }), member, view) };
    case 'sequence':
      return { text, ...explainSequence(expression, planSequence(expression, { asOfMs }), member, view) };
    case 'list':
      return { text, list: expression.listId, change: changeOfList(expression.listId, member) };
    case 'audience': {
      const { audienceId, version, mode } = expression;
      return { text, audience: audienceId, version, mode, change: changeOfSnapshot(audienceId, version, member) };
    }
  }
}

function withoutImplied(leaf: Leaf): Leaf {
  return leaf.kind === 'tag' ? { ...leaf, implied: [] } : leaf;
}

function testOf(node: PlanNode): TagTest | undefined {
  return node.kind === 'kvRead' ? node.test : node.kind === 'profileScan' ? node.tests[0] : undefined;
}

function explainTag(leaf: TagNode, node: PlanNode, member: boolean, view: UserView): LeafDetails {
  const { tag, condition, onMissing } = leaf;
  const test = testOf(node);
  return {
    tag: tag.name,
    operator: condition.op,
    ...formatOperand(tag, condition.operand),
    onMissing,
    ...describeValue(tag, test, view),
    change: test === undefined ? null : changeOfTag(test, view.tagValue(tag), member),
  };
}

function describeValue(tag: TagDefinition, test: TagTest | undefined, view: UserView): Partial<ExplainedNode> {
  const stored = view.tagValue(tag);
  if (stored !== undefined) {
    const value = formatValue(tag, stored.value);
    const valueTime = stored.timeMs === null ? {} : { valueTime: formatInstant(stored.timeMs) };
    return test === undefined || isValid(test, stored)
      ? { value, ...valueTime }
      : { value: null, missing: 'expired', expiredValue: value, ...valueTime };
  }
  // With no value, a state there is tells of a clear.
  const state = view.tagStates().find((candidate) => candidate.tag.id === tag.id);
  const missing: MissingReason = state === undefined ? 'neverWritten' : 'cleared';
  const timeMs = state?.timeMs ?? null;
  return { value: null, missing, ...(timeMs === null ? {} : { valueTime: formatInstant(timeMs) }) };
}

function explainEvent(leaf: EventNode, node: PlanNode, member: boolean, view: StillView): LeafDetails {
  const { eventType, measure, op, operand } = leaf;
  const shown = {
    event: eventType.name,
    measure: 'property' in measure ? { [measure.kind]: measure.property.name } : { [measure.kind]: '*' },
    operator: op,
    ...formatOperand(measureSpec(measure), operand),
  };
  if (node.kind !== 'eventScan') {
    return { ...shown, change: null };
  }
  const rows = matchingRows(node, view);
  const measured = measureRows(measure, rows);
  const keptFromMs = view.keptFromMs(eventType);
  return {
    ...shown,
    rowsMatched: rows.length,
    value: formatMeasured(measure, measured),
    ...showWindow(node.interval),
    change: changeOfEvent(
      { leaf, scan: node, measured, rowsMatched: rows.length, rowsWithValue: countValues(measure, rows), keptFromMs },
      member,
    ),
  };
}

function countValues(measure: Measure, rows: readonly EventRow[]): number {
  return 'property' in measure ? rows.filter((row) => row.properties.has(measure.property.id)).length : rows.length;
}

/** An average is shown to 9 fraction digits, cut off; it is compared exactly. */
const AVERAGE_DIGITS = 9;

function formatMeasured(measure: Measure, measured: Measured): JsonValue {
  switch (measured.kind) {
    case 'none':
      return null;
    case 'ordinal':
      return formatValue(measureSpec(measure), measured.ordinal);
    case 'exact': {
      const { scale } = measureSpec(measure);
      if (measure.kind === 'sum') {
        return exactNumber(measured.sum, scale);
      }
      const average = (measured.sum * 10n ** BigInt(AVERAGE_DIGITS - scale)) / BigInt(measured.rows);
      return Number(decimalText(average, AVERAGE_DIGITS));
    }
  }
}

function showWindow({ fromMs, toMs }: Interval): Partial<ExplainedNode> {
  return {
    window: { from: fromMs === null ? null : showInstant(fromMs), to: showInstant(Math.max(fromMs ?? toMs, toMs)) },
  };
}

function explainSequence(leaf: SequenceNode, node: PlanNode, member: boolean, view: UserView): LeafDetails {
  const steps = leaf.steps.map(({ eventType }) => eventType.name);
  if (node.kind !== 'sequenceScan') {
    return { steps, change: null };
  }
  const { stepsReached } = findSequence(node, view);
  return { steps, stepsReached, ...showWindow(node.interval), change: changeOfSequence(steps, stepsReached, member) };
}

function changeOfSequence(steps: readonly string[], stepsReached: number, member: boolean): LeafChange {
  if (member) {
    return {
      kind: 'breakSequence',
      text: 'the steps were done in order; rows are not taken back, but time may drop them',
      byMessage: false,
    };
  }
  // All steps done but not a member: the last one lies outside the window.
  const reached = Math.min(stepsReached, steps.length - 1);
  const missing = steps.slice(reached);
  const done = reached === 0 ? 'none of the steps was done' : `the first ${reached} of ${steps.length} steps were done`;
  return {
    kind: 'completeSequence',
    text: `${done}: ${missing.join(', then ')} would have to follow in time`,
    from: reached,
    to: steps.length,
    by: steps.length - reached,
    byMessage: true,
  };
}

function changeOfList(listId: string, member: boolean): LeafChange {
  return {
    kind: member ? 'leaveList' : 'joinList',
    text: `the user would have to be ${member ? 'taken out of' : 'in'} the list ${listId}`,
    byMessage: false,
  };
}

function changeOfSnapshot(audienceId: string, version: number, member: boolean): LeafChange {
  return {
    kind: member ? 'leaveSnapshot' : 'joinSnapshot',
    text: `a newer snapshot ${member ? 'without' : 'with'} the user would be needed in place of ${audienceId} version ${version}`,
    byMessage: false,
  };
}
