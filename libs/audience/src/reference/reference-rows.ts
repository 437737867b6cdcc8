import type { TagValue, ValueSpec } from '@tessera/tag-catalog';
import type { EventRow } from '../engine/user-view';
import type { EventScanNode, Interval, PropertyTest, SequenceScanNode } from '../plan/plan';
import { satisfies, satisfiesExact } from './reference-conditions';

const COUNT_SPEC: ValueSpec = { valueType: 'int', scale: 0, values: [] };
const INSTANT_SPEC: ValueSpec = { valueType: 'datetime', scale: 0, values: [] };

function passesAll(tests: readonly PropertyTest[], row: EventRow): boolean {
  return tests.every((test) => satisfies(test.condition, test.property, row.properties.get(test.property.id)));
}

function lies(interval: Interval, timeMs: number): boolean {
  return (interval.fromMs === null || timeMs >= interval.fromMs) && timeMs < interval.toMs;
}

/** Whether a user with these rows (all of the node's event type) is in the node's set. */
export function meetsEventScan(node: EventScanNode, allRows: readonly EventRow[]): boolean {
  const rows = allRows.filter((row) => lies(node.interval, row.timeMs) && passesAll(node.where, row));
  const { measure } = node;
  switch (measure.kind) {
    case 'count':
      return meetsCondition(node, COUNT_SPEC, rows.length);
    case 'distinct': {
      const values = valuesOf(rows, measure.property.id).map((value) => JSON.stringify(value));
      return meetsCondition(node, COUNT_SPEC, new Set(values).size);
    }
    case 'sum':
    case 'avg':
      return meetsExactMeasure(node, measure.kind, valuesOf(rows, measure.property.id), measure.property.scale);
    case 'min':
    case 'max': {
      const values = valuesOf(rows, measure.property.id).map(Number);
      return meetsCondition(node, measure.property, leastOrMost(measure.kind === 'min', values));
    }
    case 'firstTime':
    case 'lastTime': {
      const times = rows.map((row) => row.timeMs);
      return meetsCondition(node, INSTANT_SPEC, leastOrMost(measure.kind === 'firstTime', times));
    }
  }
}

function valuesOf(rows: readonly EventRow[], propertyId: number): TagValue[] {
  return rows.flatMap((row) => {
    const value = row.properties.get(propertyId);
    return value === undefined ? [] : [value];
  });
}

function leastOrMost(least: boolean, values: readonly number[]): number | undefined {
  const sorted = [...values].sort((left, right) => left - right);
  return least ? sorted.at(0) : sorted.at(-1);
}

function meetsCondition(node: EventScanNode, spec: ValueSpec, measured: number | undefined): boolean {
  return node.condition !== null && satisfies(node.condition, spec, measured);
}

function meetsExactMeasure(
  node: EventScanNode,
  measure: 'sum' | 'avg',
  values: readonly TagValue[],
  propertyScale: number,
): boolean {
  if (values.length === 0) return node.condition?.kind === 'absent';
  const sum = values.reduce((total: bigint, value) => total + BigInt(Number(value)), 0n);
  const rows = measure === 'avg' ? BigInt(values.length) : 1n;
  return node.exact !== null && satisfiesExact(node.exact, sum, rows, propertyScale);
}

/**
 * Whether these rows hold the sequence. For every possible first row: each step in between takes its earliest row after the
 * one before (taking a later one never leaves more room), and the last may be any row after that, inside the window and not later
 * than `withinMs` after the first.
 *
 * @param rowsOf a step's event type id → the user's rows of that type.
 */
export function meetsSequence(node: SequenceScanNode, rowsOf: (typeId: number) => readonly EventRow[]): boolean {
  const timesOfSteps = node.steps.map((step) =>
    rowsOf(step.eventType.id)
      .filter((row) => row.timeMs < node.rowsBeforeMs && passesAll(step.where, row))
      .map((row) => row.timeMs)
      .sort((left, right) => left - right),
  );
  const first = timesOfSteps.at(0) ?? [];
  const last = timesOfSteps.at(-1) ?? [];
  const between = timesOfSteps.slice(1, -1);
  return first.some((startMs) => {
    let reachedMs = startMs;
    for (const times of between) {
      const next = times.find((timeMs) => timeMs > reachedMs);
      if (next === undefined) return false;
      reachedMs = next;
    }
    return last.some(
      (timeMs) =>
        timeMs > reachedMs &&
        lies(node.interval, timeMs) &&
        (node.withinMs === null || timeMs - startMs <= node.withinMs),
    );
  });
}
