import fc from 'fast-check';
import { DAY_MS } from './calendar';
import { DURATION_MAX_MS, formatDuration, parseDuration } from './duration';

describe('durations', () => {
  it('survive printing and reading', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 1, max: DURATION_MAX_MS })),
        (durationMs) => {
          expect(parseDuration(formatDuration(durationMs))).toBe(durationMs);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['P7D', 7 * DAY_MS],
    ['P1W', 7 * DAY_MS],
    ['P1W2D', 9 * DAY_MS],
    ['P0DT1S', 1000],
    ['PT36H', 1.5 * DAY_MS],
    ['P1DT12H', 1.5 * DAY_MS],
    ['PT1H30M', 5_400_000],
    ['PT0.001S', 1],
    ['PT1.5S', 1500],
    ['PT90M', 5_400_000],
    ['P100000000D', DURATION_MAX_MS],
  ])('reads %s', (text, durationMs) => {
    expect(parseDuration(text)).toBe(durationMs);
  });

  it.each([
    '',
    'P',
    'PT',
    'P1',
    'P1DT',
    'P0D',
    'PT0.000S',
    'P1Y',
    'P1M',
    'P1Y2D',
    'PT1.5H',
    'PT1.2345S',
    'PT1.S',
    'PT.5S',
    'P-1D',
    '-P1D',
    '+P1D',
    'p1d',
    'P1D ',
    ' P1D',
    'P1D2W',
    'PT1S1M',
    'PT1H1H',
    '1D',
    'P1,5D',
    'PT1,5S',
    'P100000001D',
    `P${'9'.repeat(400)}D`,
    'P１D',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  it.each([
    [7 * DAY_MS, 'P7D'],
    [1.5 * DAY_MS, 'P1DT12H'],
    [1500, 'PT1.5S'],
    [1, 'PT0.001S'],
    [3_600_000, 'PT1H'],
    [61_000, 'PT1M1S'],
    [0, 'PT0S'],
  ])('prints %d ms', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });
});
