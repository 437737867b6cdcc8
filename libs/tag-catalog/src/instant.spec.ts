import fc from 'fast-check';
import { civilFromDays, DAY_MS, daysFromCivil, daysInMonth } from './calendar';
import { DATE_MAX, DATE_MIN, formatDate, parseDate } from './date';
import { formatInstant, INSTANT_MAX_MS, INSTANT_MIN_MS, parseInstant, retentionStartMs } from './instant';

const anyDay = fc.integer({ min: DATE_MIN, max: DATE_MAX });
const anyInstant = fc.integer({ min: INSTANT_MIN_MS, max: INSTANT_MAX_MS });

describe('dates', () => {
  it('agree with Date.UTC, there and back', () => {
    fc.assert(
      fc.property(anyDay, (days) => {
        const text = new Date(days * DAY_MS).toISOString().slice(0, 10);
        expect(formatDate(days)).toBe(text);
        expect(parseDate(text)).toBe(days);
        const { year, month, day } = civilFromDays(days);
        expect(Date.UTC(year, month - 1, day)).toBe(days * DAY_MS);
        expect(daysFromCivil(year, month, day)).toBe(days);
        expect(daysInMonth(year, month)).toBe(new Date(Date.UTC(year, month, 0)).getUTCDate());
      }),
      { numRuns: 5000 },
    );
  });

  it('holds for every day of two eras', () => {
    for (let days = daysFromCivil(1599, 12, 1); days < daysFromCivil(2401, 2, 1); days++) {
      const { year, month, day } = civilFromDays(days);
      if (Date.UTC(year, month - 1, day) !== days * DAY_MS) {
        throw new Error(`day ${days} came out as ${year}-${month}-${day}`);
      }
    }
  });

  it.each([
    ['1970-01-01', 0],
    ['1969-12-31', -1],
    ['2000-02-29', 11_016],
    ['1000-01-01', DATE_MIN],
    ['9999-12-31', DATE_MAX],
  ])('reads %s', (text, days) => {
    expect(parseDate(text)).toBe(days);
  });

  it.each([
    '0999-12-31',
    '10000-01-01',
    '2023-02-29',
    '1900-02-29',
    '2023-04-31',
    '2023-13-01',
    '2023-00-10',
    '2023-01-00',
    '2023-1-01',
    '2023-01-1',
    '20230101',
    '2023-01-01T00:00:00Z',
    ' 2023-01-01',
    '2023-01-01 ',
    '2023/01/01',
    '',
    '２023-01-01',
    '+023-01-01',
    '2023-01--1',
    'NaN',
  ])('refuses %j', (text) => {
    expect(parseDate(text)).toBeNull();
  });
});

describe('instants', () => {
  it('agree with Date, there and back', () => {
    fc.assert(
      fc.property(anyInstant, (instantMs) => {
        const iso = new Date(instantMs).toISOString();
        expect(parseInstant(iso)).toBe(instantMs);
        expect(formatInstant(instantMs)).toBe(iso.replace('.000Z', 'Z'));
        expect(parseInstant(formatInstant(instantMs))).toBe(instantMs);
      }),
      { numRuns: 5000 },
    );
  });

  it('take the offset off', () => {
    const offsets = fc.record({
      sign: fc.constantFrom('+', '-'),
      hours: fc.integer({ min: 0, max: 23 }),
      minutes: fc.integer({ min: 0, max: 59 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), offsets, (localMs, { sign, hours, minutes }) => {
        const zone = `${sign}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
        const text = new Date(localMs).toISOString().replace('Z', zone);
        const offsetMs = (hours * 60 + minutes) * 60_000 * (sign === '-' ? -1 : 1);
        expect(parseInstant(text)).toBe(localMs - offsetMs);
      }),
    );
  });

  it.each([
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01t00:00:00z', 0],
    ['1970-01-01T00:00:00-00:00', 0],
    ['1970-01-01T00:00:00.5Z', 500],
    ['1970-01-01T00:00:00.05Z', 50],
    ['1970-01-01T00:00:00.005Z', 5],
    ['1969-12-31T23:59:59.999Z', -1],
    ['1970-01-01T08:00:00+08:00', 0],
    ['1969-12-31T18:30:00-05:30', 0],
    ['0999-12-31T23:30:00-01:00', INSTANT_MIN_MS + 1_800_000],
    ['9999-12-31T23:59:59.999Z', INSTANT_MAX_MS],
  ])('reads %s', (text, instantMs) => {
    expect(parseInstant(text)).toBe(instantMs);
  });

  it.each([
    '1970-01-01T00:00:00',
    '1970-01-01 00:00:00Z',
    '1970-01-01T00:00Z',
    '1970-01-01T00:00:60Z',
    '1970-01-01T24:00:00Z',
    '1970-01-01T00:60:00Z',
    '1970-01-01T00:00:00.Z',
    '1970-01-01T00:00:00.1234Z',
    '1970-01-01T00:00:00,5Z',
    '1970-01-01T00:00:00+0800',
    '1970-01-01T00:00:00+08',
    '1970-01-01T00:00:00+24:00',
    '1970-01-01T00:00:00+08:60',
    '1970-01-01T00:00:00Zx',
    '1970-01-01T00:00:00ZZ',
    '1970-02-30T00:00:00Z',
    '1970-01-01',
    '',
    '1000-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '999-01-01T00:00:00Z',
    '1970-01-01T00:00:00.5',
    '1970-01-01T00:00:0Z',
    '1970-01-01T00:00:00 Z',
    '1970-01-01T00:00:00−01:00',
  ])('refuses %j', (text) => {
    expect(parseInstant(text)).toBeNull();
  });

  it('are printed beyond the four-digit years too', () => {
    expect(formatInstant(-1e15)).toBe(new Date(-1e15).toISOString().replace('.000Z', 'Z'));
    expect(formatInstant(1e15)).toBe(new Date(1e15).toISOString().replace('.000Z', 'Z'));
  });
});

describe('retentionStartMs', () => {
  it('counts from the last UTC midnight', () => {
    const midnight = Date.UTC(2026, 2, 10);
    expect(retentionStartMs(30, midnight)).toBe(Date.UTC(2026, 1, 8));
    expect(retentionStartMs(30, midnight + DAY_MS - 1)).toBe(Date.UTC(2026, 1, 8));
    expect(retentionStartMs(30, midnight - 1)).toBe(Date.UTC(2026, 1, 7));
  });
});
