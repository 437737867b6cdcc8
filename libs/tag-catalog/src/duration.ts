import { DAY_MS } from './calendar';

/** Longest duration: 100 million days, more than lies between any two instants; keeps every sum of an instant and a duration exact. */
export const DURATION_MAX_MS = 100_000_000 * DAY_MS;

const FORM = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,3}))?S)?)?$/;

/**
 * Reads an ISO 8601 duration of weeks, days, hours, minutes and seconds, in this order, each at most once, at least one; weeks may
 * stand beside the others (`P1W2D` is 9 days). A day is 24 hours. Only seconds take a fraction, of 1 to 3 digits after
 * a point. More than 0, at most {@link DURATION_MAX_MS}; years and months have no fixed length and are refused.
 * @returns milliseconds, or null.
 */
export function parseDuration(text: string): number | null {
  const parts = FORM.exec(text);
  if (parts === null) {
    return null;
  }
  const [, weeks = '0', days = '0', hours = '0', minutes = '0', seconds = '0', fraction = '0'] = parts;
  const durationMs =
    (Number(weeks) * 7 + Number(days)) * DAY_MS +
    Number(hours) * 3_600_000 +
    Number(minutes) * 60_000 +
    Number(seconds) * 1000 +
    Number(fraction.padEnd(3, '0'));
  return durationMs > 0 && durationMs <= DURATION_MAX_MS ? durationMs : null;
}

/** The canonical text of a duration: days, hours, minutes and seconds, none of them 0, e.g. `P7D`, `P1DT12H`, `PT0.5S`. */
export function formatDuration(durationMs: number): string {
  const days = Math.floor(durationMs / DAY_MS);
  const hours = Math.floor((durationMs % DAY_MS) / 3_600_000);
  const minutes = Math.floor((durationMs % 3_600_000) / 60_000);
  const seconds = Math.floor((durationMs % 60_000) / 1000);
  const fractionMs = durationMs % 1000;
  const fraction = fractionMs === 0 ? '' : `.${String(fractionMs).padStart(3, '0').replace(/0+$/, '')}`;
  const time =
    (hours > 0 ? `${hours}H` : '') +
    (minutes > 0 ? `${minutes}M` : '') +
    (seconds > 0 || fractionMs > 0 ? `${seconds}${fraction}S` : '');
  const text = `P${days > 0 ? `${days}D` : ''}${time === '' ? '' : `T${time}`}`;
  return text === 'P' ? 'PT0S' : text;
}
