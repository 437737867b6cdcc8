import type { NumberColumn } from '../columns/number-vector';

/** Up to so many different values each has a bin of its own: with dense bitmaps 12 bytes a user. */
const SINGLE_BINS_MAX = 96;
/**
 * Otherwise so many bins, and a cumulative bitmap every STEP bins: with dense bitmaps 2 + 4 bytes a user. A range looks at 1/512 of the users one by
 * one for each of its ends, and at no more than STEP / 2 bins' bitmaps.
 */
const BINS = 512;
const STEP = 16;
const SAMPLE = 16_384;
/** Values that span less are sorted into bins through a table, which must stay in the cache. */
const TABLE_SPAN_MAX = 1 << 21;

export interface Bins {
  readonly starts: Float64Array;
  readonly single: Uint8Array;
  /** Bins from one cumulative bitmap to the next. */
  readonly step: number;
}

/** Bins for the values of a column; none where it has no value. */
export function binsOf(column: NumberColumn): Bins {
  const few = fewValues(column);
  if (few !== null) {
    return { starts: few, single: new Uint8Array(few.length).fill(1), step: 1 };
  }
  const sample = sampleOf(column);
  const starts: number[] = [leastOf(column)];
  for (let bin = 1; bin < BINS; bin++) {
    const start = sample[Math.floor((bin * sample.length) / BINS)]!;
    if (start > starts.at(-1)!) {
      starts.push(start);
      // A value that fills more than a bin by itself gets one that needs no look at the column.
      const next = Math.floor(((bin + 1) * sample.length) / BINS);
      if (sample[Math.min(next, sample.length - 1)] === start) {
        starts.push(start + 1);
      }
    }
  }
  const single = Uint8Array.from(starts, (start, bin) => (starts[bin + 1] === start + 1 ? 1 : 0));
  return { starts: Float64Array.from(starts), single, step: STEP };
}

/** All different values, ascending; null: too many. */
function fewValues({ data, missing, length }: NumberColumn): Float64Array | null {
  const values = new Set<number>();
  let last = missing;
  for (let position = 0; position < length; position++) {
    const value = data[position]!;
    if (value !== last && value !== missing) {
      last = value;
      values.add(value);
      if (values.size > SINGLE_BINS_MAX) {
        return null;
      }
    }
  }
  return Float64Array.from(values).sort();
}

function sampleOf({ data, missing, length }: NumberColumn): Float64Array {
  const sample = new Float64Array(Math.min(SAMPLE, length));
  const step = length / sample.length;
  let count = 0;
  for (let index = 0; index < sample.length; index++) {
    const value = data[Math.floor(index * step)]!;
    if (value !== missing) {
      sample[count++] = value;
    }
  }
  return sample.subarray(0, count).sort();
}

function leastOf({ data, missing, length }: NumberColumn): number {
  let least = Infinity;
  for (let position = 0; position < length; position++) {
    const value = data[position]!;
    if (value < least && value !== missing) {
      least = value;
    }
  }
  return least;
}

/** All positions with a value, grouped by bin, ascending within a bin; and where each bin's positions end. */
export function groupByBin(
  { data, missing, length }: NumberColumn,
  starts: Float64Array,
): { readonly positions: Uint32Array; readonly ends: Uint32Array } {
  const bins = new Uint16Array(length);
  const counts = new Uint32Array(starts.length + 1);
  const binOf = binFinder(starts);
  for (let position = 0; position < length; position++) {
    const value = data[position]!;
    // Bin 0 is for no value here.
    const bin = value === missing ? 0 : binOf(value) + 1;
    bins[position] = bin;
    counts[bin]!++;
  }
  const ends = new Uint32Array(starts.length);
  let total = 0;
  for (let bin = 0; bin < starts.length; bin++) {
    ends[bin] = total;
    total += counts[bin + 1]!;
  }
  const positions = new Uint32Array(total);
  for (let position = 0; position < length; position++) {
    const bin = bins[position]!;
    if (bin !== 0) {
      positions[ends[bin - 1]!++] = position;
    }
  }
  return { positions, ends };
}

/** Finds the bin of a value that is not below the first bin. */
function binFinder(starts: Float64Array): (value: number) => number {
  const base = starts[0] ?? 0;
  const span = (starts.at(-1) ?? 0) - base + 1;
  if (span > TABLE_SPAN_MAX) {
    return (value) => lastAtMost(starts, value);
  }
  const table = new Uint16Array(span);
  for (let bin = 0; bin < starts.length; bin++) {
    table.fill(bin, starts[bin]! - base);
  }
  const last = starts.length - 1;
  return (value) => (value - base < span ? table[value - base]! : last);
}

/** The last bin that begins at or below the value; −1: none. */
export function lastAtMost(starts: Float64Array, value: number): number {
  let from = 0;
  let to = starts.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (starts[middle]! <= value) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  return from - 1;
}
