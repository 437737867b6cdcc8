import type { EventSource } from '../events/event-source';
import { dayBefore, RecentTimes } from '../events/recent-times';
import type { WantedTimes } from '../events/recent-times-cache';
import { eachRange, RangeScan } from './row-scan';

/** From which instant on the rows of a shard are looked at for it: a little earlier than asked for, so that windows may move back. */
export function coverFrom({ fromMs }: Pick<WantedTimes, 'fromMs'>): number {
  return dayBefore(fromMs);
}

/** Takes the newest rows of each user of a shard from all rows since `coverFrom`. */
export function buildRecentTimes(
  events: EventSource,
  shard: number,
  wanted: Pick<WantedTimes, 'depth' | 'fromMs'>,
): RecentTimes {
  const fromMs = coverFrom(wanted);
  const rows = new RangeScan(
    { events, shard, where: [], interval: { fromMs, toMs: Infinity }, keptFromMs: -Infinity },
    null,
  );
  const built = new RecentTimes(wanted.depth, fromMs);
  eachRange([rows], (range) => {
    rows.visitRange(range, ({ locals, times, startMs, count }) => {
      built.insertMany(locals, times, startMs, count);
    });
  });
  return built;
}
