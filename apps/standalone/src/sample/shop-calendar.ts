import type { Random } from './random';
import { WeightedChoice } from './weighted-choice';

export const DAY_MS = 86_400_000;
/** 18 months. */
export const SHOP_DAYS = 548;

const MINUTE_MS = 60_000;
const QUARTER_HOUR_MS = 15 * MINUTE_MS;
/** How busy the shop is by weekday, Sunday first, and by hour of the day (UTC). */
const WEEKDAY_WEIGHTS = [1.25, 0.9, 0.85, 0.88, 0.95, 1.05, 1.3];
const HOUR_WEIGHTS = [9, 5, 3, 2, 2, 4, 10, 20, 30, 38, 44, 50, 58, 48, 40, 38, 42, 50, 62, 78, 92, 90, 62, 28];

/** How busy the shop is on a date for its season: Singles' Day, Christmas and what follows them. */
function seasonWeight(month: number, dayOfMonth: number): number {
  if (month === 11 && dayOfMonth === 11) return 3.2;
  if (month === 11 && dayOfMonth >= 20) return 1.3;
  if (month === 12 && dayOfMonth <= 22) return 1.4 + 0.035 * dayOfMonth;
  if (month === 12 && dayOfMonth >= 24 && dayOfMonth <= 26) return 0.55;
  if (month === 6 && dayOfMonth >= 16 && dayOfMonth <= 18) return 1.7;
  if (month === 1) return 0.75;
  if (month === 7 || month === 8) return 0.88;
  return 1;
}

/**
 * The 18 months up to `endMs` as a measure of business: `activity` turns an instant into the work done since the start, `drawTime`
 * draws an instant from a stretch of it, so that busy days and hours get more of the rows.
 */
export class ShopCalendar {
  readonly startMs: number;
  readonly #firstDay: number;
  /** Work done before day i, of SHOP_DAYS + 2 entries; a day of weight 1 counts 1. */
  readonly #workBefore: Float64Array;
  readonly #quarterHours = new WeightedChoice(HOUR_WEIGHTS.flatMap((weight) => [weight, weight, weight, weight]));

  constructor(readonly endMs: number) {
    this.#firstDay = Math.floor(endMs / DAY_MS) - SHOP_DAYS;
    this.startMs = this.#firstDay * DAY_MS;
    this.#workBefore = new Float64Array(SHOP_DAYS + 2);
    let work = 0;
    for (let day = 0; day <= SHOP_DAYS; day += 1) {
      this.#workBefore[day] = work;
      const date = new Date((this.#firstDay + day) * DAY_MS);
      work += (WEEKDAY_WEIGHTS[date.getUTCDay()] ?? 1) * seasonWeight(date.getUTCMonth() + 1, date.getUTCDate());
    }
    this.#workBefore[SHOP_DAYS + 1] = work;
  }

  /** Work done from the start of the shop's 18 months to the instant (clipped to them), in ordinary days. */
  activity(instantMs: number): number {
    const clipped = Math.min(Math.max(instantMs, this.startMs), this.endMs);
    const days = (clipped - this.startMs) / DAY_MS;
    const day = Math.floor(days);
    const before = this.#workBefore[day] ?? 0;
    return before + (days - day) * ((this.#workBefore[day + 1] ?? before) - before);
  }

  /** An instant whose day lies between two values of `activity`; may fall after `endMs` on the last day. */
  drawTime(random: Random, fromActivity: number, toActivity: number): number {
    const target = fromActivity + random.unit() * (toActivity - fromActivity);
    let low = 0;
    let high = SHOP_DAYS;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#workBefore[middle] ?? 0) <= target) low = middle;
      else high = middle - 1;
    }
    return this.startMs + low * DAY_MS + this.drawTimeOfDay(random);
  }

  /** Milliseconds since midnight, most of them in the evening. */
  drawTimeOfDay(random: Random): number {
    return this.#quarterHours.draw(random) * QUARTER_HOUR_MS + Math.floor(random.unit() * QUARTER_HOUR_MS);
  }

  isChristmasSeason(instantMs: number): boolean {
    const date = new Date(instantMs);
    return date.getUTCMonth() === 11 && date.getUTCDate() <= 24;
  }
}
