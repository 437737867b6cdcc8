import { RoaringBitmap32 } from '@tessera/bitmap';
import type { EventBucket } from '../events/event-bucket';
import { dayBefore, RecentTimes, type UsersSince } from '../events/recent-times';
import type { NumberRange } from './event-goal';
import { eachRange, RangeScan, type RowScan } from './row-scan';

/** Windows with fewer rows in the shard are counted faster than anything is kept for them. */
const ROWS_MIN = 16_384;
/** So many users are looked up one by one where seconds can't decide; with more, rows are scanned. */
const LOOKED_UP_MAX = 32;

/** A window of one shard whose newest rows are kept. */
interface RecentWindow {
  readonly times: RecentTimes;
  readonly buckets: readonly EventBucket[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Users with rows at or after the window's end, whose newest rows say little about it. */
  readonly later: readonly number[];
}

/** Users with at least so many rows in the window, by threshold; null: the rows have to be scanned. Thresholds may be Infinity. */
export function recentAtLeast(scan: RowScan, thresholds: readonly number[]): readonly RoaringBitmap32[] | null {
  const finite = thresholds.filter((threshold) => threshold !== Infinity);
  const window = openWindow(scan, Math.max(...finite));
  if (window === null) {
    return null;
  }
  const answers: RoaringBitmap32[] = [];
  for (const threshold of thresholds) {
    if (threshold === Infinity) {
      answers.push(new RoaringBitmap32());
      continue;
    }
    const { users, unsure } = window.times.since(threshold, window.fromMs);
    const hasEnough = (local: number): boolean => rowTimesOf(window, local).length >= threshold;
    if (!settle(users, [...unsure, ...window.later], hasEnough)) {
      return null;
    }
    answers.push(users);
  }
  return answers;
}

/** Users whose last row in the window has its time in the range; null: the rows have to be scanned. */
export function recentLastTime(scan: RowScan, { low, high, negated }: NumberRange): RoaringBitmap32 | null {
  const window = openWindow(scan, 1);
  if (window === null) {
    return null;
  }
  const { fromMs } = window;
  const fromLow = usersFrom(window, low);
  const pastHigh = usersFrom(window, high + 1);
  const any = negated ? usersFrom(window, fromMs) : NOBODY;
  const within = RoaringBitmap32.andNot(fromLow.users, pastHigh.users);
  const users = negated ? RoaringBitmap32.andNot(any.users, within) : within;
  const doubtful = [...any.unsure, ...fromLow.unsure, ...pastHigh.unsure, ...window.later];
  const meets = (local: number): boolean => {
    const rowTimes = rowTimesOf(window, local);
    const last = Math.max(...rowTimes);
    return rowTimes.length > 0 && (last >= low && last <= high) !== negated;
  };
  return settle(users, doubtful, meets) ? users : null;
}

/** Users with a row in the window at or after an instant. */
function usersFrom({ times, fromMs, toMs }: RecentWindow, instantMs: number): UsersSince {
  return instantMs < toMs ? times.since(1, Math.max(instantMs, fromMs)) : NOBODY;
}

const NOBODY: UsersSince = { users: new RoaringBitmap32(), unsure: [] };

/** Looks up whom seconds could not decide. @returns false: too many. */
function settle(users: RoaringBitmap32, doubtful: readonly number[], meets: (local: number) => boolean): boolean {
  const distinct = new Set(doubtful);
  if (distinct.size > LOOKED_UP_MAX) {
    return false;
  }
  for (const local of distinct) {
    if (meets(local)) {
      users.add(local);
    } else {
      users.remove(local);
    }
  }
  return true;
}

function rowTimesOf({ buckets, fromMs, toMs }: RecentWindow, local: number): number[] {
  return buckets
    .flatMap((bucket) => bucket.rowsOf(local).map((row) => bucket.startMs + bucket.timesOfDay[row]!))
    .filter((timeMs) => timeMs >= fromMs && timeMs < toMs);
}

function openWindow(scan: RowScan, depth: number): RecentWindow | null {
  const { events, shard, interval } = scan;
  const { toMs } = interval;
  const askedFromMs = Math.max(interval.fromMs ?? -Infinity, scan.keptFromMs);
  if (scan.where.length > 0 || askedFromMs >= toMs) {
    return null;
  }
  const buckets = events.buckets(shard, askedFromMs === -Infinity ? null : askedFromMs, toMs);
  const [first] = buckets;
  if (first === undefined || buckets.reduce((rows, bucket) => rows + bucket.rows, 0) < ROWS_MIN) {
    return null;
  }
  // There are no earlier rows.
  const fromMs = Math.max(askedFromMs, first.startMs);
  const times = timesFor(scan, depth, fromMs);
  const later = times?.atOrAfter(toMs, LOOKED_UP_MAX) ?? null;
  return times === null || later === null ? null : { times, buckets, fromMs, toMs, later };
}

function timesFor(scan: RowScan, depth: number, fromMs: number): RecentTimes | null {
  const { events, shard } = scan;
  const found = events.recentTimes.find(shard, depth, fromMs);
  if (found === null || found instanceof RecentTimes) {
    return found;
  }
  const coverFromMs = dayBefore(found.fromMs);
  const all = { ...scan, where: [], interval: { fromMs: coverFromMs, toMs: Infinity }, keptFromMs: -Infinity };
  const rows = new RangeScan(all, null);
  const built = new RecentTimes(found.depth, coverFromMs);
  eachRange([rows], (range) => {
    rows.visitRange(range, ({ locals, times, startMs, count }) => {
      built.insertMany(locals, times, startMs, count);
    });
  });
  events.recentTimes.keep(shard, built);
  return built.coverFromMs <= fromMs ? built : null;
}
