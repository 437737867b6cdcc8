import { DAY_MS, parseDate, parseInstant } from '@tessera/tag-catalog';
import type { ValueSpec } from '@tessera/tag-catalog';
import { compileCondition } from '../engine/compile-condition';
import { resolveCondition, resolveExact } from './resolve-condition';
import { startOfDayMs } from './zone-time';

const DATE: ValueSpec = { valueType: 'date', scale: 0, values: [] };
const DATETIME: ValueSpec = { valueType: 'datetime', scale: 0, values: [] };
const INT: ValueSpec = { valueType: 'int', scale: 0, values: [] };

function at(text: string): number {
  return parseInstant(text) ?? Number.NaN;
}

describe('withinLast', () => {
  const within = (spec: ValueSpec, durationMs: number, timeZone: string, asOf: string): ((value: number) => boolean) =>
    compileCondition(
      resolveCondition(
        { spec, op: 'withinLast', operand: { kind: 'duration', durationMs }, timeZone },
        { asOfMs: at(asOf) },
      ),
      spec,
    );

  it('takes (as-of − D, as-of] of instants', () => {
    const asOf = '2026-03-15T12:00:00Z';
    const holds = within(DATETIME, DAY_MS, 'UTC', asOf);
    expect([at(asOf) - DAY_MS, at(asOf) - DAY_MS + 1, at(asOf), at(asOf) + 1].map(holds)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it.each([
    ['UTC', '2026-03-15T12:00:00Z', DAY_MS],
    ['UTC', '2026-03-15T00:00:00Z', DAY_MS],
    ['Asia/Shanghai', '2026-03-15T17:00:00Z', 2 * DAY_MS],
    ['Europe/London', '2026-03-29T23:00:00Z', DAY_MS],
    ['America/New_York', '2026-11-01T12:00:00Z', 30 * 3_600_000],
    ['Pacific/Apia', '2011-12-30T12:00:00Z', 3 * 3_600_000],
    ['Pacific/Apia', '2011-12-31T12:00:00Z', 2 * DAY_MS],
    ['America/St_Johns', '2010-11-07T03:10:00Z', 3_600_000],
  ])('counts a date as its first instant in %s, as of %s', (timeZone, asOf, durationMs) => {
    const holds = within(DATE, durationMs, timeZone, asOf);
    const today = Math.floor(at(asOf) / DAY_MS);
    for (let day = today - 5; day <= today + 3; day += 1) {
      const firstMs = startOfDayMs(day, timeZone);
      expect([day, holds(day)]).toEqual([day, firstMs > at(asOf) - durationMs && firstMs <= at(asOf)]);
    }
  });

  it('reaches back beyond every date there is', () => {
    for (const timeZone of ['UTC', 'Asia/Shanghai', 'America/New_York']) {
      const holds = within(DATE, 100_000_000 * DAY_MS, timeZone, '2026-03-15T12:00:00Z');
      expect(holds(parseDate('1000-01-01') ?? 0)).toBe(true);
    }
    expect(within(DATETIME, 100_000_000 * DAY_MS, 'UTC', '2026-03-15T12:00:00Z')(at('1000-01-01T00:00:00Z'))).toBe(
      true,
    );
  });
});

describe('resolveCondition', () => {
  it('takes before and after as lt and gt', () => {
    const operand = { kind: 'value', value: 5 } as const;
    const resolve = (op: 'before' | 'lt' | 'after' | 'gt'): unknown =>
      resolveCondition({ spec: DATE, op, operand, timeZone: null }, { asOfMs: 0 });
    expect(resolve('before')).toEqual(resolve('lt'));
    expect(resolve('after')).toEqual(resolve('gt'));
  });

  it('knows an operand of the wrong kind for a mistake of the caller', () => {
    const wrong = { kind: 'exists', exists: true } as const;
    for (const op of ['eq', 'in', 'gt', 'between', 'contains', 'withinLast', 'anniversary', 'hasAny'] as const) {
      expect(() => resolveCondition({ spec: INT, op, operand: wrong, timeZone: null }, { asOfMs: 0 })).toThrow(op);
    }
    expect(() => resolveExact('in', { kind: 'exact', scale: 0, low: 0n, high: 0n })).toThrow('in');
  });
});
