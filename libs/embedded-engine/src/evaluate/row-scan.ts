import type { Interval } from '@tessera/audience';
import type { PropertyDefinition } from '@tessera/tag-catalog';
import type { NumberColumn } from '../columns/number-vector';
import { DAY_MS } from '../events/event-bucket';
import type { EventSource, RowBucket } from '../events/event-source';
import { firstRowFrom } from '../events/sort-rows';
import type { WantedTimes } from '../events/recent-times-cache';
import { SHARD_SIZE } from '../shard';
import type { LoweredRowTest } from './lowered-plan';
import { compileRowTests, type RowTest, testsOfBucket, type ValueBlock } from './row-filter';

// Taken once: looking a global up for every row is measurable. 1 for true, 0 for false.
const asBit = Number;
const { max } = Math;

export interface RowScan {
  readonly events: EventSource;
  readonly shard: number;
  readonly where: readonly LoweredRowTest[];
  readonly interval: Interval;
  /** Rows before this instant are past their retention; −Infinity without. */
  readonly keptFromMs: number;
  /** Told what newest rows of users are to be kept, which are then not built here. */
  readonly onWanted?: (wanted: WantedTimes) => void;
}

/** The part of the interval that is kept: fromMs ≤ t < toMs, null: open. Null: none. */
export function keptPart({ fromMs, toMs }: Interval, keptFromMs: number): Interval | null {
  const from = max(fromMs ?? -Infinity, keptFromMs);
  return from < toMs ? { fromMs: from === -Infinity ? null : from, toMs } : null;
}

/** Users are taken in ranges of 2^16, one container of a bitmap each, so that their counters stay in the processor's cache. */
export const RANGE_BITS = 16;
export const RANGE_SIZE = 1 << RANGE_BITS;
/** Of a local position: its place in its range. */
export const RANGE_MASK = RANGE_SIZE - 1;
export const RANGES = SHARD_SIZE / RANGE_SIZE;

/**
 * Matching rows of one bucket, as arrays of which the first `count` places are used. Good until the visitor returns; not to be
 * changed. Arrays are of one kind each whatever the columns are, so that loops over them stay simple for the compiler.
 */
export interface RowBlock extends ValueBlock {
  readonly count: number;
  /** The day's start; a row's time is this + `times`. */
  readonly startMs: number;
  readonly locals: Int32Array;
  /** Milliseconds of the day. */
  readonly times: Int32Array;
  /** The property asked for, `missing` where there is no value; meaningless without one. */
  readonly values: Float64Array;
  readonly missing: number;
  /** No magnitude in `values` is greater. */
  readonly magnitudeMax: number;
}

const BLOCK_ROWS = 4096;
const INT32_MAX = 0x7fffffff;
const NO_VALUES = new Float64Array(0);

/** Every place of a block; not to be changed. */
const everyPlace = Int32Array.from({ length: BLOCK_ROWS }, (_, place) => place);
const selection = new Int32Array(BLOCK_ROWS);
const gatheredLocals = new Int32Array(BLOCK_ROWS);
const gatheredTimes = new Int32Array(BLOCK_ROWS);
const gatheredValues = new Float64Array(BLOCK_ROWS);
/** One buffer serves all properties in turn. */
const widened = new Float64Array(BLOCK_ROWS);

/** One bucket of a scan; from `start` to `end` stand the ordered rows of the range at hand. */
interface BucketScan {
  readonly bucket: RowBucket;
  readonly tests: readonly RowTest[];
  readonly column: NumberColumn | null;
  /** Milliseconds of the day, from included, to excluded; may lie outside the day. */
  readonly from: number;
  readonly to: number;
  readonly ordered: number;
  start: number;
  end: number;
}

/**
 * The rows of one shard that lie in the interval and pass the filters, one range of users after the other, days ascending. To be used
 * without a pause: it reads columns as they are when it is made. Two scans may take turns, but no visitor may scan.
 */
export class RangeScan {
  readonly #buckets: BucketScan[] = [];
  /** By range: the place after the last one that a row out of order has. */
  readonly #unorderedEnds = new Int32Array(RANGES);
  #range = -1;
  #end = 0;

  /** @param property whose values are asked for; rows of days without any value are left out then. */
  constructor(scan: RowScan, property: PropertyDefinition | null) {
    const part = keptPart(scan.interval, scan.keptFromMs);
    if (part === null) {
      return;
    }
    const tests = compileRowTests(scan.where);
    const { toMs } = part;
    const fromMs = part.fromMs ?? -Infinity;
    for (const bucket of scan.events.bucketsToScan(scan.shard, part.fromMs, toMs)) {
      const needed = testsOfBucket(tests, bucket);
      const column = property === null ? null : bucket.column(property);
      if (needed === null || column === undefined) {
        continue;
      }
      const times = { from: fromMs - bucket.startMs, to: toMs - bucket.startMs };
      const ordered = bucket.orderedRows;
      this.#buckets.push({ bucket, tests: needed, column, ...times, ordered, start: 0, end: 0 });
      this.#noteUnordered(bucket.locals, ordered, bucket.rows);
    }
  }

  /** The place after the last one in the range that has rows, before filters; 0: nobody has. Ranges come one by one, from 0. */
  endIn(range: number): number {
    if (range !== this.#range) {
      this.#moveTo(range);
    }
    return this.#end;
  }

  /** Hands over the rows of one range of users. Ranges come one by one, from 0; the same one may be asked for again. */
  visitRange(range: number, visit: (block: RowBlock) => void): void {
    if (this.endIn(range) === 0) {
      return;
    }
    for (const scan of this.#buckets) {
      const isWhole = scan.tests.length === 0 && scan.from <= 0 && scan.to >= DAY_MS;
      for (let start = scan.start; start < scan.end; start += BLOCK_ROWS) {
        const rows = Math.min(BLOCK_ROWS, scan.end - start);
        if (isWhole) {
          visit(wholeBlock(scan, start, rows));
        } else {
          visitSelected(scan, start, { places: everyPlace, count: rows }, visit);
        }
      }
      const unorderedEnd = this.#unorderedEnds[range] === 0 ? 0 : scan.bucket.rows;
      for (let start = scan.ordered; start < unorderedEnd; start += BLOCK_ROWS) {
        const rows = Math.min(BLOCK_ROWS, scan.bucket.rows - start);
        const count = selectRange(scan.bucket.locals, start, rows, range);
        visitSelected(scan, start, { places: selection, count }, visit);
      }
    }
  }

  #noteUnordered(locals: Int32Array, from: number, to: number): void {
    const ends = this.#unorderedEnds;
    for (let row = from; row < to; row++) {
      const range = locals[row]! >>> RANGE_BITS;
      const end = (locals[row]! & RANGE_MASK) + 1;
      ends[range] = end > ends[range]! ? end : ends[range]!;
    }
  }

  #moveTo(range: number): void {
    this.#range = range;
    let end = this.#unorderedEnds[range]!;
    const next = (range + 1) * RANGE_SIZE;
    for (const scan of this.#buckets) {
      scan.start = scan.end;
      scan.end = firstRowFrom(scan.bucket.locals, scan.start, scan.ordered, next);
      if (scan.end > scan.start) {
        end = max(end, (scan.bucket.locals[scan.end - 1]! & RANGE_MASK) + 1);
      }
    }
    this.#end = end;
  }
}

/** Calls `evaluate` with every range of users in which someone has rows in one of the scans, and the place after the last of them. */
export function eachRange(scans: readonly RangeScan[], evaluate: (range: number, end: number) => void): void {
  for (let range = 0; range < RANGES; range++) {
    let end = 0;
    for (const scan of scans) {
      end = max(end, scan.endIn(range));
    }
    if (end > 0) {
      evaluate(range, end);
    }
  }
}

function wholeBlock({ bucket, column }: BucketScan, start: number, rows: number): RowBlock {
  const { values, missing } = column === null ? { values: NO_VALUES, missing: 0 } : valuesOf(column, start, rows);
  return {
    count: rows,
    startMs: bucket.startMs,
    locals: bucket.locals.subarray(start, start + rows),
    times: bucket.timesOfDay.subarray(start, start + rows),
    values,
    missing,
    magnitudeMax: magnitudeMaxOf(column),
  };
}

/** @param given places of rows, counted from `start`, that are put to the tests. */
function visitSelected(
  scan: BucketScan,
  start: number,
  given: { readonly places: Int32Array; readonly count: number },
  visit: (block: RowBlock) => void,
): void {
  const { bucket, tests, column } = scan;
  let { places, count } = given;
  if (count > 0 && (scan.from > 0 || scan.to < DAY_MS)) {
    count = narrowToTimes(bucket.timesOfDay.subarray(start), scan, places, count);
    places = selection;
  }
  for (const test of tests) {
    const tested = bucket.column(test.property);
    if (tested !== undefined && count > 0) {
      count = test.narrow(valuesOf(tested, start, places[count - 1]! + 1), places, count, selection);
      places = selection;
    }
  }
  if (count > 0) {
    visit(gatherBlock(bucket, column, start, { places, count }));
  }
}

function selectRange(locals: Int32Array, start: number, rows: number, range: number): number {
  let count = 0;
  for (let place = 0; place < rows; place++) {
    selection[count] = place;
    count += asBit(locals[start + place]! >>> RANGE_BITS === range);
  }
  return count;
}

function narrowToTimes(
  times: Int32Array,
  { from, to }: { readonly from: number; readonly to: number },
  places: Int32Array,
  count: number,
): number {
  let found = 0;
  for (let index = 0; index < count; index++) {
    const place = places[index]!;
    const time = times[place]!;
    selection[found] = place;
    found += asBit(time >= from) & asBit(time < to);
  }
  return found;
}

function gatherBlock(
  bucket: RowBucket,
  column: NumberColumn | null,
  start: number,
  { places, count }: { readonly places: Int32Array; readonly count: number },
): RowBlock {
  const { locals, timesOfDay } = bucket;
  for (let index = 0; index < count; index++) {
    const row = start + places[index]!;
    gatheredLocals[index] = locals[row]!;
    gatheredTimes[index] = timesOfDay[row]!;
  }
  let missing = 0;
  if (column !== null) {
    const block = valuesOf(column, start, places[count - 1]! + 1);
    missing = block.missing;
    for (let index = 0; index < count; index++) {
      gatheredValues[index] = block.values[places[index]!]!;
    }
  }
  return {
    count,
    startMs: bucket.startMs,
    locals: gatheredLocals,
    times: gatheredTimes,
    values: gatheredValues,
    missing,
    magnitudeMax: magnitudeMaxOf(column),
  };
}

/** The column's numbers of some rows as doubles. Good until the next call. */
function valuesOf(column: NumberColumn, start: number, rows: number): ValueBlock {
  const { data, missing, length } = column;
  const held = Math.max(0, Math.min(rows, length - start));
  if (data instanceof Float64Array && held === rows) {
    return { values: data.subarray(start, start + rows), missing };
  }
  widened.set(data.subarray(start, start + held));
  widened.fill(missing, held, rows);
  return { values: widened, missing };
}

function magnitudeMaxOf(column: NumberColumn | null): number {
  return column?.data instanceof Float64Array ? Infinity : INT32_MAX;
}
