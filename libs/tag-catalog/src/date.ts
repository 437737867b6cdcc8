import { civilDayText, daysFromCivil, readCivilDay, YEAR_MAX, YEAR_MIN } from './calendar';

/** 1000-01-01 and 9999-12-31, in days since 1970-01-01. */
export const DATE_MIN = daysFromCivil(YEAR_MIN, 1, 1);
export const DATE_MAX = daysFromCivil(YEAR_MAX, 12, 31);

/**
 * Reads a date: exactly `YYYY-MM-DD`, a real day of the Gregorian calendar, years 1000 to 9999.
 * @returns days since 1970-01-01, or null.
 */
export function parseDate(text: string): number | null {
  if (text.length !== 10) {
    return null;
  }
  const days = readCivilDay(text);
  return days === null || days < DATE_MIN || days > DATE_MAX ? null : days;
}

/** `YYYY-MM-DD` of days since 1970-01-01. */
export function formatDate(days: number): string {
  return civilDayText(days);
}
