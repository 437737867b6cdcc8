import type { FieldDefinition, TagTypeDefinition, ValueSpec } from '@tessera/tag-catalog';
import { daysFromCivil, daysInMonth, civilFromDays, DAY_MS } from '@tessera/tag-catalog';
import type { EventRow } from '../engine/user-view';
import type {
  EventNode,
  FieldCondition,
  Operand,
  SequenceNode,
  TagNode,
  TagOperator,
  Window,
} from '../expression/expression';
import type { PropertyTest } from '../plan/plan';
import { resolveCondition } from '../plan/resolve-condition';
import { localDay, startOfDayMs, unitStartDay, zoneOffsetMs } from '../plan/zone-time';
import { passesRowTests } from './compiled-tests';
import type { Leaf } from './explanation-terms';
import type { StillView } from './still-view';

/** Anniversaries come back for ever; they are followed for this many years. */
const ANNIVERSARY_YEARS = 3;

/** The instants, as as-of, at which a leaf can change by time alone. */
export interface LeafInstants {
  /** After as-of; unsorted, repeats possible. Between two of them the leaf stays what it is. */
  readonly instantsMs: readonly number[];
  /** From here on there may be others; null: there are none. */
  readonly knownBeforeMs: number | null;
}

/** "Now": as-of and the wall clock, which move on together. */
export interface Moment {
  readonly asOfMs: number;
  readonly wallClockMs: number;
}

/** A condition whose meaning moves with as-of. */
interface MovingCondition {
  readonly op: TagOperator;
  readonly operand: Operand;
  readonly timeZone: string | null;
}

class Collector {
  readonly instantsMs: number[] = [];
  knownBeforeMs: number | null = null;

  constructor(readonly moment: Moment) {}

  add(instantMs: number): void {
    if (instantMs > this.moment.asOfMs) {
      this.instantsMs.push(instantMs);
    }
  }

  addDay(day: number, timeZone: string): void {
    dayBoundaries(day, timeZone).forEach((instantMs) => this.add(instantMs));
  }

  endAt(instantMs: number): void {
    this.knownBeforeMs = Math.min(this.knownBeforeMs ?? Infinity, instantMs);
  }
}

/** Collects, from the user's values and rows, every instant at which the leaf's truth can change when only time passes. */
export function instantsOfLeaf(leaf: Leaf, moment: Moment, view: StillView): LeafInstants {
  const collector = new Collector(moment);
  switch (leaf.kind) {
    case 'tag':
      addTag(collector, leaf, view);
      break;
    case 'event':
      addEvent(collector, leaf, view);
      break;
    case 'sequence':
      addSequence(collector, leaf, view);
      break;
    case 'all':
    case 'list':
    case 'audience':
      break;
  }
  return collector;
}

function addTag(collector: Collector, leaf: TagNode, view: StillView): void {
  const stored = view.tagValue(leaf.tag);
  if (stored === undefined) {
    return;
  }
  if (leaf.tag.ttlMs !== null && stored.timeMs !== null) {
    collector.add(stored.timeMs + leaf.tag.ttlMs);
  }
  if (typeof stored.value === 'number') {
    addOrdinal(collector, leaf.condition, leaf.tag, stored.value);
  }
}

function addEvent(collector: Collector, leaf: EventNode, view: StillView): void {
  const { measure, op, operand, timeZone } = leaf;
  const rows = rowsThatCanMatch(collector, leaf.eventType, leaf.where, view);
  addRows(collector, leaf.eventType, leaf.where, rows);
  addWindow(collector, leaf.window, rows);
  if (op !== 'withinLast' && op !== 'anniversary') {
    return;
  }
  for (const row of rows) {
    const value = 'property' in measure ? row.properties.get(measure.property.id) : row.timeMs;
    if (typeof value === 'number') {
      addOrdinal(collector, { op, operand, timeZone }, 'property' in measure ? measure.property : INSTANT_SPEC, value);
    }
  }
}

const INSTANT_SPEC: ValueSpec = { valueType: 'datetime', scale: 0, values: [] };

function addSequence(collector: Collector, leaf: SequenceNode, view: StillView): void {
  leaf.steps.forEach(({ eventType, where }, position) => {
    const rows = rowsThatCanMatch(collector, eventType, where, view);
    addRows(collector, eventType, where, rows);
    if (position === leaf.steps.length - 1) {
      addWindow(collector, leaf.window, rows);
    }
  });
}

function isMoving(condition: MovingCondition): boolean {
  return condition.op === 'withinLast' || condition.op === 'anniversary';
}

/** Rows that pass the filters that do not move with as-of; the others never matter. */
function rowsThatCanMatch(
  collector: Collector,
  type: TagTypeDefinition,
  where: readonly FieldCondition[],
  view: StillView,
): readonly EventRow[] {
  const fixed = where
    .filter((condition) => !isMoving(condition))
    .map((condition): PropertyTest => ({
      property: condition.field,
      condition: resolveCondition({ ...condition, spec: condition.field }, collector.moment),
    }));
  return view.allRows(type).filter((row) => passesRowTests(fixed, row));
}

/** When rows dated in the future arrive, retention drops rows, and moving filters begin and cease to hold for them. */
function addRows(
  collector: Collector,
  type: TagTypeDefinition,
  where: readonly FieldCondition[],
  rows: readonly EventRow[],
): void {
  const { asOfMs, wallClockMs } = collector.moment;
  const moving = where.filter(isMoving);
  for (const row of rows) {
    collector.add(row.timeMs);
    if (type.retentionDays !== null) {
      // The first UTC midnight that lies more than the retention after the row.
      const droppedMs = (Math.floor(row.timeMs / DAY_MS + type.retentionDays) + 1) * DAY_MS;
      collector.add(droppedMs - wallClockMs + asOfMs);
    }
    for (const condition of moving) {
      const value = row.properties.get(condition.field.id);
      if (typeof value === 'number') {
        addOrdinal(collector, condition, condition.field, value);
      }
    }
  }
}

/** When rows leave a window (or, of whole calendar units, enter it); that they enter at their own time is in `addRows`. */
function addWindow(collector: Collector, window: Window | null, rows: readonly EventRow[]): void {
  if (window?.kind === 'last') {
    rows.forEach((row) => collector.add(row.timeMs + window.durationMs));
  }
  if (window?.kind !== 'calendar') {
    return;
  }
  const { unit, offset, timeZone } = window;
  let lastUnit: number | null = null;
  for (const row of rows) {
    const day = localDay(row.timeMs, timeZone);
    const unitDay = unitStartDay(day, unit, 0);
    if (unitDay !== lastUnit) {
      collector.addDay(unitStartDay(day, unit, -offset), timeZone);
      collector.addDay(unitStartDay(day, unit, 1 - offset), timeZone);
      lastUnit = unitDay;
    }
  }
}

/** When a condition that moves with as-of begins and ceases to hold for a date or datetime. */
function addOrdinal(
  collector: Collector,
  condition: MovingCondition,
  field: FieldDefinition | ValueSpec,
  value: number,
): void {
  const { op, operand } = condition;
  const timeZone = condition.timeZone ?? 'UTC';
  const isDate = field.valueType === 'date';
  if (op === 'withinLast' && operand.kind === 'duration') {
    const startMs = isDate ? startOfDayMs(value, timeZone) : value;
    collector.add(startMs);
    collector.add(startMs + operand.durationMs);
  }
  if (op === 'anniversary' && operand.kind === 'nextDays') {
    addAnniversaries(collector, isDate ? value : localDay(value, timeZone), operand.nextDays, timeZone);
  }
}

/** A user has the anniversary from the start of the local date `nextDays` before it to the end of the date itself. */
function addAnniversaries(collector: Collector, valueDay: number, nextDays: number, timeZone: string): void {
  const { month, day } = civilFromDays(valueDay);
  const firstYear = civilFromDays(localDay(collector.moment.asOfMs, timeZone)).year;
  const endYear = firstYear + ANNIVERSARY_YEARS;
  // nextDays reach into the year after at most.
  for (let year = firstYear - 1; year <= endYear + 1; year += 1) {
    const anniversary = daysFromCivil(year, month, Math.min(day, daysInMonth(year, month)));
    collector.addDay(anniversary - nextDays, timeZone);
    collector.addDay(anniversary + 1, timeZone);
  }
  collector.endAt(startOfDayMs(daysFromCivil(endYear, 1, 1), timeZone));
}

/** No zone moves its clocks by more at once, but for the few that changed their date. */
const CLOCK_CHANGE_MS_MAX = 4 * 3_600_000;

/**
 * The instants at which the zone's date turns from before `day` to `day` or later, or back: one, or three where clocks go back
 * over the midnight they have just passed.
 */
export function dayBoundaries(day: number, timeZone: string): readonly number[] {
  const firstMs = startOfDayMs(day, timeZone);
  const laterOffsetMs = zoneOffsetMs(timeZone, firstMs + CLOCK_CHANGE_MS_MAX);
  const secondMs = day * DAY_MS - laterOffsetMs;
  if (secondMs <= firstMs || localDay(secondMs - 1, timeZone) >= day) {
    return [firstMs];
  }
  let before = firstMs;
  let after = secondMs - 1;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (localDay(middle, timeZone) < day) {
      after = middle;
    } else {
      before = middle;
    }
  }
  return [firstMs, after, secondMs];
}
