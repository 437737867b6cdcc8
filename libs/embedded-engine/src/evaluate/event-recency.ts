import { RoaringBitmap32 } from '@tessera/bitmap';
import type { RecentSource } from '../events/event-source';
import { RecentTimes, type UsersSince } from '../events/recent-times';
import { buildRecentTimes } from './build-recent-times';
import type { NumberRange } from './event-goal';
import { keptPart, type RowScan } from './row-scan';

/** Windows with fewer rows in the shard are counted faster than anything is kept for them. */
const ROWS_MIN = 16_384;
/** So many users are looked up one by one where seconds can't decide; with more, rows are scanned. */
const LOOKED_UP_MAX = 32;

/** A window of one shard whose newest rows are kept. */
interface RecentWindow {
  readonly times: RecentTimes;
  readonly source: RecentSource;
  readonly shard: number;
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

function rowTimesOf({ source, shard, fromMs, toMs }: RecentWindow, local: number): readonly number[] {
  return source.rowTimesOf(shard, local, fromMs, toMs);
}

function openWindow(scan: RowScan, depth: number): RecentWindow | null {
  const { shard, interval } = scan;
  const { toMs } = interval;
  const source = scan.events.recent;
  const part = keptPart(interval, scan.keptFromMs);
  if (source === null || scan.where.length > 0 || part === null) {
    return null;
  }
  const extent = source.extentOf(shard, part.fromMs, toMs);
  if (extent.rows < ROWS_MIN) {
    return null;
  }
  // There are no earlier rows.
  const fromMs = Math.max(part.fromMs ?? -Infinity, extent.startMs);
  const times = timesFor(scan, source, depth, fromMs);
  const later = times?.atOrAfter(toMs, LOOKED_UP_MAX) ?? null;
  return times === null || later === null ? null : { times, source, shard, fromMs, toMs, later };
}

function timesFor(scan: RowScan, { recentTimes }: RecentSource, depth: number, fromMs: number): RecentTimes | null {
  const { events, shard } = scan;
  const found = recentTimes.find(shard, depth, fromMs);
  if (found === null || found instanceof RecentTimes) {
    return found;
  }
  if (scan.onWanted !== undefined) {
    scan.onWanted(found);
    return null;
  }
  const built = buildRecentTimes(events, shard, found);
  recentTimes.keep(shard, built, found);
  return built.coverFromMs <= fromMs ? built : null;
}
