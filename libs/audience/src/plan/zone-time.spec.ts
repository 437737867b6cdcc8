import { DAY_MS, parseInstant } from '@tessera/tag-catalog';
import type { ValueSpec } from '@tessera/tag-catalog';
import { IANAZone } from 'luxon';
import { seededRandom } from './testing/random-samples';
import {
  isTimeZone,
  lastDayStartedBy,
  localDay,
  monthDayOf,
  startOfDayMs,
  startOfUnit,
  upcomingMonthDays,
  zoneOffsetMs,
} from './zone-time';

const ZONES = [
  'UTC',
  'Europe/London',
  'America/New_York',
  'Asia/Shanghai',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'America/St_Johns',
  'America/Sao_Paulo',
  'Africa/Casablanca',
  'Asia/Manila',
];
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000_007);

function at(text: string): number {
  const instantMs = parseInstant(text);
  if (instantMs === null) {
    throw new Error(`${text} is no instant`);
  }
  return instantMs;
}

function iso(instantMs: number): string {
  return new Date(instantMs).toISOString().replace('.000Z', 'Z');
}

function dayOf(text: string): number {
  return at(`${text}T00:00:00Z`) / DAY_MS;
}

describe('zoneOffsetMs', () => {
  it('agrees with luxon, near the changes of the clocks and anywhere else', () => {
    const random = seededRandom(SEED);
    for (const timeZone of ZONES) {
      const zone = new IANAZone(timeZone);
      const instants = Array.from({ length: 400 }, () => Math.floor((random() * 190 - 120) * 365.25 * DAY_MS));
      for (const year of [1999, 2011, 2026]) {
        for (let hour = 0; hour < 366 * 24; hour += 7) {
          instants.push(Date.UTC(year, 0, 1) + hour * 3_600_000 + (hour % 2));
        }
      }
      const wrong = instants.find(
        (instantMs) => zoneOffsetMs(timeZone, instantMs) !== Math.round(zone.offset(instantMs) * 60_000),
      );
      expect({ SEED, timeZone, wrong }).toEqual({ SEED, timeZone, wrong: undefined });
    }
  });

  it('changes to the millisecond', () => {
    const changeMs = at('2026-03-29T01:00:00Z');
    expect(zoneOffsetMs('Europe/London', changeMs - 1)).toBe(0);
    expect(zoneOffsetMs('Europe/London', changeMs)).toBe(3_600_000);
  });

  it('is the local mean time before zones had rules, in the proleptic Gregorian calendar', () => {
    for (const instant of ['1000-01-01T00:00:00Z', '1582-10-01T00:00:00Z', '1799-06-01T00:00:00Z']) {
      expect([instant, zoneOffsetMs('UTC', at(instant))]).toEqual([instant, 0]);
      // 8 h 5 min 43 s: the longitude of Shanghai.
      expect([instant, zoneOffsetMs('Asia/Shanghai', at(instant))]).toEqual([instant, 29_143_000]);
    }
  });

  it('takes any number and refuses names that are no zone', () => {
    expect(zoneOffsetMs('Asia/Shanghai', -8.64e15)).toBe(zoneOffsetMs('Asia/Shanghai', at('1000-01-01T00:00:00Z')));
    expect(zoneOffsetMs('Asia/Shanghai', 8.64e15)).toBe(8 * 3_600_000);
    expect(() => zoneOffsetMs('Mars/Olympus', 0)).toThrow(RangeError);
  });
});

describe('isTimeZone', () => {
  it.each(['UTC', 'Europe/London', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])('knows %s', (name) => {
    expect(isTimeZone(name)).toBe(true);
  });
  it.each(['', '+02:00', 'Mars/Olympus', 'Europe/London ', '__proto__', 'x'.repeat(100)])('refuses %j', (name) => {
    expect(isTimeZone(name)).toBe(false);
  });
});

describe('startOfDayMs', () => {
  it.each([
    ['Europe/London', '2026-03-29', '2026-03-29T00:00:00Z'],
    ['Europe/London', '2026-03-30', '2026-03-29T23:00:00Z'],
    ['Europe/London', '2026-10-25', '2026-10-24T23:00:00Z'],
    ['Australia/Lord_Howe', '2026-04-05', '2026-04-04T13:00:00Z'],
    ['Australia/Lord_Howe', '2026-04-06', '2026-04-05T13:30:00Z'],
    // Clocks jumped from midnight to one o'clock, and from midnight back to eleven.
    ['America/Sao_Paulo', '2018-11-04', '2018-11-04T03:00:00Z'],
    ['America/Sao_Paulo', '2018-02-18', '2018-02-18T03:00:00Z'],
    // Clocks went back from 00:01: the date began twice, and begins where it first did.
    ['America/St_Johns', '2010-11-07', '2010-11-07T02:30:00Z'],
    // The date that Samoa skipped is empty.
    ['Pacific/Apia', '2011-12-29', '2011-12-29T10:00:00Z'],
    ['Pacific/Apia', '2011-12-30', '2011-12-30T10:00:00Z'],
    ['Pacific/Apia', '2011-12-31', '2011-12-30T10:00:00Z'],
    ['Pacific/Apia', '2012-01-01', '2011-12-31T10:00:00Z'],
  ])('in %s %s starts at %s', (timeZone, day, expected) => {
    expect(iso(startOfDayMs(dayOf(day), timeZone))).toBe(expected);
  });

  it('is the first instant of the date or a later one, whatever the zone does', () => {
    for (const timeZone of ZONES) {
      for (let day = dayOf('2009-06-01'); day < dayOf('2012-06-01'); day += 1) {
        const startMs = startOfDayMs(day, timeZone);
        const isFirst = localDay(startMs, timeZone) >= day && localDay(startMs - 1, timeZone) < day;
        expect({ timeZone, day, isFirst }).toEqual({ timeZone, day, isFirst: true });
      }
    }
  });

  it('stops where dates end', () => {
    expect(startOfDayMs(-1e12, 'Europe/London')).toBe(-8.64e15);
    expect(startOfDayMs(Number.NaN, 'Europe/London')).toBe(8.64e15);
  });
});

describe('lastDayStartedBy', () => {
  it('is the wall clock date but for skipped and repeated ones', () => {
    expect(lastDayStartedBy(at('2026-03-29T22:59:59Z'), 'Europe/London')).toBe(dayOf('2026-03-29'));
    expect(lastDayStartedBy(at('2026-03-29T23:00:00Z'), 'Europe/London')).toBe(dayOf('2026-03-30'));
    expect(lastDayStartedBy(at('2011-12-30T09:59:59Z'), 'Pacific/Apia')).toBe(dayOf('2011-12-29'));
    expect(lastDayStartedBy(at('2011-12-30T10:00:00Z'), 'Pacific/Apia')).toBe(dayOf('2011-12-31'));
    expect(lastDayStartedBy(at('2010-11-07T03:00:00Z'), 'America/St_Johns')).toBe(dayOf('2010-11-07'));
    expect(localDay(at('2010-11-07T03:00:00Z'), 'America/St_Johns')).toBe(dayOf('2010-11-06'));
  });
});

describe('startOfUnit', () => {
  it.each<[string, 'day' | 'week' | 'month', string, string]>([
    ['2026-03-15T12:00:00Z', 'day', 'UTC', '2026-03-15T00:00:00Z'],
    ['2026-03-15T12:00:00Z', 'week', 'UTC', '2026-03-09T00:00:00Z'],
    ['2026-03-16T00:00:00Z', 'week', 'UTC', '2026-03-16T00:00:00Z'],
    ['1969-12-31T12:00:00Z', 'week', 'UTC', '1969-12-29T00:00:00Z'],
    ['2026-01-01T03:00:00Z', 'month', 'America/New_York', '2025-12-01T05:00:00Z'],
    ['2026-03-31T12:00:00Z', 'month', 'Europe/London', '2026-03-01T00:00:00Z'],
    ['2026-04-30T23:30:00Z', 'month', 'Europe/London', '2026-04-30T23:00:00Z'],
    ['2025-12-31T16:00:00Z', 'month', 'Asia/Shanghai', '2025-12-31T16:00:00Z'],
  ])('of %s, %s in %s, is %s', (instant, unit, timeZone, expected) => {
    expect(iso(startOfUnit(at(instant), unit, timeZone))).toBe(expected);
  });
});

describe('anniversaries', () => {
  const date: ValueSpec = { valueType: 'date', scale: 0, values: [] };
  const datetime: ValueSpec = { valueType: 'datetime', scale: 0, values: [] };

  it('takes a date by itself and a datetime in the zone', () => {
    expect(monthDayOf(date, dayOf('1996-02-29'), 'Asia/Shanghai')).toBe(229);
    expect(monthDayOf(date, dayOf('1000-01-01'), 'UTC')).toBe(101);
    expect(monthDayOf(datetime, at('1999-12-31T16:00:00Z'), 'Asia/Shanghai')).toBe(101);
    expect(monthDayOf(datetime, at('1999-12-31T16:00:00Z'), 'UTC')).toBe(1231);
  });

  it.each<[string, number, string, readonly number[]]>([
    ['2026-02-27T12:00:00Z', 0, 'UTC', [227]],
    // 29 February counts on the 28th in other years, and on the 29th in its own.
    ['2026-02-28T12:00:00Z', 0, 'UTC', [228, 229]],
    ['2028-02-28T12:00:00Z', 0, 'UTC', [228]],
    ['2028-02-29T12:00:00Z', 0, 'UTC', [229]],
    ['2100-02-28T12:00:00Z', 0, 'UTC', [228, 229]],
    ['2000-02-28T12:00:00Z', 1, 'UTC', [228, 229]],
    ['2026-03-01T12:00:00Z', 0, 'UTC', [301]],
    ['2026-12-31T12:00:00Z', 1, 'UTC', [101, 1231]],
    ['2026-12-31T16:00:00Z', 0, 'Asia/Shanghai', [101]],
  ])('from %s, %d days on in %s: %j', (asOf, nextDays, timeZone, expected) => {
    expect(upcomingMonthDays(at(asOf), nextDays, timeZone)).toEqual(expected);
  });

  it('is every month-day there is with 365 days, in leap years and others', () => {
    for (const asOf of [
      '2026-01-01T00:00:00Z',
      '2027-03-01T00:00:00Z',
      '2028-02-29T00:00:00Z',
      '2028-03-01T00:00:00Z',
    ]) {
      expect(upcomingMonthDays(at(asOf), 365, 'UTC')).toHaveLength(366);
    }
    expect(upcomingMonthDays(at('2026-01-01T00:00:00Z'), 363, 'UTC')).toHaveLength(365);
  });
});
