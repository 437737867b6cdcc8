import type { JsonValue, ValueSpec } from '@tessera/tag-catalog';
import { formatValue } from '@tessera/tag-catalog';
import type { EventNode, Measure } from '../expression/expression';
import { measureSpec } from '../expression/measure-spec';
import type { EventScanNode, ValueCondition } from '../plan/plan';
import { COUNT_LIMITS } from '../plan/value-limits';
import type { Measured } from './measure-rows';
import type { LeafChange } from './membership-explanation';
import { nearestOrdinal, nearestSum } from './nearest-value';
import { exactNumber, formatDifference, inWords, moveInWords } from './show-values';

/** An event leaf as it stands: what its measure came to over how many matching rows. */
export interface MeasuredLeaf {
  readonly leaf: EventNode;
  readonly scan: EventScanNode;
  readonly measured: Measured;
  readonly rowsMatched: number;
  /** Those of them that have a value of the measure's property. */
  readonly rowsWithValue: number;
  /** Rows dated before this are gone; null: all are kept. */
  readonly keptFromMs: number | null;
}

/** The smallest change of the user's rows that flips an event leaf; null: none does. */
export function changeOfEvent(state: MeasuredLeaf, member: boolean): LeafChange | null {
  const change = changeOfRows(state, member);
  if (change === null || canTakeRows(state)) {
    return change;
  }
  return { ...change, byMessage: false, text: `${change.text}, but no row can be dated into the window now` };
}

/** Whether a new row can lie in the window: the window is not empty at as-of, and not behind the retention. */
function canTakeRows({ scan, keptFromMs }: MeasuredLeaf): boolean {
  const { fromMs, toMs } = scan.interval;
  return (fromMs === null || fromMs < toMs) && (keptFromMs === null || keptFromMs < toMs);
}

function changeOfRows(state: MeasuredLeaf, member: boolean): LeafChange | null {
  const { scan, measured } = state;
  const wanted = !member;
  if (scan.exact !== null) {
    return changeOfSum(state, scan.exact, wanted);
  }
  const { condition } = scan;
  if (condition === null) {
    return null;
  }
  if (condition.kind === 'present' || condition.kind === 'absent') {
    return changeOfPresence(state, (condition.kind === 'present') === wanted);
  }
  const { kind } = scan.measure;
  if (kind === 'count' || kind === 'distinct') {
    return changeOfCount(state, condition, wanted);
  }
  return changeOfOrdinal(state, condition, measured.kind === 'ordinal' ? measured.ordinal : null, wanted);
}

function changeOfPresence(state: MeasuredLeaf, needsValue: boolean): LeafChange | null {
  const { rowsMatched, rowsWithValue, scan } = state;
  if (!('property' in scan.measure)) {
    return needsValue ? moreRows(state, 1) : fewerRows(state, rowsMatched);
  }
  return needsValue ? firstRow(state, undefined, true) : fewerRows(state, rowsWithValue);
}

/** "order_paid rows that match, in the window". */
function rowsInWords({ leaf }: MeasuredLeaf, count: number): string {
  const matching =
    leaf.where.length > 0 ? ' that passes the filters'.replace('passes', count === 1 ? 'passes' : 'pass') : '';
  return `${leaf.eventType.name} ${count === 1 ? 'row' : 'rows'}${matching}${leaf.window === null ? '' : ' in the window'}`;
}

function moreRows(state: MeasuredLeaf, count: number): LeafChange {
  const { rowsMatched } = state;
  return {
    kind: 'moreRows',
    text: `${count} more ${rowsInWords(state, count)} would do`,
    from: rowsMatched,
    to: rowsMatched + count,
    by: count,
    byMessage: true,
  };
}

function fewerRows(state: MeasuredLeaf, count: number): LeafChange {
  const { rowsMatched } = state;
  return {
    kind: 'fewerRows',
    text: `there would have to be ${count} fewer ${rowsInWords(state, count)}; rows are not taken back, but time may drop them`,
    from: rowsMatched,
    to: rowsMatched - count,
    by: -count,
    byMessage: false,
  };
}

function changeOfCount(state: MeasuredLeaf, condition: ValueCondition, wanted: boolean): LeafChange | null {
  const { measure } = state.scan;
  const from = state.measured.kind === 'ordinal' ? state.measured.ordinal : 0;
  const to = nearestOrdinal(condition, measureSpec(measure), from, wanted, COUNT_LIMITS);
  if (to === null) {
    return null;
  }
  if (measure.kind !== 'distinct') {
    return to > from ? moreRows(state, to - from) : fewerRows(state, from - to);
  }
  const property = measure.property.name;
  return {
    kind: 'changeMeasure',
    text:
      to > from
        ? `${rowsInWords(state, 2)} with ${to - from} more distinct values of ${property} would do`
        : `there would have to be ${from - to} fewer distinct values of ${property}; rows are not taken back, but time may drop them`,
    from,
    to,
    by: to - from,
    byMessage: to > from,
  };
}

const MEASURES_IN_WORDS = {
  min: 'least',
  max: 'greatest',
  firstTime: 'first',
  lastTime: 'last',
  sum: 'sum',
  avg: 'average',
  count: 'count',
  distinct: 'distinct values',
} as const;

function measureInWords(measure: Measure): string {
  const words = MEASURES_IN_WORDS[measure.kind];
  switch (measure.kind) {
    case 'min':
    case 'max':
      return `the ${words} ${measure.property.name}`;
    case 'firstTime':
    case 'lastTime':
      return `the time of the ${words} row`;
    case 'sum':
    case 'avg':
    case 'distinct':
      return `the ${words} of ${measure.property.name}`;
    case 'count':
      return 'the count';
  }
}

function changeOfOrdinal(
  state: MeasuredLeaf,
  condition: ValueCondition,
  from: number | null,
  wanted: boolean,
): LeafChange | null {
  const { measure } = state.scan;
  const spec: ValueSpec = measureSpec(measure);
  const nearest = nearestOrdinal(condition, spec, from, wanted);
  if (from === null) {
    return firstRow(state, nearest === null ? undefined : formatValue(spec, nearest), condition.kind !== 'never');
  }
  if (nearest === null) {
    return null;
  }
  const to = formatValue(spec, nearest);
  // A new row can only raise a maximum and lower a minimum.
  const byMessage = measure.kind === 'max' || measure.kind === 'lastTime' ? nearest > from : nearest < from;
  return {
    kind: 'changeMeasure',
    text: `${measureInWords(measure)} of ${rowsInWords(state, 2)} would have to ${moveInWords(spec, nearest - from)}, to ${inWords(to)}`,
    from: formatValue(spec, from),
    to,
    by: formatDifference(spec, nearest - from),
    byMessage,
  };
}

function firstRow(state: MeasuredLeaf, to: JsonValue | undefined, isPossible: boolean): LeafChange | null {
  if (!isPossible) {
    return null;
  }
  const { measure } = state.scan;
  const example = to === undefined ? '' : `, with ${measureInWords(measure)} at ${inWords(to)} for example`;
  const row = rowsInWords(state, 1);
  return {
    kind: 'changeMeasure',
    text: `there is no ${'property' in measure ? `value of ${measure.property.name} in any ` : ''}${row}: one is needed${example}`,
    ...(to === undefined ? {} : { to }),
    byMessage: true,
  };
}

function changeOfSum(
  state: MeasuredLeaf,
  exact: NonNullable<EventScanNode['exact']>,
  wanted: boolean,
): LeafChange | null {
  const { measured, scan } = state;
  const { measure } = scan;
  if (measure.kind !== 'sum' && measure.kind !== 'avg') {
    return null;
  }
  const { scale, name } = measure.property;
  if (measured.kind !== 'exact') {
    const first = nearestSum(exact, { kind: measure.kind, scale }, 0n, 1, wanted);
    return firstRow(state, first === null ? undefined : exactNumber(first, scale), first !== null);
  }
  const { sum, rows } = measured;
  const nearest = nearestSum(exact, { kind: measure.kind, scale }, sum, rows, wanted);
  if (nearest === null) {
    return null;
  }
  const difference = nearest - sum;
  const size = inWords(exactNumber(difference < 0n ? -difference : difference, scale));
  const rowsText = measure.kind === 'avg' ? ` over the same ${rows} values` : '';
  return {
    kind: 'changeMeasure',
    text: `the sum of ${name} of ${rowsInWords(state, 2)} would have to ${difference > 0n ? 'rise' : 'fall'} by ${size}${rowsText}, to ${inWords(exactNumber(nearest, scale))}`,
    from: exactNumber(sum, scale),
    to: exactNumber(nearest, scale),
    by: exactNumber(difference, scale),
    byMessage: true,
  };
}
