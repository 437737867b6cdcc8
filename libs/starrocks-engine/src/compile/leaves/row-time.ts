import type { Interval } from '@tessera/audience';
import { INSTANT_MAX_MS, INSTANT_MIN_MS } from '@tessera/tag-catalog';
import type { TagTypeDefinition } from '@tessera/tag-catalog';
import { TIME, identifier } from '../../schema/names';
import { instantLiteral } from '../../sql/literal';

const DAY_MS = 86_400_000;
const TIME_COLUMN = `r.${identifier(TIME)}`;

/** Rows before this count nowhere: the last UTC midnight of the wall clock less the retention; null: all count. */
export function retentionStartMs(type: TagTypeDefinition, nowMs: number): number | null {
  if (type.retentionDays === null) return null;
  return Math.floor(nowMs / DAY_MS) * DAY_MS - type.retentionDays * DAY_MS;
}

/** The interval less what retention takes off it; null: no row can lie in it. */
export function keptInterval(interval: Interval, type: TagTypeDefinition, nowMs: number): Interval | null {
  const startMs = retentionStartMs(type, nowMs);
  const fromMs = startMs === null ? interval.fromMs : Math.max(startMs, interval.fromMs ?? Number.NEGATIVE_INFINITY);
  if ((fromMs !== null && (fromMs >= interval.toMs || fromMs > INSTANT_MAX_MS)) || interval.toMs <= INSTANT_MIN_MS) {
    return null;
  }
  return { fromMs, toMs: interval.toMs };
}

/** As conditions on rows under the alias `r`; ends that lie outside of what times can be are left out. */
export function intervalConditions({ fromMs, toMs }: Interval): readonly string[] {
  return [
    ...(fromMs === null || fromMs <= INSTANT_MIN_MS ? [] : [`${TIME_COLUMN} >= ${instantLiteral(fromMs)}`]),
    ...(toMs > INSTANT_MAX_MS ? [] : [`${TIME_COLUMN} < ${instantLiteral(toMs)}`]),
  ];
}

/** The least interval around all of them (at least one). */
export function hullOf(intervals: readonly Interval[]): Interval {
  const froms = intervals.map(({ fromMs }) => fromMs ?? Number.NEGATIVE_INFINITY);
  const fromMs = Math.min(...froms);
  return { fromMs: Number.isFinite(fromMs) ? fromMs : null, toMs: Math.max(...intervals.map(({ toMs }) => toMs)) };
}
