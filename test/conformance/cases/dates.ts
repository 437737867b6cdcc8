import type { Script } from '../script';
import { ask, message, profile, tag } from './build';

export const DATE_CASES: readonly Script[] = [
  {
    name: 'dates, years 1000 to 9999 and year boundaries',
    steps: [
      profile('person', { born: 'date', other: 'bool' }),
      {
        send: [
          message('person', 'first', { born: '1000-01-01' }),
          message('person', 'before', { born: '1969-12-31' }),
          message('person', 'epoch', { born: '1970-01-01' }),
          message('person', 'old', { born: '2025-12-31' }),
          message('person', 'new', { born: '2026-01-01' }),
          message('person', 'leap', { born: '2024-02-29' }),
          message('person', 'last', { born: '9999-12-31' }),
          message('person', 'none', { other: false }),
        ],
      },
      {
        ask: [
          ask(tag('born', 'eq', '2025-12-31'), 'old'),
          ask(tag('born', 'ne', '2025-12-31'), 'first before epoch new leap last'),
          ask(tag('born', 'in', ['1970-01-01', '2024-02-29', '2000-01-01']), 'epoch leap'),
          ask(tag('born', 'notIn', ['1970-01-01', '2024-02-29', '2000-01-01']), 'first before old new last'),
          ask(tag('born', 'before', '1970-01-01'), 'first before'),
          ask(tag('born', 'lt', '1970-01-01'), 'first before'),
          ask(tag('born', 'lte', '1970-01-01'), 'first before epoch'),
          ask(tag('born', 'after', '2025-12-31'), 'new last'),
          ask(tag('born', 'gt', '2025-12-31'), 'new last'),
          ask(tag('born', 'gte', '2025-12-31'), 'old new last'),
          ask(tag('born', 'between', ['2024-02-29', '2025-12-31']), 'old leap'),
          ask(tag('born', 'between', ['1000-01-01', '9999-12-31']), 'first before epoch old new leap last'),
          ask(tag('born', 'before', '1000-01-01'), ''),
          ask(tag('born', 'after', '9999-12-31'), ''),
          ask(tag('born', 'gte', '1000-01-01', { onMissing: 'include' }), 'first before epoch old new leap last none'),
        ],
      },
    ],
  },
  {
    name: 'datetimes to the millisecond, offsets are the same instant',
    steps: [
      profile('person', { seen: 'datetime' }),
      {
        send: [
          message('person', 'a', { seen: '2025-12-31T23:59:59.999Z' }),
          message('person', 'b', { seen: '2026-01-01T00:00:00Z' }),
          message('person', 'c', { seen: '2026-01-01T05:30:00+05:30' }),
          message('person', 'd', { seen: '2026-01-01T00:00:00.001Z' }),
          message('person', 'e', { seen: '1000-01-01T00:00:00Z' }),
          message('person', 'f', { seen: '9999-12-31T23:59:59.999Z' }),
          message('person', 'g', { seen: '1969-12-31T23:59:59.999Z' }),
        ],
      },
      {
        ask: [
          ask(tag('seen', 'eq', '2026-01-01T00:00:00Z'), 'b c'),
          ask(tag('seen', 'eq', '2025-12-31T19:00:00-05:00'), 'b c'),
          ask(tag('seen', 'ne', '2026-01-01T00:00:00Z'), 'a d e f g'),
          ask(tag('seen', 'in', ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.001Z']), 'b c d'),
          ask(tag('seen', 'before', '2026-01-01T00:00:00Z'), 'a e g'),
          ask(tag('seen', 'after', '2026-01-01T00:00:00Z'), 'd f'),
          ask(tag('seen', 'gte', '2025-12-31T23:59:59.999Z'), 'a b c d f'),
          ask(tag('seen', 'between', ['1969-12-31T23:59:59.999Z', '2025-12-31T23:59:59.999Z']), 'a g'),
          ask(tag('seen', 'lt', '1970-01-01T00:00:00Z'), 'e g'),
          ask(tag('seen', 'lte', '1000-01-01T00:00:00Z'), 'e'),
          ask(tag('seen', 'gte', '9999-12-31T23:59:59.999Z'), 'f'),
        ],
      },
    ],
  },
  {
    name: 'withinLast of a datetime is (as-of − D, as-of]',
    steps: [
      profile('person', { seen: 'datetime', other: 'bool' }),
      {
        send: [
          message('person', 'edge', { seen: '2026-03-14T12:00:00Z' }),
          message('person', 'inside', { seen: '2026-03-14T12:00:00.001Z' }),
          message('person', 'now', { seen: '2026-03-15T12:00:00Z' }),
          message('person', 'later', { seen: '2026-03-15T12:00:00.001Z' }),
          message('person', 'none', { other: true }),
        ],
      },
      {
        ask: [
          ask(tag('seen', 'withinLast', 'P1D'), 'inside now'),
          ask(tag('seen', 'withinLast', 'PT24H'), 'inside now'),
          ask(tag('seen', 'withinLast', 'P1D', { onMissing: 'include' }), 'inside now none'),
          ask({ not: tag('seen', 'withinLast', 'P1D') }, 'edge later none'),
          ask(tag('seen', 'withinLast', 'PT24H0.001S'), 'edge inside now'),
          ask(tag('seen', 'withinLast', 'PT0.001S'), 'now'),
          ask(tag('seen', 'withinLast', 'P1D'), 'edge inside', { asOf: '2026-03-15T11:59:59.999Z' }),
          ask(tag('seen', 'withinLast', 'P1D'), 'now later', { asOf: '2026-03-15T12:00:00.001Z' }),
          ask(tag('seen', 'withinLast', 'P1D'), '', { asOf: '2020-01-01T00:00:00Z' }),
          ask(tag('seen', 'withinLast', 'P3000W'), 'edge inside now later', { asOf: '2040-01-01T00:00:00Z' }),
          ask(tag('seen', 'withinLast', 'P1D'), 'inside now', { timeZone: 'America/New_York' }),
        ],
      },
    ],
  },
  {
    name: 'withinLast of a date: it counts as its first instant in the zone',
    steps: [
      profile('person', { day: 'date' }),
      {
        send: [
          message('person', 'd9', { day: '2026-01-09' }),
          message('person', 'd10', { day: '2026-01-10' }),
          message('person', 'd11', { day: '2026-01-11' }),
          message('person', 'd12', { day: '2026-01-12' }),
        ],
      },
      {
        ask: [
          ask(tag('day', 'withinLast', 'P1D'), 'd11', { asOf: '2026-01-11T00:00:00Z' }),
          ask(tag('day', 'withinLast', 'P1D'), 'd10', { asOf: '2026-01-10T23:59:59.999Z' }),
          // New York is at −05:00: 11 January begins at 05:00Z.
          ask(tag('day', 'withinLast', 'P1D'), 'd11', { asOf: '2026-01-11T05:00:00Z', timeZone: 'America/New_York' }),
          ask(tag('day', 'withinLast', 'P1D'), 'd10', {
            asOf: '2026-01-11T04:59:59.999Z',
            timeZone: 'America/New_York',
          }),
          ask(tag('day', 'withinLast', 'P2D'), 'd10 d11', {
            asOf: '2026-01-11T05:00:00Z',
            timeZone: 'America/New_York',
          }),
          // Kiritimati is at +14:00: 12 January begins at 10:00Z on the 11th.
          ask(tag('day', 'withinLast', 'PT1H'), 'd12', {
            asOf: '2026-01-11T10:00:00Z',
            timeZone: 'Pacific/Kiritimati',
          }),
          ask(tag('day', 'withinLast', 'PT1H'), 'd12', {
            asOf: '2026-01-11T10:59:59.999Z',
            timeZone: 'Pacific/Kiritimati',
          }),
          ask(tag('day', 'withinLast', 'PT1H'), '', { asOf: '2026-01-11T11:00:00Z', timeZone: 'Pacific/Kiritimati' }),
          ask(tag('day', 'withinLast', 'P1W'), 'd9 d10 d11 d12', { asOf: '2026-01-15T00:00:00Z' }),
          ask(tag('day', 'withinLast', 'P1W'), 'd10 d11 d12', { asOf: '2026-01-16T00:00:00Z' }),
        ],
      },
    ],
  },
  {
    name: 'withinLast of a date over changes of the clocks',
    steps: [
      profile('person', { day: 'date' }),
      {
        send: [
          message('person', 'd28', { day: '2026-03-28' }),
          message('person', 'd29', { day: '2026-03-29' }),
          message('person', 'd30', { day: '2026-03-30' }),
          message('person', 'skipped', { day: '2011-12-30' }),
          message('person', 'before', { day: '2011-12-29' }),
          message('person', 'after', { day: '2011-12-31' }),
        ],
      },
      {
        timeZone: 'Europe/London',
        ask: [
          // 29 March lasts 23 hours in London: from 00:00Z to 23:00Z.
          ask(tag('day', 'withinLast', 'PT23H'), 'd30', { asOf: '2026-03-29T23:00:00Z' }),
          ask(tag('day', 'withinLast', 'PT23H0.001S'), 'd29 d30', { asOf: '2026-03-29T23:00:00Z' }),
          ask(tag('day', 'withinLast', 'PT23H'), 'd29', { asOf: '2026-03-29T22:59:59.999Z' }),
          // Samoa had no 30 December 2011: that date begins when the 31st does, at 10:00Z on the 30th.
          ask(tag('day', 'withinLast', 'PT1H'), 'skipped after', {
            asOf: '2011-12-30T10:00:00Z',
            timeZone: 'Pacific/Apia',
          }),
          ask(tag('day', 'withinLast', 'PT1H'), '', { asOf: '2011-12-30T09:59:59.999Z', timeZone: 'Pacific/Apia' }),
          ask(tag('day', 'withinLast', 'P1D'), 'skipped after', {
            asOf: '2011-12-30T10:00:00Z',
            timeZone: 'Pacific/Apia',
          }),
          ask(tag('day', 'withinLast', 'P1D'), 'before', {
            asOf: '2011-12-30T09:59:59.999Z',
            timeZone: 'Pacific/Apia',
          }),
        ],
      },
    ],
  },
  {
    name: 'anniversary of a date, leap days and year ends',
    steps: [
      profile('person', { born: 'date', other: 'bool' }),
      {
        send: [
          message('person', 'feb27', { born: '1990-02-27' }),
          message('person', 'feb28', { born: '1991-02-28' }),
          message('person', 'feb29', { born: '1992-02-29' }),
          message('person', 'mar1', { born: '1993-03-01' }),
          message('person', 'dec30', { born: '1000-12-30' }),
          message('person', 'dec31', { born: '9999-12-31' }),
          message('person', 'jan1', { born: '1970-01-01' }),
          message('person', 'none', { other: true }),
        ],
      },
      {
        ask: [
          ask(tag('born', 'anniversary', { nextDays: 0 }), 'feb28 feb29', { asOf: '2026-02-28T12:00:00Z' }),
          ask(tag('born', 'anniversary', { nextDays: 0 }), 'feb28', { asOf: '2028-02-28T12:00:00Z' }),
          ask(tag('born', 'anniversary', { nextDays: 0 }), 'feb29', { asOf: '2028-02-29T12:00:00Z' }),
          ask(tag('born', 'anniversary', { nextDays: 1 }), 'feb28 feb29', { asOf: '2028-02-28T12:00:00Z' }),
          ask(tag('born', 'anniversary', { nextDays: 0 }), 'feb28 feb29', { asOf: '2100-02-28T12:00:00Z' }),
          ask(tag('born', 'anniversary', { nextDays: 0 }), 'feb29', { asOf: '2000-02-29T12:00:00Z' }),
          ask(tag('born', 'anniversary', { nextDays: 0 }), 'mar1', { asOf: '2026-03-01T00:00:00Z' }),
          ask(tag('born', 'anniversary', { nextDays: 1 }), 'feb27 feb28 feb29', { asOf: '2026-02-27T23:59:59.999Z' }),
          ask(tag('born', 'anniversary', { nextDays: 1 }), 'feb27 feb28', { asOf: '2028-02-27T00:00:00Z' }),
          ask(tag('born', 'anniversary', { nextDays: 2 }), 'dec30 dec31 jan1', { asOf: '2026-12-30T00:00:00Z' }),
          ask(tag('born', 'anniversary', { nextDays: 1 }), 'dec31 jan1', { asOf: '2026-12-31T23:59:59.999Z' }),
          ask(tag('born', 'anniversary', { nextDays: 365 }), 'feb27 feb28 feb29 mar1 dec30 dec31 jan1', {
            asOf: '2026-06-15T00:00:00Z',
          }),
          ask(tag('born', 'anniversary', { nextDays: 365 }), 'feb27 feb28 feb29 mar1 dec30 dec31 jan1', {
            asOf: '2027-03-01T00:00:00Z',
          }),
          ask(tag('born', 'anniversary', { nextDays: 364 }), 'feb27 feb28 feb29 mar1 dec30 jan1', {
            asOf: '2028-01-01T00:00:00Z',
          }),
          ask({ not: tag('born', 'anniversary', { nextDays: 364 }) }, 'dec31 none', { asOf: '2028-01-01T00:00:00Z' }),
          ask(tag('born', 'anniversary', { nextDays: 0 }, { onMissing: 'include' }), 'jan1 none', {
            asOf: '2027-01-01T00:00:00Z',
          }),
          // The local date counts: in Tokyo (+09:00) 28 February begins at 15:00Z on the 27th.
          ask(tag('born', 'anniversary', { nextDays: 0 }), 'feb28 feb29', {
            asOf: '2026-02-27T15:00:00Z',
            timeZone: 'Asia/Tokyo',
          }),
          ask(tag('born', 'anniversary', { nextDays: 0 }), 'feb27', {
            asOf: '2026-02-27T14:59:59.999Z',
            timeZone: 'Asia/Tokyo',
          }),
          ask(tag('born', 'anniversary', { nextDays: 0 }), 'dec31', {
            asOf: '2027-01-01T04:59:59.999Z',
            timeZone: 'America/New_York',
          }),
        ],
      },
    ],
  },
  {
    name: 'anniversary of a datetime: its month and day in the zone',
    steps: [
      profile('person', { joined: 'datetime' }),
      {
        send: [
          message('person', 'newyear', { joined: '2000-01-01T03:00:00Z' }),
          message('person', 'eve', { joined: '1999-12-31T12:00:00Z' }),
          message('person', 'leapend', { joined: '2024-02-29T23:30:00Z' }),
          message('person', 'march', { joined: '2023-03-01T00:30:00Z' }),
        ],
      },
      {
        ask: [
          ask(tag('joined', 'anniversary', { nextDays: 0 }), 'newyear', { asOf: '2027-01-01T12:00:00Z' }),
          ask(tag('joined', 'anniversary', { nextDays: 0 }), 'newyear eve', {
            asOf: '2026-12-31T12:00:00Z',
            timeZone: 'America/New_York',
          }),
          ask(tag('joined', 'anniversary', { nextDays: 0 }), '', {
            asOf: '2027-01-01T12:00:00Z',
            timeZone: 'America/New_York',
          }),
          ask(tag('joined', 'anniversary', { nextDays: 0 }), 'leapend', { asOf: '2026-02-28T12:00:00Z' }),
          // In Berlin it was 00:30 on 1 March 2024 already.
          ask(tag('joined', 'anniversary', { nextDays: 0 }), 'leapend march', {
            asOf: '2026-03-01T12:00:00Z',
            timeZone: 'Europe/Berlin',
          }),
          ask(tag('joined', 'anniversary', { nextDays: 0 }), '', {
            asOf: '2026-02-28T12:00:00Z',
            timeZone: 'Europe/Berlin',
          }),
          ask(tag('joined', 'anniversary', { nextDays: 1 }), 'eve newyear', { asOf: '2026-12-31T00:00:00Z' }),
        ],
      },
    ],
  },
];
