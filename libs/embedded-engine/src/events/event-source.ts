import type { NumberColumn } from '../columns/number-vector';
import type { RecentTimesCache } from './recent-times-cache';

/** What a scan reads of the rows of one shard and UTC day. */
export interface RowBucket {
  readonly startMs: number;
  readonly rows: number;
  /** So many rows stand in order of their users; the others stand behind them. */
  readonly orderedRows: number;
  /** Each row's user (local position); may be longer than `rows`. */
  readonly locals: Int32Array;
  /** Each row's milliseconds of the day; may be longer than `rows`. */
  readonly timesOfDay: Int32Array;
  /** Undefined: no row has a value. Shorter than `rows` where the last rows have none. */
  column(property: { readonly id: number }): NumberColumn | undefined;
}

/** The newest rows of users, kept for rules in use, and what is looked up where they can't tell. */
export interface RecentSource {
  readonly recentTimes: RecentTimesCache;
  /** Rows of the days that may hold some with fromMs ≤ t < toMs, and the first day's start (Infinity: none); nothing is read from disk for it. */
  extentOf(shard: number, fromMs: number | null, toMs: number): { readonly rows: number; readonly startMs: number };
  /** Times of a user's rows with fromMs ≤ t < toMs. */
  rowTimesOf(shard: number, local: number, fromMs: number, toMs: number): readonly number[];
}

/** The rows of one event type: the engine's own, or what another thread was sent of them. */
export interface EventSource {
  /** Buckets of one shard that may hold rows with fromMs ≤ t < toMs, days ascending, with few rows out of order. */
  bucketsToScan(shard: number, fromMs: number | null, toMs: number): readonly RowBucket[];
  /** Null in other threads: these scan. */
  readonly recent: RecentSource | null;
}
