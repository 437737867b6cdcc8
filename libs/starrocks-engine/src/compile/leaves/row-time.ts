import type { Interval } from '@tessera/audience';
import { INSTANT_MAX_MS, INSTANT_MIN_MS, retentionStartMs } from '@tessera/tag-catalog';
import type { TagTypeDefinition } from '@tessera/tag-catalog';
import { TIME, identifier } from '../../schema/names';
import { instantLiteral } from '../../sql/literal';

const TIME_COLUMN = `r.${identifier(TIME)}`;

/** The interval less what retention takes off it; null: no row can lie in it. */
export function keptInterval(interval: Interval, { retentionDays }: TagTypeDefinition, nowMs: number): Interval | null {
  const startMs = retentionDays === null ? null : retentionStartMs(retentionDays, nowMs);
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
