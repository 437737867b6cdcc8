import { compileCondition, type EventScanNode, meetsExact, type ValueCondition } from '@tessera/audience';
import { RoaringBitmap32 } from '@tessera/bitmap';
import type { ValueSpec } from '@tessera/tag-catalog';
import { bitmapWhere } from '../bitmaps/scratch';
import { SHARD_SIZE } from '../shard';
import { compileExact } from './compile-exact';
import { countDistinct } from './count-distinct';
import { type RowScan, scanRows } from './row-scan';

const INT_SPEC: ValueSpec = { valueType: 'int', scale: 0, values: [] };
const INSTANT_SPEC: ValueSpec = { valueType: 'datetime', scale: 0, values: [] };

/** Counters of one shard, kept between scans; `clear` after use. */
class Counters {
  readonly counts = new Uint32Array(SHARD_SIZE);
  readonly values = new Float64Array(SHARD_SIZE);
  end = 0;

  touch(local: number): void {
    if (local >= this.end) {
      this.end = local + 1;
    }
  }

  clear(): void {
    this.counts.fill(0, 0, this.end);
    this.end = 0;
  }
}

let idle: Counters | null = null;

/** Lends the counters: scans are synchronous, so one set serves them all. */
function withCounters<T>(use: (counters: Counters) => T): T {
  const counters = idle ?? new Counters();
  idle = null;
  try {
    return use(counters);
  } finally {
    counters.clear();
    idle = counters;
  }
}

/** The users of one shard whose measure meets the node's condition. */
export function evaluateEventScan(node: EventScanNode, scan: RowScan, universe: RoaringBitmap32): RoaringBitmap32 {
  const { measure } = node;
  switch (measure.kind) {
    case 'count':
      return withCounters((counters) => {
        countRows(scan, counters);
        return select(counters, universe, node.condition, INT_SPEC, (local) => counters.counts[local]!);
      });
    case 'distinct':
      return withCounters((counters) => {
        countDistinct(scan, measure.property, (local, distinct) => {
          counters.counts[local] = distinct;
          counters.touch(local);
        });
        return select(counters, universe, node.condition, INT_SPEC, (local) => counters.counts[local]!);
      });
    case 'firstTime':
    case 'lastTime':
      return withCounters((counters) => {
        const sign = measure.kind === 'firstTime' ? -1 : 1;
        scanRows(scan, null, (local, timeMs) => {
          keepGreatest(counters, local, sign * timeMs);
        });
        return select(counters, universe, node.condition, INSTANT_SPEC, (local) => sign * counters.values[local]!);
      });
    case 'min':
    case 'max':
      return withCounters((counters) => {
        const sign = measure.kind === 'min' ? -1 : 1;
        scanRows(scan, measure.property, (local, _timeMs, stored) => {
          if (stored !== undefined) {
            keepGreatest(counters, local, sign * stored);
          }
        });
        return select(
          counters,
          universe,
          node.condition,
          measure.property,
          (local) => sign * counters.values[local]! + 0,
        );
      });
    case 'sum':
    case 'avg':
      return evaluateSum(node, scan);
  }
}

function countRows(scan: RowScan, counters: Counters): void {
  const { counts } = counters;
  scanRows(scan, null, (local) => {
    counts[local]!++;
    counters.touch(local);
  });
}

function keepGreatest(counters: Counters, local: number, value: number): void {
  if (counters.counts[local] === 0 || value > counters.values[local]!) {
    counters.values[local] = value;
  }
  counters.counts[local] = 1;
  counters.touch(local);
}

/** Users touched by the scan whose value meets the condition; of counts, the untouched ones too where 0 does. */
function select(
  counters: Counters,
  universe: RoaringBitmap32,
  condition: ValueCondition | null,
  spec: ValueSpec,
  valueOf: (local: number) => number,
): RoaringBitmap32 {
  if (condition === null) {
    throw new Error('This measure needs a condition on values.');
  }
  const { counts, end } = counters;
  if (condition.kind === 'absent') {
    return RoaringBitmap32.andNot(
      universe,
      bitmapWhere(end, (local) => counts[local] !== 0),
    );
  }
  const meets = compileCondition(condition, spec);
  if (spec === INT_SPEC && meets(0)) {
    return RoaringBitmap32.andNot(
      universe,
      bitmapWhere(end, (local) => counts[local] !== 0 && !meets(valueOf(local))),
    );
  }
  return bitmapWhere(end, (local) => counts[local] !== 0 && meets(valueOf(local)));
}

/**
 * Sums as doubles while the sum of all magnitudes stays a safe integer (then every partial sum is exact), as BigInt otherwise.
 */
function evaluateSum(node: EventScanNode, scan: RowScan): RoaringBitmap32 {
  const { measure, exact } = node;
  if (exact === null || (measure.kind !== 'sum' && measure.kind !== 'avg')) {
    throw new Error('sum and avg need an exact condition.');
  }
  const { kind, property } = measure;
  const meets = compileExact(exact, kind, property.scale);
  return withCounters((counters) => {
    const { counts, values } = counters;
    let magnitude = 0;
    scanRows(scan, property, (local, _timeMs, stored) => {
      if (stored !== undefined) {
        values[local] = counts[local] === 0 ? stored : values[local]! + stored;
        counts[local]!++;
        magnitude += Math.abs(stored);
        counters.touch(local);
      }
    });
    const big = magnitude <= Number.MAX_SAFE_INTEGER ? null : bigSums(scan, property);
    return bitmapWhere(counters.end, (local) => {
      if (counts[local] === 0) {
        return false;
      }
      return big === null
        ? meets(values[local]!, counts[local]!)
        : meetsExact(exact, kind, big.get(local) ?? 0n, counts[local]!, property.scale);
    });
  });
}

function bigSums(scan: RowScan, property: Parameters<typeof scanRows>[1]): Map<number, bigint> {
  const sums = new Map<number, bigint>();
  scanRows(scan, property, (local, _timeMs, stored) => {
    if (stored !== undefined) {
      sums.set(local, (sums.get(local) ?? 0n) + BigInt(stored));
    }
  });
  return sums;
}
