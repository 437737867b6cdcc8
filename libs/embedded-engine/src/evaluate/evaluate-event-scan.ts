import { compileCondition, meetsExact, type ValueCondition } from '@tessera/audience';
import { RoaringBitmap32 } from '@tessera/bitmap';
import type { ValueSpec } from '@tessera/tag-catalog';
import { compileAverage, sumRange } from './compile-exact';
import { countDistinct } from './count-distinct';
import { type Counters, type CountRange, findUsers } from './event-counters';
import { type NumberRange, rangeOf } from './event-goal';
import { recentLastTime } from './event-recency';
import { countingRows, usersInCountRange } from './event-thresholds';
import type { LoweredGoal } from './lowered-plan';
import { eachRange, RANGE_MASK, RangeScan, type RowBlock, type RowScan } from './row-scan';

// Taken once: globals are slow inside the test runner's context.
const { abs } = Math;

const INT_SPEC: ValueSpec = { valueType: 'int', scale: 0, values: [] };
const INSTANT_SPEC: ValueSpec = { valueType: 'datetime', scale: 0, values: [] };

/** The users of one shard whose measure meets the goal's condition. */
export function evaluateEventScan(goal: LoweredGoal, scan: RowScan, universe: RoaringBitmap32): RoaringBitmap32 {
  const { measure } = goal;
  switch (measure.kind) {
    case 'count': {
      const range = rangeOf(conditionOf(goal));
      return range === null
        ? byCounts(goal, scan, universe, countRows)
        : usersInCountRange(range, universe, countingRows(scan));
    }
    case 'distinct':
      return byCounts(goal, scan, universe, countDistinct(goal.valuesMax));
    case 'firstTime':
      return byValues(goal, scan, universe, keepFirstTimes);
    case 'lastTime': {
      const range = rangeOf(conditionOf(goal));
      const recent = range === null ? null : recentLastTime(scan, range);
      return recent ?? byValues(goal, scan, universe, keepLastTimes);
    }
    case 'min':
      return byValues(goal, scan, universe, keepLeast);
    case 'max':
      return byValues(goal, scan, universe, keepGreatest);
    case 'sum':
    case 'avg':
      return bySums(goal, scan);
  }
}

function conditionOf(goal: LoweredGoal): ValueCondition {
  if (goal.condition === null) {
    throw new Error('This measure needs a condition on values.');
  }
  return goal.condition;
}

/** Users whose count meets the condition, those without rows with 0. */
function byCounts(
  goal: LoweredGoal,
  scan: RowScan,
  universe: RoaringBitmap32,
  countRange: CountRange,
): RoaringBitmap32 {
  const { measure } = goal;
  const condition = conditionOf(goal);
  const meets = compileCondition(condition, INT_SPEC);
  const isZeroMet = meets(0);
  const numbers = rangeOf(condition);
  const rows = new RangeScan(scan, measure.kind === 'distinct' ? measure.property : null);
  const found = findUsers((counters) => {
    eachRange([rows], (range, end) => {
      countRange(rows, range, end, counters);
      if (numbers === null) {
        counters.mark(range, end, (_value, count) => meets(count) !== isZeroMet);
      } else {
        counters.markCounts(range, end, isZeroMet ? { ...numbers, negated: !numbers.negated } : numbers);
      }
    });
  });
  return isZeroMet ? RoaringBitmap32.andNot(universe, found) : found;
}

const countRows: CountRange = (rows, range, _end, { counts }) => {
  rows.visitRange(range, ({ locals, count }) => {
    for (let row = 0; row < count; row++) {
      counts[locals[row]! & RANGE_MASK]!++;
    }
  });
};

/** Takes rows into the counters: a user's value stands in `values`, and `counts` is not 0. */
type KeepValue = (counters: Counters, block: RowBlock) => void;

/** Users with a value that meets the condition. */
function byValues(goal: LoweredGoal, scan: RowScan, universe: RoaringBitmap32, keep: KeepValue): RoaringBitmap32 {
  const { measure } = goal;
  const property = measure.kind === 'min' || measure.kind === 'max' ? measure.property : null;
  const condition = conditionOf(goal);
  const isAbsence = condition.kind === 'absent';
  const numbers = isAbsence ? EVERY_NUMBER : rangeOf(condition);
  const meets = compileCondition(condition, property ?? INSTANT_SPEC);
  const rows = new RangeScan(scan, property);
  const found = findUsers((counters) => {
    eachRange([rows], (range, end) => {
      rows.visitRange(range, (block) => {
        keep(counters, block);
      });
      if (numbers === null) {
        counters.mark(range, end, meets);
      } else {
        counters.markValues(range, end, numbers);
      }
    });
  });
  return isAbsence ? RoaringBitmap32.andNot(universe, found) : found;
}

const EVERY_NUMBER: NumberRange = { low: -Infinity, high: Infinity, negated: false };

const keepFirstTimes: KeepValue = ({ counts, values }, { locals, times, startMs, count }) => {
  for (let row = 0; row < count; row++) {
    const place = locals[row]! & RANGE_MASK;
    const timeMs = startMs + times[row]!;
    if (counts[place] === 0 || timeMs < values[place]!) {
      values[place] = timeMs;
      counts[place] = 1;
    }
  }
};

const keepLastTimes: KeepValue = ({ counts, values }, { locals, times, startMs, count }) => {
  for (let row = 0; row < count; row++) {
    const place = locals[row]! & RANGE_MASK;
    const timeMs = startMs + times[row]!;
    if (counts[place] === 0 || timeMs > values[place]!) {
      values[place] = timeMs;
      counts[place] = 1;
    }
  }
};

const keepLeast: KeepValue = ({ counts, values }, { locals, values: given, missing, count }) => {
  for (let row = 0; row < count; row++) {
    const place = locals[row]! & RANGE_MASK;
    const value = given[row]!;
    if (value !== missing && (counts[place] === 0 || value < values[place]!)) {
      values[place] = value;
      counts[place] = 1;
    }
  }
};

const keepGreatest: KeepValue = ({ counts, values }, { locals, values: given, missing, count }) => {
  for (let row = 0; row < count; row++) {
    const place = locals[row]! & RANGE_MASK;
    const value = given[row]!;
    if (value !== missing && (counts[place] === 0 || value > values[place]!)) {
      values[place] = value;
      counts[place] = 1;
    }
  }
};

/**
 * Sums as doubles while the sum of all magnitudes stays a safe integer (then every partial sum is exact), as BigInt otherwise.
 */
function bySums(goal: LoweredGoal, scan: RowScan): RoaringBitmap32 {
  const { measure, exact } = goal;
  if (exact === null || (measure.kind !== 'sum' && measure.kind !== 'avg')) {
    throw new Error('sum and avg need an exact condition.');
  }
  const { kind, property } = measure;
  const numbers = kind === 'sum' ? sumRange(exact, property.scale) : null;
  const meets = compileAverage(exact, property.scale);
  const rows = new RangeScan(scan, property);
  return findUsers((counters) => {
    eachRange([rows], (range, end) => {
      let magnitude = 0;
      counters.values.fill(0, 0, end);
      rows.visitRange(range, (block) => {
        addValues(counters, block);
        magnitude += block.count * block.magnitudeMax;
      });
      if (magnitude > Number.MAX_SAFE_INTEGER && magnitudeOf(rows, range) > Number.MAX_SAFE_INTEGER) {
        const sums = bigSums(rows, range);
        counters.mark(range, end, (_sum, count, local) =>
          meetsExact(exact, kind, sums.get(local) ?? 0n, count, property.scale),
        );
      } else if (numbers === null) {
        counters.mark(range, end, meets);
      } else {
        counters.markValues(range, end, numbers);
      }
    });
  });
}

/** Adds the rows' values; the counters' values are 0 at first. */
function addValues({ counts, values }: Counters, { locals, values: given, missing, count }: RowBlock): void {
  for (let row = 0; row < count; row++) {
    const value = given[row]!;
    if (value !== missing) {
      const place = locals[row]! & RANGE_MASK;
      values[place]! += value;
      counts[place]!++;
    }
  }
}

/** The sum of the values' magnitudes; exact while it is a safe integer. */
function magnitudeOf(rows: RangeScan, range: number): number {
  let magnitude = 0;
  rows.visitRange(range, ({ values, missing, count }) => {
    for (let row = 0; row < count; row++) {
      const value = values[row]!;
      magnitude += value === missing ? 0 : abs(value);
    }
  });
  return magnitude;
}

/** By local position. */
function bigSums(rows: RangeScan, range: number): Map<number, bigint> {
  const sums = new Map<number, bigint>();
  rows.visitRange(range, ({ locals, values, missing, count }) => {
    for (let row = 0; row < count; row++) {
      const value = values[row]!;
      if (value !== missing) {
        const local = locals[row]!;
        sums.set(local, (sums.get(local) ?? 0n) + BigInt(value));
      }
    }
  });
  return sums;
}
