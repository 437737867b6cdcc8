import type { TagDefinition, TagTypeDefinition, TagValue, ValueSpec } from '@tessera/tag-catalog';
import { compileCondition } from '../../engine/compile-condition';
import { meetsExact } from '../../engine/meets-exact';
import { measureSpec } from '../../expression/measure-spec';
import type { EventScanNode, PlanNode, PropertyTest, SequenceScanNode, TagTest, TimedValue } from '../plan';

export interface SampleRow {
  readonly type: TagTypeDefinition;
  readonly timeMs: number;
  readonly properties: ReadonlyMap<number, TagValue>;
}

export interface SampleUser {
  readonly tags: ReadonlyMap<number, TimedValue>;
  readonly rows: readonly SampleRow[];
  readonly lists: ReadonlySet<string>;
  readonly snapshots: ReadonlySet<string>;
}

/** Whether one user belongs to a node's set, read straight off the documentation of the node kinds. Slow. */
export function belongs(node: PlanNode, user: SampleUser): boolean {
  switch (node.kind) {
    case 'universe':
      return true;
    case 'empty':
      return false;
    case 'intersect':
      return node.inputs.every((input) => belongs(input, user));
    case 'union':
      return node.inputs.some((input) => belongs(input, user));
    case 'difference':
      return belongs(node.left, user) && !belongs(node.right, user);
    case 'threshold':
      return node.inputs.filter((input) => belongs(input, user)).length >= node.atLeast;
    case 'profileScan':
      return node.tests.every((test) => passes(test, user));
    case 'kvRead':
      return passes(node.test, user);
    case 'eventScan':
      return meetsMeasure(node, user);
    case 'sequenceScan':
      return hasSequence(node, user);
    case 'listRead':
      return user.lists.has(node.listId);
    case 'snapshotRead':
      return user.snapshots.has(node.audienceId);
  }
}

function passes(test: TagTest, user: SampleUser): boolean {
  const value = valueOf(test.tag, test.validAfterMs, user);
  if (value === undefined) {
    return test.includeMissing || test.condition.kind === 'absent';
  }
  return compileCondition(test.condition, test.tag)(value);
}

function valueOf(tag: TagDefinition, validAfterMs: number | null, user: SampleUser): TagValue | undefined {
  const held = user.tags.get(tag.id);
  const counts = held !== undefined && (validAfterMs === null || held.timeMs === null || held.timeMs > validAfterMs);
  return counts ? held.value : undefined;
}

function matchesRow(row: SampleRow, type: TagTypeDefinition, where: readonly PropertyTest[]): boolean {
  return (
    row.type.id === type.id &&
    where.every(({ property, condition }) => {
      const value = row.properties.get(property.id);
      return value === undefined ? condition.kind === 'absent' : compileCondition(condition, property)(value);
    })
  );
}

function isInside(timeMs: number, interval: EventScanNode['interval']): boolean {
  return timeMs < interval.toMs && (interval.fromMs === null || timeMs >= interval.fromMs);
}

function meetsMeasure(node: EventScanNode, user: SampleUser): boolean {
  const { measure, condition, exact } = node;
  const rows = user.rows.filter(
    (row) => matchesRow(row, node.eventType, node.where) && isInside(row.timeMs, node.interval),
  );
  const values = 'property' in measure ? rows.flatMap((row) => row.properties.get(measure.property.id) ?? []) : [];
  if (exact !== null) {
    const sum = values.reduce<bigint>((total, value) => total + BigInt(Number(value)), 0n);
    const scale = 'property' in measure ? measure.property.scale : 0;
    return meetsExact(exact, measure.kind === 'avg' ? 'avg' : 'sum', sum, values.length, scale);
  }
  const result = measured(measure.kind, rows, values);
  if (result === undefined) {
    return condition?.kind === 'absent';
  }
  const spec: ValueSpec = measureSpec(measure);
  return condition !== null && compileCondition(condition, spec)(result);
}

function measured(
  kind: EventScanNode['measure']['kind'],
  rows: readonly SampleRow[],
  values: readonly TagValue[],
): number | undefined {
  const numbers =
    kind === 'firstTime' || kind === 'lastTime' ? rows.map((row) => row.timeMs) : values.map((value) => Number(value));
  switch (kind) {
    case 'count':
      return rows.length;
    case 'distinct':
      return new Set(values).size;
    case 'sum':
    case 'avg':
      return undefined;
    case 'min':
    case 'firstTime':
      return numbers.length === 0 ? undefined : Math.min(...numbers);
    case 'max':
    case 'lastTime':
      return numbers.length === 0 ? undefined : Math.max(...numbers);
  }
}

function hasSequence(node: SequenceScanNode, user: SampleUser): boolean {
  const walk = (step: number, firstMs: number, afterMs: number): boolean => {
    const wanted = node.steps[step];
    if (wanted === undefined) {
      return isInside(afterMs, node.interval) && (node.withinMs === null || afterMs - firstMs <= node.withinMs);
    }
    return user.rows.some(
      (row) =>
        row.timeMs > afterMs &&
        row.timeMs < node.rowsBeforeMs &&
        matchesRow(row, wanted.eventType, wanted.where) &&
        walk(step + 1, step === 0 ? row.timeMs : firstMs, row.timeMs),
    );
  };
  return walk(0, 0, -Infinity);
}
