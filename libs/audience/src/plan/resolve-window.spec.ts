import { parseInstant } from '@tessera/tag-catalog';
import type { Window } from '../expression/expression';
import { resolveWindow } from './resolve-window';

const HOUR_MS = 3_600_000;

function at(text: string): number {
  return parseInstant(text) ?? Number.NaN;
}

function resolved(window: Window | null, asOf: string): readonly (string | null)[] {
  const { fromMs, toMs } = resolveWindow(window, at(asOf));
  return [fromMs, toMs].map((ms) => (ms === null ? null : new Date(ms).toISOString().replace('.000Z', 'Z')));
}

function calendar(unit: 'day' | 'week' | 'month', offset: number, timeZone: string): Window {
  return { kind: 'calendar', unit, offset, timeZone };
}

describe('resolveWindow', () => {
  it('without a window takes every row up to as-of', () => {
    expect(resolved(null, '2026-03-15T12:00:00Z')).toEqual([null, '2026-03-15T12:00:00.001Z']);
  });

  it('takes (as-of − D, as-of] for last', () => {
    const interval = resolveWindow({ kind: 'last', durationMs: HOUR_MS }, 10 * HOUR_MS);
    expect(interval).toEqual({ fromMs: 9 * HOUR_MS + 1, toMs: 10 * HOUR_MS + 1 });
    expect(resolveWindow({ kind: 'last', durationMs: 9e15 }, 0).fromMs).toBe(-8.64e15);
  });

  it('cuts [from, to) at as-of', () => {
    const asOf = '2026-03-15T12:00:00Z';
    const range = (from: string | null, to: string | null): Window => ({
      kind: 'range',
      fromMs: from === null ? null : at(from),
      toMs: to === null ? null : at(to),
    });
    expect(resolved(range('2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z'), asOf)).toEqual([
      '2026-03-01T00:00:00Z',
      '2026-03-02T00:00:00Z',
    ]);
    expect(resolved(range('2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z'), asOf)[1]).toBe('2026-03-15T12:00:00.001Z');
    expect(resolved(range(null, asOf), asOf)).toEqual([null, asOf]);
    expect(resolved(range(asOf, null), asOf)).toEqual([asOf, '2026-03-15T12:00:00.001Z']);
  });

  it.each<[string, Window, string, string, string]>([
    [
      'the running day',
      calendar('day', 0, 'UTC'),
      '2026-03-15T12:00:00Z',
      '2026-03-15T00:00:00Z',
      '2026-03-15T12:00:00.001Z',
    ],
    [
      'the day before',
      calendar('day', -1, 'UTC'),
      '2026-03-01T12:00:00Z',
      '2026-02-28T00:00:00Z',
      '2026-03-01T00:00:00Z',
    ],
    ['a leap day', calendar('day', -1, 'UTC'), '2028-03-01T12:00:00Z', '2028-02-29T00:00:00Z', '2028-03-01T00:00:00Z'],
    [
      'a Monday',
      calendar('week', 0, 'UTC'),
      '2026-03-16T00:00:00Z',
      '2026-03-16T00:00:00Z',
      '2026-03-16T00:00:00.001Z',
    ],
    [
      'a Sunday',
      calendar('week', 0, 'UTC'),
      '2026-03-15T23:59:59Z',
      '2026-03-09T00:00:00Z',
      '2026-03-15T23:59:59.001Z',
    ],
    [
      'a week over new year',
      calendar('week', -1, 'UTC'),
      '2026-01-05T00:00:00Z',
      '2025-12-29T00:00:00Z',
      '2026-01-05T00:00:00Z',
    ],
    [
      'the month before January',
      calendar('month', -1, 'UTC'),
      '2026-01-31T00:00:00Z',
      '2025-12-01T00:00:00Z',
      '2026-01-01T00:00:00Z',
    ],
    [
      '14 months back',
      calendar('month', -14, 'UTC'),
      '2026-03-31T00:00:00Z',
      '2025-01-01T00:00:00Z',
      '2025-02-01T00:00:00Z',
    ],
    [
      'a February from the 31st',
      calendar('month', -1, 'UTC'),
      '2028-03-31T00:00:00Z',
      '2028-02-01T00:00:00Z',
      '2028-03-01T00:00:00Z',
    ],
    // 23 and 25 hours.
    [
      'London, clocks forward',
      calendar('day', -1, 'Europe/London'),
      '2026-03-30T12:00:00Z',
      '2026-03-29T00:00:00Z',
      '2026-03-29T23:00:00Z',
    ],
    [
      'London, clocks back',
      calendar('day', -1, 'Europe/London'),
      '2026-10-26T12:00:00Z',
      '2026-10-24T23:00:00Z',
      '2026-10-26T00:00:00Z',
    ],
    [
      'New York, the month of the change',
      calendar('month', -1, 'America/New_York'),
      '2026-04-10T12:00:00Z',
      '2026-03-01T05:00:00Z',
      '2026-04-01T04:00:00Z',
    ],
    [
      'New York, the week of the change',
      calendar('week', -1, 'America/New_York'),
      '2026-11-03T12:00:00Z',
      '2026-10-26T04:00:00Z',
      '2026-11-02T05:00:00Z',
    ],
    [
      'Shanghai, already tomorrow',
      calendar('day', 0, 'Asia/Shanghai'),
      '2026-03-15T17:00:00Z',
      '2026-03-15T16:00:00Z',
      '2026-03-15T17:00:00.001Z',
    ],
    [
      'Shanghai, new year',
      calendar('month', -1, 'Asia/Shanghai'),
      '2025-12-31T16:00:00Z',
      '2025-11-30T16:00:00Z',
      '2025-12-31T16:00:00Z',
    ],
    [
      'Lord Howe, half an hour',
      calendar('day', -1, 'Australia/Lord_Howe'),
      '2026-04-06T12:00:00Z',
      '2026-04-04T13:00:00Z',
      '2026-04-05T13:30:00Z',
    ],
    [
      'Apia, the day that never was',
      calendar('day', -1, 'Pacific/Apia'),
      '2011-12-30T12:00:00Z',
      '2011-12-30T10:00:00Z',
      '2011-12-30T10:00:00Z',
    ],
    [
      'Apia, the last day before',
      calendar('day', -2, 'Pacific/Apia'),
      '2011-12-30T12:00:00Z',
      '2011-12-29T10:00:00Z',
      '2011-12-30T10:00:00Z',
    ],
    [
      'Apia, a month of 30 days',
      calendar('month', -1, 'Pacific/Apia'),
      '2012-01-15T00:00:00Z',
      '2011-12-01T10:00:00Z',
      '2011-12-31T10:00:00Z',
    ],
  ])('%s', (_what, window, asOf, from, to) => {
    expect(resolved(window, asOf)).toEqual([from, to]);
  });

  it('goes back as far as it is asked', () => {
    for (const unit of ['day', 'week', 'month'] as const) {
      const { fromMs, toMs } = resolveWindow(calendar(unit, -1e12, 'Europe/London'), 0);
      expect([fromMs, toMs]).toEqual([-8.64e15, -8.64e15]);
    }
  });

  it('days follow one another without gap or overlap through all changes of the clocks', () => {
    for (const timeZone of [
      'Europe/London',
      'America/New_York',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'America/St_Johns',
    ]) {
      const asOfMs = at('2012-01-10T12:00:00Z');
      let nextFromMs = resolveWindow(calendar('day', 0, timeZone), asOfMs).fromMs;
      for (let offset = -1; offset > -800; offset -= 1) {
        const { fromMs, toMs } = resolveWindow(calendar('day', offset, timeZone), asOfMs);
        expect(toMs).toBe(nextFromMs);
        nextFromMs = fromMs;
      }
    }
  });
});
