import { DAY_MS } from '@tessera/tag-catalog';
import type { ValueSpec } from '@tessera/tag-catalog';
import { INSTANT_MS_MAX, zoneOffsetMs } from './zone-offsets';

export { isTimeZone, zoneOffsetMs } from './zone-offsets';

export type CalendarUnit = 'day' | 'week' | 'month';

// No offset, local mean times included, reaches this far.
const OFFSET_MS_LIMIT = 16 * 3_600_000;

/** The wall clock's date in the zone, as days since 1970-01-01. */
export function localDay(instantMs: number, timeZone: string): number {
  return Math.floor((instantMs + zoneOffsetMs(timeZone, instantMs)) / DAY_MS);
}

/**
 * The first instant at which the zone's wall clock reads this date or a later one. That is local midnight where there is one
 * (the first of two where clocks go back over it), else the instant that clocks jump over it; a date a zone skipped
 * (Pacific/Apia, 2011-12-30) is empty: it starts when the next one does. Clamped to the instants a `Date` holds.
 *
 * @param day days since 1970-01-01.
 */
export function startOfDayMs(day: number, timeZone: string): number {
  const midnightMs = day * DAY_MS;
  if (!(Math.abs(midnightMs) < INSTANT_MS_MAX)) {
    return midnightMs < 0 ? -INSTANT_MS_MAX : INSTANT_MS_MAX;
  }
  const earliestMs = midnightMs - OFFSET_MS_LIMIT;
  const latestMs = midnightMs + OFFSET_MS_LIMIT;
  const beforeMs = zoneOffsetMs(timeZone, earliestMs);
  const afterMs = zoneOffsetMs(timeZone, latestMs);
  const byOldOffsetMs = midnightMs - beforeMs;
  if (beforeMs === afterMs || zoneOffsetMs(timeZone, byOldOffsetMs) === beforeMs) {
    return byOldOffsetMs;
  }
  const byNewOffsetMs = midnightMs - afterMs;
  if (zoneOffsetMs(timeZone, byNewOffsetMs) === afterMs) {
    // The old offset ended before its midnight and the new one's midnight comes after that.
    return byNewOffsetMs;
  }
  // Midnight falls in the gap: the day starts with the change of the clocks.
  let old = byNewOffsetMs;
  let current = byOldOffsetMs;
  while (current - old > 1) {
    const middle = Math.floor((old + current) / 2);
    if (zoneOffsetMs(timeZone, middle) === beforeMs) {
      old = middle;
    } else {
      current = middle;
    }
  }
  return current;
}

/**
 * The last date whose first instant (`startOfDayMs`) is not after the instant. Differs from the wall clock's date only
 * where clocks went back over midnight or a date was skipped.
 */
export function lastDayStartedBy(instantMs: number, timeZone: string): number {
  let day = localDay(instantMs, timeZone);
  while (startOfDayMs(day + 1, timeZone) <= instantMs && day * DAY_MS < INSTANT_MS_MAX) {
    day += 1;
  }
  return day;
}

/**
 * The first day of the unit that a date lies in, moved by `offset` units (0: the unit itself). Weeks begin on Monday.
 *
 * @param day days since 1970-01-01; so is the answer.
 */
export function unitStartDay(day: number, unit: CalendarUnit, offset: number): number {
  switch (unit) {
    case 'day':
      return day + offset;
    case 'week': {
      // 1970-01-01 was a Thursday, three days into its week.
      const daysIntoWeek = (((day + 3) % 7) + 7) % 7;
      return day - daysIntoWeek + offset * 7;
    }
    case 'month': {
      const date = new Date(day * DAY_MS);
      const startMs = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1);
      return Number.isNaN(startMs) ? (offset < 0 ? -INSTANT_MS_MAX : INSTANT_MS_MAX) / DAY_MS : startMs / DAY_MS;
    }
  }
}

/** The first instant of the day, week (from Monday) or month that the zone's wall clock is in at the instant. */
export function startOfUnit(instantMs: number, unit: CalendarUnit, timeZone: string): number {
  return startOfDayMs(unitStartDay(localDay(instantMs, timeZone), unit, 0), timeZone);
}

// Month and day repeat with the Gregorian calendar's cycle of 400 years, so one table serves every date.
const CYCLE_DAYS = 146_097;
const monthDays = new Uint16Array(CYCLE_DAYS);

/** month × 100 + day of a date, e.g. 229 for 29 February. `day`: days since 1970-01-01. */
export function monthDayOfDay(day: number): number {
  const slot = ((day % CYCLE_DAYS) + CYCLE_DAYS) % CYCLE_DAYS;
  let monthDay = monthDays[slot] ?? 0;
  if (monthDay === 0) {
    const date = new Date(slot * DAY_MS);
    monthDay = (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
    monthDays[slot] = monthDay;
  }
  return monthDay;
}

/**
 * month × 100 + day of a date, or of a datetime in the zone. 29 February is 229 in every year: that it counts on the 28th in
 * other years is part of the condition's `monthDays` (see `upcomingMonthDays`).
 *
 * @param value ordinal of a date or datetime.
 */
export function monthDayOf(field: ValueSpec, value: number, timeZone: string): number {
  return monthDayOfDay(field.valueType === 'date' ? value : localDay(value, timeZone));
}

/**
 * The month-days of the local dates from as-of's to as-of's + nextDays, sorted. 28 February of a year without a 29th brings
 * 229 with it: whoever was born on the 29th has the anniversary on that day. Dates are calendar dates: one that the zone
 * skipped is among them.
 */
export function upcomingMonthDays(asOfMs: number, nextDays: number, timeZone: string): readonly number[] {
  const found = new Set<number>();
  const first = localDay(asOfMs, timeZone);
  for (let day = first; day <= first + nextDays; day += 1) {
    const monthDay = monthDayOfDay(day);
    found.add(monthDay);
    if (monthDay === 228 && monthDayOfDay(day + 1) === 301) {
      found.add(229);
    }
  }
  return [...found].sort((one, other) => one - other);
}
