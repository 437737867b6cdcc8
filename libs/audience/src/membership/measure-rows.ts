import type { TagValue } from '@tessera/tag-catalog';
import { compileCondition } from '../engine/compile-condition';
import { meetsExact } from '../engine/meets-exact';
import type { EventRow, UserView } from '../engine/user-view';
import type { Measure } from '../expression/expression';
import type { EventScanNode } from '../plan/plan';
import { measureSpec } from '../expression/measure-spec';
import { passesRowTests } from './compiled-tests';

/** What a measure came to over one user's matching rows. */
export type Measured =
  | { readonly kind: 'ordinal'; readonly ordinal: number }
  /** Of sum and avg: `sum` in the property's scale over `rows` values. */
  | { readonly kind: 'exact'; readonly sum: bigint; readonly rows: number }
  /** No matching row or value. */
  | { readonly kind: 'none' };

/** The user's rows inside the node's interval that pass its filters, ascending by time. */
export function matchingRows(node: EventScanNode, view: UserView): readonly EventRow[] {
  const { interval, where } = node;
  if (interval.fromMs !== null && interval.fromMs >= interval.toMs) {
    return [];
  }
  const rows = view.events(node.eventType, interval.fromMs, interval.toMs);
  return where.length === 0 ? rows : rows.filter((row) => passesRowTests(where, row));
}

/** @param rows ascending by time. */
export function measureRows(measure: Measure, rows: readonly EventRow[]): Measured {
  switch (measure.kind) {
    case 'count':
      return { kind: 'ordinal', ordinal: rows.length };
    case 'distinct':
      return { kind: 'ordinal', ordinal: countDistinct(rows, measure.property.id) };
    case 'firstTime':
      return ordinalOrNone(rows[0]?.timeMs);
    case 'lastTime':
      return ordinalOrNone(rows.at(-1)?.timeMs);
    case 'min':
    case 'max':
      return ordinalOrNone(extremeOf(rows, measure.property.id, measure.kind === 'min' ? -1 : 1));
    case 'sum':
    case 'avg':
      return sumUp(rows, measure.property.id);
  }
}

function ordinalOrNone(ordinal: number | undefined): Measured {
  return ordinal === undefined ? { kind: 'none' } : { kind: 'ordinal', ordinal };
}

function countDistinct(rows: readonly EventRow[], propertyId: number): number {
  const seen = new Set<TagValue>();
  for (const row of rows) {
    const value = row.properties.get(propertyId);
    if (value !== undefined) {
      // Two sets with the same elements are one value; their canonical order makes their texts equal.
      seen.add(typeof value === 'object' ? JSON.stringify(value) : value);
    }
  }
  return seen.size;
}

function extremeOf(rows: readonly EventRow[], propertyId: number, direction: -1 | 1): number | undefined {
  let extreme: number | undefined;
  for (const row of rows) {
    const value = row.properties.get(propertyId);
    if (typeof value === 'number' && (extreme === undefined || (value - extreme) * direction > 0)) {
      extreme = value;
    }
  }
  return extreme;
}

function sumUp(rows: readonly EventRow[], propertyId: number): Measured {
  // Doubles as long as they are exact: a bigint for each row costs ten times as much.
  let sum = 0n;
  let part = 0;
  let count = 0;
  for (const row of rows) {
    const value = row.properties.get(propertyId);
    if (typeof value !== 'number') {
      continue;
    }
    count += 1;
    if (Number.isSafeInteger(part + value)) {
      part += value;
    } else {
      sum += BigInt(part);
      part = value;
    }
  }
  return count === 0 ? { kind: 'none' } : { kind: 'exact', sum: sum + BigInt(part), rows: count };
}

const compiledGoals = new WeakMap<EventScanNode, (measured: Measured) => boolean>();

/** Whether a measured value meets the node's condition; no value meets only `absent`. */
export function meetsGoal(node: EventScanNode, measured: Measured): boolean {
  let goal = compiledGoals.get(node);
  if (goal === undefined) {
    goal = compileGoal(node);
    compiledGoals.set(node, goal);
  }
  return goal(measured);
}

function compileGoal(node: EventScanNode): (measured: Measured) => boolean {
  const { measure, condition, exact } = node;
  if (exact !== null && (measure.kind === 'sum' || measure.kind === 'avg')) {
    const { kind, property } = measure;
    return (measured) =>
      measured.kind === 'exact' && meetsExact(exact, kind, measured.sum, measured.rows, property.scale);
  }
  if (condition === null) {
    return () => false;
  }
  const predicate = compileCondition(condition, measureSpec(measure));
  return (measured) =>
    measured.kind === 'ordinal'
      ? predicate(measured.ordinal)
      : measured.kind === 'exact'
        ? condition.kind === 'present'
        : condition.kind === 'absent';
}

/** Least count from which on the node's condition holds for every greater one; null: it is not of that form. */
function countNeeded(node: EventScanNode): number | null {
  const { condition, measure } = node;
  if (measure.kind !== 'count' || condition?.kind !== 'range' || condition.high !== null || condition.low === null) {
    return null;
  }
  return Number(condition.low.value) + (condition.low.inclusive ? 0 : 1);
}

/** Whether the user's rows put the user into the node's set. */
export function meetsEventScan(node: EventScanNode, view: UserView): boolean {
  const needed = countNeeded(node);
  if (needed === null) {
    return meetsGoal(node, measureRows(node.measure, matchingRows(node, view)));
  }
  if (needed <= 0) {
    return true;
  }
  const { interval, where } = node;
  if (interval.fromMs !== null && interval.fromMs >= interval.toMs) {
    return false;
  }
  const rows = view.events(node.eventType, interval.fromMs, interval.toMs);
  // "At least n" can stop at the n-th, and needs no look at the rows if there are too few.
  let found = 0;
  for (let at = 0; at < rows.length && found < needed; at += 1) {
    const row = rows[at];
    if (row !== undefined && passesRowTests(where, row)) {
      found += 1;
    }
  }
  return found >= needed;
}
