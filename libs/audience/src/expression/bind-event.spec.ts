import { bound, refusals } from './testing/bind-for-spec';

const EVENT = { event: 'order_paid', op: 'gte', value: 1 };

function withMeasure(measure: unknown, op: string, value?: unknown): object {
  return { event: 'order_paid', measure, op, ...(value === undefined ? {} : { value }) };
}

describe('event nodes', () => {
  it('have defaults', async () => {
    expect(await bound(EVENT)).toMatchObject({
      kind: 'event',
      eventType: { name: 'order_paid' },
      where: [],
      measure: { kind: 'count' },
      op: 'gte',
      operand: { kind: 'value', value: 1 },
      timeZone: null,
      window: null,
    });
  });

  it.each<[unknown, string, unknown, object]>([
    [{ count: '*' }, 'eq', 0, { kind: 'value', value: 0 }],
    [{ count: '*' }, 'between', [0, 3], { kind: 'between', low: 0, high: 3 }],
    [{ distinct: 'labels' }, 'gte', 2, { kind: 'value', value: 2 }],
    [{ distinct: 'gift' }, 'ne', 2, { kind: 'value', value: 2 }],
    [{ sum: 'amount' }, 'gt', 0.1, { kind: 'exact', scale: 1, low: 1n, high: 1n }],
    [{ sum: 'amount' }, 'gt', -0, { kind: 'exact', scale: 0, low: 0n, high: 0n }],
    [{ sum: 'amount' }, 'lt', 1e21, { kind: 'exact', scale: 0, low: 10n ** 21n, high: 10n ** 21n }],
    [{ sum: 'quantity' }, 'lte', -1e300, { kind: 'exact', scale: 0, low: -(10n ** 300n), high: -(10n ** 300n) }],
    [{ sum: 'quantity' }, 'eq', 2 ** 53, { kind: 'exact', scale: 0, low: 9007199254740992n, high: 9007199254740992n }],
    [{ sum: 'amount' }, 'between', [-1.5, 100], { kind: 'exact', scale: 1, low: -15n, high: 1000n }],
    [{ avg: 'quantity' }, 'gte', 0.123456789, { kind: 'exact', scale: 9, low: 123456789n, high: 123456789n }],
    [{ avg: 'amount' }, 'gte', 1e-9, { kind: 'exact', scale: 9, low: 1n, high: 1n }],
    [{ avg: 'amount' }, 'between', [2, 2], { kind: 'exact', scale: 0, low: 2n, high: 2n }],
    [{ min: 'quantity' }, 'lt', -5, { kind: 'value', value: -5 }],
    [{ max: 'amount' }, 'gte', 12.5, { kind: 'value', value: 1250 }],
    [{ min: 'ship_on' }, 'before', '1970-01-02', { kind: 'value', value: 1 }],
    [{ max: 'paid_at' }, 'in', ['1970-01-01T00:00:00Z'], { kind: 'list', values: [0] }],
    [{ max: 'ship_on' }, 'anniversary', { nextDays: 3 }, { kind: 'nextDays', nextDays: 3 }],
    [{ firstTime: '*' }, 'withinLast', 'P1D', { kind: 'duration', durationMs: 86_400_000 }],
    [{ lastTime: '*' }, 'after', '1970-01-01T00:00:00.007Z', { kind: 'value', value: 7 }],
    [{ lastTime: '*' }, 'exists', undefined, { kind: 'exists', exists: true }],
  ])('bind %j %s %j', async (measure, op, value, operand) => {
    expect(await bound(withMeasure(measure, op, value))).toMatchObject({ op, operand });
  });

  it.each<[object, string[]]>([
    [{ event: 'order_paid' }, [' missingKey']],
    [{ event: 'order_paid', op: 'gte' }, ['/value missingKey']],
    [{ event: 'nope', op: 'gte', value: 1 }, ['/event unknownEvent']],
    [{ event: 5, op: 'gte', value: 1 }, ['/event wrongType']],
    [{ ...EVENT, onMissing: 'include' }, ['/onMissing unknownKey']],
    [{ ...EVENT, where: {} }, ['/where wrongType']],
    [{ ...EVENT, where: [5] }, ['/where/0 wrongType']],
    [{ ...EVENT, where: [{ property: 'amount', op: 'eq' }] }, ['/where/0/value missingKey']],
    [{ ...EVENT, where: [{ op: 'eq', value: 1 }] }, ['/where/0 missingKey']],
    [{ ...EVENT, where: [{ property: 'level', op: 'eq', value: 1 }] }, ['/where/0/property unknownProperty']],
    [
      { ...EVENT, where: [{ property: 'amount', op: 'eq', value: 1, onMissing: 'include' }] },
      ['/where/0/onMissing unknownKey'],
    ],
    [{ ...EVENT, where: [{ property: 'amount', op: 'eq', value: 1, id: 'x' }] }, ['/where/0/id unknownKey']],
    [{ ...EVENT, where: Array(1001).fill({ property: 'amount', op: 'exists' }) }, ['/where listTooLong']],
    [{ ...EVENT, measure: 'count' }, ['/measure wrongType']],
    [{ ...EVENT, measure: {} }, ['/measure noKind']],
    [{ ...EVENT, measure: { count: '*', sum: 'amount' } }, ['/measure severalKinds']],
    [{ ...EVENT, measure: { count: '*', extra: 1 } }, ['/measure/extra unknownKey']],
    [{ ...EVENT, measure: { median: 'amount' } }, ['/measure/median unknownKey', '/measure noKind']],
    [withMeasure({ count: 'amount' }, 'eq', 1), ['/measure/count wrongType']],
    [withMeasure({ firstTime: 'paid_at' }, 'exists'), ['/measure/firstTime wrongType']],
    [withMeasure({ distinct: '*' }, 'eq', 1), ['/measure/distinct unknownProperty']],
    [withMeasure({ sum: 5 }, 'eq', 1), ['/measure/sum wrongType']],
    [withMeasure({ sum: 'nope' }, 'eq', 1), ['/measure/sum unknownProperty']],
    [withMeasure({ sum: 'invoice' }, 'eq', 1), ['/measure/sum measureNotAllowed']],
    [withMeasure({ sum: 'ship_on' }, 'eq', 1), ['/measure/sum measureNotAllowed']],
    [withMeasure({ avg: 'gift' }, 'eq', 1), ['/measure/avg measureNotAllowed']],
    [withMeasure({ min: 'invoice' }, 'eq', 'x'), ['/measure/min measureNotAllowed']],
    [withMeasure({ max: 'labels' }, 'eq', 'x'), ['/measure/max measureNotAllowed']],
    [withMeasure({ count: '*' }, 'gte', -1), ['/value outOfRange']],
    [withMeasure({ count: '*' }, 'gte', 1.5), ['/value notInteger']],
    [withMeasure({ count: '*' }, 'between', [-1, 5]), ['/value/0 outOfRange']],
    [withMeasure({ count: '*' }, 'between', [5, 1]), ['/value lowAboveHigh']],
    [withMeasure({ count: '*' }, 'in', [1]), ['/op operatorNotAllowed']],
    [withMeasure({ count: '*' }, 'exists', true), ['/op operatorNotAllowed']],
    [withMeasure({ distinct: 'invoice' }, 'eq', -1), ['/value outOfRange']],
    [withMeasure({ sum: 'amount' }, 'withinLast', 'P1D'), ['/op operatorNotAllowed']],
    [withMeasure({ sum: 'amount' }, 'eq', 0.001), ['/value tooManyDigits']],
    [withMeasure({ sum: 'quantity' }, 'eq', 0.5), ['/value tooManyDigits']],
    [withMeasure({ sum: 'amount' }, 'eq', '5'), ['/value wrongType']],
    [withMeasure({ sum: 'amount' }, 'eq'), ['/value missingKey']],
    [withMeasure({ sum: 'amount' }, 'between', [2, 1]), ['/value lowAboveHigh']],
    [withMeasure({ sum: 'amount' }, 'between', [1]), ['/value wrongType']],
    [withMeasure({ avg: 'amount' }, 'eq', 1e-10), ['/value tooManyDigits']],
    [withMeasure({ avg: 'amount' }, 'between', [0, 0.1234567891]), ['/value/1 tooManyDigits']],
    [withMeasure({ min: 'quantity' }, 'eq', 0.5), ['/value notInteger']],
    [withMeasure({ max: 'amount' }, 'eq', 0.001), ['/value tooManyDigits']],
    [withMeasure({ min: 'quantity' }, 'in', [1]), ['/op operatorNotAllowed']],
    [withMeasure({ min: 'ship_on' }, 'eq', '2026-01-01T00:00:00Z'), ['/value invalidDate']],
    [withMeasure({ firstTime: '*' }, 'eq', '2026-01-01'), ['/value invalidDatetime']],
    [withMeasure({ firstTime: '*' }, 'contains', 'x'), ['/op operatorNotAllowed']],
  ])('refuse %j', async (json, expected) => {
    expect(await refusals(json)).toEqual(expected);
  });

  it('take 1,000 filters', async () => {
    await bound({ ...EVENT, where: Array(1000).fill({ property: 'amount', op: 'exists' }) });
  });
});

describe('windows', () => {
  it.each<[object, object]>([
    [{ last: 'P7D' }, { kind: 'last', durationMs: 604_800_000 }],
    [{ from: '1970-01-01T00:00:00Z' }, { kind: 'range', fromMs: 0, toMs: null }],
    [{ to: '1970-01-01T00:00:00.001Z' }, { kind: 'range', fromMs: null, toMs: 1 }],
    [
      { from: '1970-01-01T00:00:00Z', to: '1970-01-01T00:00:00.001Z' },
      { kind: 'range', fromMs: 0, toMs: 1 },
    ],
    [
      { calendar: 'day', offset: -0 },
      { kind: 'calendar', unit: 'day', offset: 0, timeZone: 'Asia/Tokyo' },
    ],
    [
      { calendar: 'week', offset: -1, timeZone: 'UTC' },
      { kind: 'calendar', unit: 'week', offset: -1, timeZone: 'UTC' },
    ],
    [
      { calendar: 'month', offset: -100_000 },
      { kind: 'calendar', unit: 'month', offset: -100_000 },
    ],
  ])('bind %j', async (window, expected) => {
    expect(await bound({ ...EVENT, window }, { timeZone: 'Asia/Tokyo' })).toMatchObject({ window: expected });
  });

  it.each<[unknown, string[]]>([
    [null, ['/window wrongType']],
    ['P7D', ['/window wrongType']],
    [{}, ['/window noForm']],
    [{ timeZone: 'UTC' }, ['/window noForm']],
    [{ last: 'P7D', from: '2026-01-01T00:00:00Z' }, ['/window severalForms']],
    [{ last: 'P7D', calendar: 'day', offset: 0 }, ['/window severalForms']],
    [{ last: 'P7D', timeZone: 'UTC' }, ['/window/timeZone unknownKey']],
    [{ last: 'P1M' }, ['/window/last invalidDuration']],
    [{ last: 5 }, ['/window/last wrongType']],
    [{ last: 'P100000001D' }, ['/window/last invalidDuration']],
    [{ from: '2026-01-01' }, ['/window/from invalidDatetime']],
    [{ from: 0 }, ['/window/from wrongType']],
    [{ from: null }, ['/window/from wrongType']],
    [{ from: '2026-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }, ['/window emptyWindow']],
    [{ from: '2026-01-01T00:00:00Z', to: '2025-01-01T00:00:00Z' }, ['/window emptyWindow']],
    [{ from: '2026-01-01T00:00:00Z', offset: 0 }, ['/window/offset unknownKey']],
    [{ calendar: 'year', offset: 0 }, ['/window/calendar wrongType']],
    [{ calendar: 'day' }, ['/window/offset missingKey']],
    [{ calendar: 'day', offset: 1 }, ['/window/offset outOfRange']],
    [{ calendar: 'day', offset: -1.5 }, ['/window/offset outOfRange']],
    [{ calendar: 'day', offset: -100_001 }, ['/window/offset outOfRange']],
    [{ calendar: 'day', offset: '0' }, ['/window/offset wrongType']],
    [{ calendar: 'day', offset: 0, timeZone: 'Nowhere/City' }, ['/window/timeZone unknownTimeZone']],
    [{ calendar: 'day', offset: 0, timeZone: '+08:00' }, ['/window/timeZone unknownTimeZone']],
    [{ calendar: 'day', offset: 0, timeZone: null }, ['/window/timeZone wrongType']],
  ])('refuse %j', async (window, expected) => {
    expect(await refusals({ ...EVENT, window })).toEqual(expected);
  });
});

describe('sequences', () => {
  const VISIT = { event: 'visit' };

  it('bind steps, within and window', async () => {
    const json = {
      sequence: [VISIT, { event: 'order_paid', where: [{ property: 'amount', op: 'gte', value: 10 }] }],
      within: 'PT1H',
      window: { last: 'P1D' },
    };
    expect(await bound(json)).toMatchObject({
      kind: 'sequence',
      steps: [
        { eventType: { name: 'visit' }, where: [] },
        { eventType: { name: 'order_paid' }, where: [{ op: 'gte', operand: { value: 1000 } }] },
      ],
      withinMs: 3_600_000,
      window: { kind: 'last' },
    });
    expect(await bound({ sequence: Array(10).fill(VISIT) })).toMatchObject({ withinMs: null, window: null });
  });

  it.each<[object, string[]]>([
    [{ sequence: VISIT }, ['/sequence wrongType']],
    [{ sequence: [VISIT] }, ['/sequence outOfRange']],
    [{ sequence: Array(11).fill(VISIT) }, ['/sequence outOfRange']],
    [{ sequence: [VISIT, 5] }, ['/sequence/1 wrongType']],
    [{ sequence: [VISIT, {}] }, ['/sequence/1 missingKey']],
    [{ sequence: [VISIT, { event: 'nope' }] }, ['/sequence/1/event unknownEvent']],
    [{ sequence: [VISIT, { event: 'visit', op: 'gte' }] }, ['/sequence/1/op unknownKey']],
    [{ sequence: [VISIT, { event: 'visit', id: 'x' }] }, ['/sequence/1/id unknownKey']],
    [{ sequence: [VISIT, { event: 'visit', where: [{}] }] }, ['/sequence/1/where/0 missingKey']],
    [{ sequence: [VISIT, VISIT], within: 'P0D' }, ['/within invalidDuration']],
    [{ sequence: [VISIT, VISIT], within: 5 }, ['/within wrongType']],
    [{ sequence: [VISIT, VISIT], window: {} }, ['/window noForm']],
    [{ sequence: [VISIT, VISIT], op: 'gte' }, ['/op unknownKey']],
  ])('refuse %j', async (json, expected) => {
    expect(await refusals(json)).toEqual(expected);
  });
});
