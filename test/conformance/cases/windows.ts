import type { JsonValue } from '@tessera/tag-catalog';
import type { Question, Script } from '../script';
import { ask, event, eventType, message } from './build';

/** Rows of one user each, named after their times; whose rows the window holds is asked. */
function rowsAt(times: { readonly [cuid: string]: string }): Script['steps'] {
  return [
    eventType('ping', {}),
    { send: Object.entries(times).map(([cuid, time]) => message('ping', cuid, {}, { time })) },
  ];
}

function inside(window: JsonValue, members: string, more: Partial<Question> = {}): Question {
  return ask(event('ping', 'gte', 1, { window }), members, more);
}

export const WINDOW_CASES: readonly Script[] = [
  {
    name: 'the window last is (as-of − D, as-of], and rows after as-of never count',
    steps: [
      ...rowsAt({
        edge: '2026-03-08T12:00:00Z',
        inside: '2026-03-08T12:00:00.001Z',
        now: '2026-03-15T12:00:00Z',
        later: '2026-03-15T12:00:00.001Z',
        tomorrow: '2026-03-16T12:00:00Z',
        first: '1970-01-01T00:00:00Z',
      }),
      {
        ask: [
          inside({ last: 'P7D' }, 'inside now'),
          inside({ last: 'P1W' }, 'inside now'),
          inside({ last: 'PT168H0.001S' }, 'edge inside now'),
          inside({ last: 'PT0.001S' }, 'now'),
          inside({ last: 'P7D' }, 'edge inside', { asOf: '2026-03-15T11:59:59.999Z' }),
          inside({ last: 'P7D' }, 'now later', { asOf: '2026-03-15T12:00:00.001Z' }),
          inside({ last: 'P7D' }, 'now later tomorrow', { asOf: '2026-03-16T12:00:00Z' }),
          inside({ last: 'P100000D' }, 'edge inside now first'),
          inside({ last: 'P7D' }, '', { asOf: '2031-01-01T00:00:00Z' }),
          inside({ last: 'P7D' }, 'first', { asOf: '1970-01-01T00:00:00Z' }),
          ask(event('ping', 'gte', 1), 'edge inside now first'),
          ask(event('ping', 'eq', 0), 'later tomorrow'),
          ask(event('ping', 'gte', 1), 'edge inside now later tomorrow first', { asOf: '2099-01-01T00:00:00Z' }),
          ask(event('ping', 'gte', 1), 'edge inside now later first', { asOf: '2026-03-16T11:59:59.999Z' }),
          ask(event('ping', 'gte', 1), 'first', { asOf: '1999-01-01T00:00:00Z' }),
          ask(event('ping', 'eq', 0), 'edge inside now later tomorrow first', { asOf: '1969-12-31T23:59:59.999Z' }),
        ],
      },
    ],
  },
  {
    name: 'ranges are [from, to), cut at as-of',
    steps: [
      ...rowsAt({
        a: '2026-01-31T23:59:59.999Z',
        b: '2026-02-01T00:00:00Z',
        c: '2026-02-28T23:59:59.999Z',
        d: '2026-03-01T00:00:00Z',
        now: '2026-03-15T12:00:00Z',
        later: '2026-03-15T13:00:00Z',
      }),
      {
        ask: [
          inside({ from: '2026-02-01T00:00:00Z', to: '2026-03-01T00:00:00Z' }, 'b c'),
          inside({ from: '2026-02-01T00:00:00.001Z', to: '2026-03-01T00:00:00.001Z' }, 'c d'),
          inside({ from: '2026-02-01T01:00:00+01:00' }, 'b c d now'),
          inside({ to: '2026-02-01T00:00:00Z' }, 'a'),
          inside({ to: '2026-03-15T12:00:00Z' }, 'a b c d'),
          inside({ to: '2030-01-01T00:00:00Z' }, 'a b c d now'),
          inside({ from: '2026-03-15T12:00:00Z' }, 'now'),
          inside({ from: '2026-03-15T12:00:00.001Z' }, ''),
          inside({ from: '2026-03-15T12:00:00Z', to: '2030-01-01T00:00:00Z' }, 'now later', {
            asOf: '2029-01-01T00:00:00Z',
          }),
          inside({ from: '2026-02-01T00:00:00Z', to: '2026-03-01T00:00:00Z' }, 'b', { asOf: '2026-02-15T00:00:00Z' }),
          inside({ from: '2026-02-01T00:00:00Z', to: '2026-03-01T00:00:00Z' }, '', {
            asOf: '2026-01-31T23:59:59.999Z',
          }),
          ask({ not: event('ping', 'gte', 1, { window: { from: '2027-01-01T00:00:00Z' } }) }, 'a b c d now later'),
          ask(event('ping', 'eq', 0, { window: { from: '2027-01-01T00:00:00Z' } }), 'a b c d now later'),
        ],
      },
    ],
  },
  {
    name: 'calendar windows in UTC: days, weeks from Monday, months, the running one cut at as-of',
    steps: [
      ...rowsAt({
        dec31: '2025-12-31T23:59:59.999Z',
        jan1: '2026-01-01T00:00:00Z',
        feb28: '2026-02-28T12:00:00Z',
        mar1: '2026-03-01T00:00:00Z',
        sun8: '2026-03-08T23:59:59.999Z',
        mon9: '2026-03-09T00:00:00Z',
        sat14: '2026-03-14T23:59:59.999Z',
        sun15: '2026-03-15T00:00:00Z',
        now: '2026-03-15T12:00:00Z',
        later: '2026-03-15T18:00:00Z',
      }),
      {
        ask: [
          inside({ calendar: 'day', offset: 0 }, 'sun15 now'),
          inside({ calendar: 'day', offset: -0 }, 'sun15 now'),
          inside({ calendar: 'day', offset: -1 }, 'sat14'),
          inside({ calendar: 'day', offset: -7 }, 'sun8'),
          inside({ calendar: 'week', offset: 0 }, 'mon9 sat14 sun15 now'),
          inside({ calendar: 'week', offset: -1 }, 'sun8'),
          inside({ calendar: 'week', offset: -2 }, 'feb28 mar1'),
          inside({ calendar: 'month', offset: 0 }, 'mar1 sun8 mon9 sat14 sun15 now'),
          inside({ calendar: 'month', offset: -1 }, 'feb28'),
          inside({ calendar: 'month', offset: -2 }, 'jan1'),
          inside({ calendar: 'month', offset: -3 }, 'dec31'),
          inside({ calendar: 'day', offset: 0 }, 'sun15 now later', { asOf: '2026-03-15T23:59:59.999Z' }),
          inside({ calendar: 'day', offset: 0 }, '', { asOf: '2026-03-16T00:00:00Z' }),
          inside({ calendar: 'day', offset: -1 }, 'sun15 now later', { asOf: '2026-03-16T00:00:00Z' }),
          inside({ calendar: 'week', offset: 0 }, 'mon9', { asOf: '2026-03-09T00:00:00Z' }),
          inside({ calendar: 'week', offset: 0 }, 'feb28 mar1', { asOf: '2026-03-01T23:59:59.999Z' }),
          inside({ calendar: 'month', offset: -1 }, 'dec31', { asOf: '2026-01-31T23:59:59.999Z' }),
          inside({ calendar: 'month', offset: -12 }, 'mar1 sun8 mon9 sat14 sun15 now later', {
            asOf: '2027-03-31T00:00:00Z',
          }),
        ],
      },
    ],
  },
  {
    name: 'calendar days where clocks change: London, New York, Lord Howe',
    steps: [
      ...rowsAt({
        // London, 2025-03-30: 23 hours, from 00:00Z to 23:00Z.
        lon_in: '2025-03-30T22:59:59.999Z',
        lon_after: '2025-03-30T23:00:00Z',
        lon_before: '2025-03-29T23:59:59.999Z',
        // New York, 2025-11-02: 25 hours, from 04:00Z to 05:00Z of the 3rd.
        ny_before: '2025-11-02T03:59:59.999Z',
        ny_first: '2025-11-02T04:00:00Z',
        ny_last: '2025-11-03T04:59:59.999Z',
        ny_after: '2025-11-03T05:00:00Z',
        // Lord Howe, 2025-04-06: clocks go back half an hour; from 13:00Z of the 5th to 13:30Z.
        lh_before: '2025-04-05T12:59:59.999Z',
        lh_first: '2025-04-05T13:00:00Z',
        lh_last: '2025-04-06T13:29:59.999Z',
        lh_after: '2025-04-06T13:30:00Z',
      }),
      {
        ask: [
          inside({ calendar: 'day', offset: -1, timeZone: 'Europe/London' }, 'lon_in', {
            asOf: '2025-03-31T10:00:00Z',
          }),
          inside({ calendar: 'day', offset: -1 }, 'lon_in', {
            asOf: '2025-03-31T10:00:00Z',
            timeZone: 'Europe/London',
          }),
          inside({ calendar: 'day', offset: -1 }, 'lon_in lon_after', { asOf: '2025-03-31T10:00:00Z' }),
          inside({ calendar: 'day', offset: 0, timeZone: 'Europe/London' }, 'lon_after', {
            asOf: '2025-03-31T10:00:00Z',
          }),
          inside({ calendar: 'day', offset: -2, timeZone: 'Europe/London' }, 'lon_before', {
            asOf: '2025-03-31T10:00:00Z',
          }),
          inside({ calendar: 'day', offset: 0, timeZone: 'Europe/London' }, 'lon_in', {
            asOf: '2025-03-30T22:59:59.999Z',
          }),
          inside({ calendar: 'day', offset: -1, timeZone: 'America/New_York' }, 'ny_first ny_last', {
            asOf: '2025-11-03T12:00:00Z',
          }),
          inside({ calendar: 'day', offset: -1, timeZone: 'America/New_York' }, 'ny_first ny_last', {
            asOf: '2025-11-03T12:00:00Z',
            timeZone: 'Asia/Tokyo',
          }),
          inside({ calendar: 'day', offset: 0, timeZone: 'America/New_York' }, 'ny_after', {
            asOf: '2025-11-03T12:00:00Z',
          }),
          inside({ calendar: 'day', offset: -2, timeZone: 'America/New_York' }, 'ny_before', {
            asOf: '2025-11-03T12:00:00Z',
          }),
          inside({ calendar: 'week', offset: -1, timeZone: 'America/New_York' }, 'ny_before ny_first ny_last', {
            asOf: '2025-11-03T05:00:00Z',
          }),
          inside({ calendar: 'day', offset: -1, timeZone: 'Australia/Lord_Howe' }, 'lh_first lh_last', {
            asOf: '2025-04-06T14:00:00Z',
          }),
          inside({ calendar: 'day', offset: 0, timeZone: 'Australia/Lord_Howe' }, 'lh_after', {
            asOf: '2025-04-06T14:00:00Z',
          }),
          inside({ calendar: 'day', offset: -2, timeZone: 'Australia/Lord_Howe' }, 'lh_before', {
            asOf: '2025-04-06T14:00:00Z',
          }),
        ],
      },
    ],
  },
  {
    name: 'calendar days at the edge: a skipped date, a midnight that does not exist, one that comes twice',
    steps: [
      ...rowsAt({
        // Samoa: 29 December 2011 ends at 10:00Z on the 30th, and the 31st begins.
        ws29: '2011-12-30T09:59:59.999Z',
        ws31: '2011-12-30T10:00:00Z',
        ws31end: '2011-12-31T09:59:59.999Z',
        ws1: '2011-12-31T10:00:00Z',
        // São Paulo, 2018-11-04 began at 01:00, 03:00Z.
        sp3: '2018-11-04T02:59:59.999Z',
        sp4: '2018-11-04T03:00:00Z',
        sp4end: '2018-11-05T01:59:59.999Z',
        sp5: '2018-11-05T02:00:00Z',
        // Havana, 2025-11-02: 00:00 came at 04:00Z and again at 05:00Z; the day begins with the first.
        cu1: '2025-11-02T03:59:59.999Z',
        cu2: '2025-11-02T04:00:00Z',
        cu2again: '2025-11-02T05:00:00Z',
      }),
      {
        ask: [
          inside({ calendar: 'day', offset: 0, timeZone: 'Pacific/Apia' }, 'ws29', {
            asOf: '2011-12-30T09:59:59.999Z',
          }),
          inside({ calendar: 'day', offset: 0, timeZone: 'Pacific/Apia' }, 'ws31 ws31end', {
            asOf: '2011-12-31T09:59:59.999Z',
          }),
          inside({ calendar: 'day', offset: -1, timeZone: 'Pacific/Apia' }, '', { asOf: '2011-12-31T09:59:59.999Z' }),
          inside({ calendar: 'day', offset: -2, timeZone: 'Pacific/Apia' }, 'ws29', {
            asOf: '2011-12-31T09:59:59.999Z',
          }),
          inside({ calendar: 'month', offset: -1, timeZone: 'Pacific/Apia' }, 'ws29 ws31 ws31end', {
            asOf: '2012-01-05T00:00:00Z',
          }),
          inside({ calendar: 'month', offset: 0, timeZone: 'Pacific/Apia' }, 'ws1', { asOf: '2012-01-05T00:00:00Z' }),
          inside({ calendar: 'day', offset: -1, timeZone: 'America/Sao_Paulo' }, 'sp4 sp4end', {
            asOf: '2018-11-05T12:00:00Z',
          }),
          inside({ calendar: 'day', offset: -2, timeZone: 'America/Sao_Paulo' }, 'sp3', {
            asOf: '2018-11-05T12:00:00Z',
          }),
          inside({ calendar: 'day', offset: 0, timeZone: 'America/Sao_Paulo' }, 'sp5', {
            asOf: '2018-11-05T12:00:00Z',
          }),
          inside({ calendar: 'day', offset: 0, timeZone: 'America/Havana' }, 'cu2 cu2again', {
            asOf: '2025-11-02T12:00:00Z',
          }),
          inside({ calendar: 'day', offset: -1, timeZone: 'America/Havana' }, 'cu1', { asOf: '2025-11-02T12:00:00Z' }),
        ],
      },
    ],
  },
];
