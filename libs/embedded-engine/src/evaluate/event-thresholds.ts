import { RoaringBitmap32 } from '@tessera/bitmap';
import { bitmapFromWords, SHARD_WORDS } from '../bitmaps/bitmap-from-words';
import type { NumberRange } from './event-goal';
import { recentAtLeast } from './event-recency';
import { eachRange, RANGE_MASK, RANGE_SIZE, RangeScan, type RowScan } from './row-scan';

/** Up to here a byte a user counts far enough. */
const NARROW_THRESHOLD_MAX = 255;

const narrowCounts = new Uint8Array(RANGE_SIZE);
const wideCounts = new Uint32Array(RANGE_SIZE);
const lowWords = new Uint32Array(SHARD_WORDS);
const highWords = new Uint32Array(SHARD_WORDS);

/**
 * Users with at least `low` and those with at least `high` matching rows; 1 ≤ low < high, either may be Infinity (nobody). A user is
 * marked when the count reaches a threshold, so that nobody has to be looked at after the rows.
 */
export type AtLeast = (low: number, high: number) => { readonly low: RoaringBitmap32; readonly high: RoaringBitmap32 };

/**
 * The users whose count of rows lies in the range. Those without rows count as 0.
 * @param atLeast finds users by thresholds.
 */
export function usersInCountRange(
  { low, high, negated }: NumberRange,
  universe: RoaringBitmap32,
  atLeast: AtLeast,
): RoaringBitmap32 {
  const from = Math.max(0, low);
  if (high < from) {
    return negated ? universe.clone() : new RoaringBitmap32();
  }
  if (from === 0 && high === Infinity) {
    return negated ? new RoaringBitmap32() : universe.clone();
  }
  const within = from === 0 ? atLeast(high + 1, Infinity) : atLeast(from, high + 1);
  if (from === 0) {
    return negated ? within.low : RoaringBitmap32.andNot(universe, within.low);
  }
  const found = within.high.isEmpty ? within.low : within.low.andNotInPlace(within.high);
  return negated ? RoaringBitmap32.andNot(universe, found) : found;
}

/** Finds users by thresholds: by what is kept of their newest rows, or by counting their rows. */
export function countingRows(scan: RowScan): AtLeast {
  return (low, high) => {
    if (low === Infinity) {
      return { low: new RoaringBitmap32(), high: new RoaringBitmap32() };
    }
    const [recentLow, recentHigh] = recentAtLeast(scan, [low, high]) ?? [];
    if (recentLow !== undefined && recentHigh !== undefined) {
      return { low: recentLow, high: recentHigh };
    }
    const isNarrow = low <= NARROW_THRESHOLD_MAX && (high <= NARROW_THRESHOLD_MAX || high === Infinity);
    const rows = new RangeScan(scan, null);
    try {
      eachRange([rows], (range, end) => {
        if (isNarrow) {
          rows.visitRange(range, ({ locals, count }) => {
            countNarrow(locals, count, low, high);
          });
          narrowCounts.fill(0, 0, end);
        } else {
          rows.visitRange(range, ({ locals, count }) => {
            countWide(locals, count, low, high);
          });
          wideCounts.fill(0, 0, end);
        }
      });
      return { low: bitmapFromWords(lowWords), high: bitmapFromWords(highWords) };
    } finally {
      narrowCounts.fill(0);
      wideCounts.fill(0);
      lowWords.fill(0);
      highWords.fill(0);
    }
  };
}

/** A count past 255 begins at 0 again: it may mark a user again who is marked already. */
function countNarrow(locals: Int32Array, rows: number, low: number, high: number): void {
  for (let row = 0; row < rows; row++) {
    const local = locals[row]!;
    const count = narrowCounts[local & RANGE_MASK]! + 1;
    narrowCounts[local & RANGE_MASK] = count;
    if (count === low) {
      lowWords[local >>> 5]! |= 1 << (local & 31);
    } else if (count === high) {
      highWords[local >>> 5]! |= 1 << (local & 31);
    }
  }
}

function countWide(locals: Int32Array, rows: number, low: number, high: number): void {
  for (let row = 0; row < rows; row++) {
    const local = locals[row]!;
    const count = wideCounts[local & RANGE_MASK]! + 1;
    wideCounts[local & RANGE_MASK] = count;
    if (count === low) {
      lowWords[local >>> 5]! |= 1 << (local & 31);
    } else if (count === high) {
      highWords[local >>> 5]! |= 1 << (local & 31);
    }
  }
}
