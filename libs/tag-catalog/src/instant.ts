import { civilDayText, DAY_MS, readCivilDay, readDigits, twoDigits } from './calendar';
import { DATE_MAX, DATE_MIN } from './date';

/** 1000-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z, in milliseconds since the epoch. */
export const INSTANT_MIN_MS = DATE_MIN * DAY_MS;
export const INSTANT_MAX_MS = (DATE_MAX + 1) * DAY_MS - 1;

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/**
 * Reads an RFC 3339 date-time: `YYYY-MM-DDThh:mm:ss[.f]` and a zone, which is `Z` or `±hh:mm`; `T` and `Z` may be lower
 * case, `f` has 1 to 3 digits, `-00:00` means UTC. Second 60 is refused: an instant here is a count of milliseconds without
 * leap seconds. The years 1000 to 9999 are judged on the instant in UTC, because the instant is the value; the year as
 * written may be any four digits.
 * @returns milliseconds since 1970-01-01T00:00:00Z, or null.
 */
export function parseInstant(text: string): number | null {
  const separator = text.charCodeAt(10);
  if ((separator !== 84 && separator !== 116) || text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) {
    return null;
  }
  const days = readCivilDay(text);
  const hours = readDigits(text, 11, 2);
  const minutes = readDigits(text, 14, 2);
  const seconds = readDigits(text, 17, 2);
  if (days === null || !isClockTime(hours, minutes) || seconds < 0 || seconds > 59) {
    return null;
  }
  let zoneAt = 19;
  let fractionMs = 0;
  if (text.charCodeAt(19) === 46) {
    const digits = countDigits(text, 20);
    if (digits < 1 || digits > 3) {
      return null;
    }
    fractionMs = readDigits(text, 20, digits) * (digits === 1 ? 100 : digits === 2 ? 10 : 1);
    zoneAt = 20 + digits;
  }
  const offsetMs = readOffsetMs(text, zoneAt);
  if (offsetMs === null) {
    return null;
  }
  const instantMs = days * DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS + seconds * 1000 + fractionMs - offsetMs;
  return instantMs < INSTANT_MIN_MS || instantMs > INSTANT_MAX_MS ? null : instantMs;
}

function isClockTime(hours: number, minutes: number): boolean {
  return hours >= 0 && hours <= 23 && minutes >= 0 && minutes <= 59;
}

function countDigits(text: string, from: number): number {
  let count = 0;
  while (readDigits(text, from + count, 1) >= 0) {
    count++;
  }
  return count;
}

/** The zone that ends the text, east of Greenwich positive. */
function readOffsetMs(text: string, from: number): number | null {
  const sign = text.charCodeAt(from);
  if (sign === 90 || sign === 122) {
    return text.length === from + 1 ? 0 : null;
  }
  if ((sign !== 43 && sign !== 45) || text.length !== from + 6 || text.charCodeAt(from + 3) !== 58) {
    return null;
  }
  const hours = readDigits(text, from + 1, 2);
  const minutes = readDigits(text, from + 4, 2);
  if (!isClockTime(hours, minutes)) {
    return null;
  }
  const offsetMs = hours * HOUR_MS + minutes * MINUTE_MS;
  return sign === 45 ? -offsetMs : offsetMs;
}

/** RFC 3339 in UTC: `YYYY-MM-DDThh:mm:ssZ`, with `.mmm` only if the milliseconds are not 0. */
export function formatInstant(instantMs: number): string {
  const days = Math.floor(instantMs / DAY_MS);
  const ofDayMs = instantMs - days * DAY_MS;
  const hours = Math.floor(ofDayMs / HOUR_MS);
  const minutes = Math.floor((ofDayMs % HOUR_MS) / MINUTE_MS);
  const seconds = Math.floor((ofDayMs % MINUTE_MS) / 1000);
  const fractionMs = ofDayMs % 1000;
  const fraction = fractionMs === 0 ? '' : `.${String(fractionMs).padStart(3, '0')}`;
  return `${civilDayText(days)}T${twoDigits(hours)}:${twoDigits(minutes)}:${twoDigits(seconds)}${fraction}Z`;
}

/**
 * The earliest time a row of an event with this retention may have, by a wall clock: its last UTC midnight less the
 * retention. A row before it counts nowhere.
 */
export function retentionStartMs(retentionDays: number, wallClockMs: number): number {
  return (Math.floor(wallClockMs / DAY_MS) - retentionDays) * DAY_MS;
}
