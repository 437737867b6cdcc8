import type { Window } from '../expression/expression';
import type { Interval } from './plan';
import { INSTANT_MS_MAX } from './zone-offsets';
import { localDay, startOfDayMs, unitStartDay } from './zone-time';

/**
 * The actual start and end of a window, as half-open instants in whole milliseconds, cut at as-of: a row dated after as-of
 * never counts, so `toMs` ≤ as-of + 1. `{last: D}` is (as-of − D, as-of]. No window: every row up to as-of. A window that
 * begins after as-of comes out with `fromMs` ≥ `toMs` and holds no row.
 */
export function resolveWindow(window: Window | null, asOfMs: number): Interval {
  const endMs = asOfMs + 1;
  if (window === null) {
    return { fromMs: null, toMs: endMs };
  }
  switch (window.kind) {
    case 'last':
      return { fromMs: Math.max(endMs - window.durationMs, -INSTANT_MS_MAX), toMs: endMs };
    case 'range':
      return { fromMs: window.fromMs, toMs: window.toMs === null ? endMs : Math.min(window.toMs, endMs) };
    case 'calendar': {
      const { unit, offset, timeZone } = window;
      const today = localDay(asOfMs, timeZone);
      const fromMs = startOfDayMs(unitStartDay(today, unit, offset), timeZone);
      const toMs = offset === 0 ? endMs : startOfDayMs(unitStartDay(today, unit, offset + 1), timeZone);
      return { fromMs, toMs: Math.min(toMs, endMs) };
    }
  }
}
