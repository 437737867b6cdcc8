import type { JsonValue } from '@tessera/tag-catalog';
import type { Question, Script, Step } from '../script';
import { ask, event, eventType, message, profile } from './build';

const INT_MAX = 9_007_199_254_740_991;
const BUY = eventType('buy', {
  amount: 'int',
  price: { valueType: 'decimal', scale: 2 },
  day: 'date',
  at: 'datetime',
  sku: 'string',
  topics: 'set',
  gift: 'bool',
});
/** Users known without a row. */
const OTHERS: readonly Step[] = [profile('person', { x: 'bool' }), { send: [message('person', 'none', { x: true })] }];

function buys(
  rows: readonly (readonly [cuid: string, properties: { readonly [name: string]: JsonValue }, time?: string])[],
): Step {
  return {
    send: rows.map(([cuid, properties, time]) => message('buy', cuid, properties, time === undefined ? {} : { time })),
  };
}

function measured(
  measure: JsonValue,
  op: string,
  value: JsonValue,
  members: string,
  more: Partial<Question> = {},
): Question {
  return ask(event('buy', op, value, { measure }), members, more);
}

export const MEASURE_CASES: readonly Script[] = [
  {
    name: 'count, 0 for who did nothing',
    steps: [
      BUY,
      ...OTHERS,
      buys([
        ['one', {}],
        ['two', {}],
        ['two', { amount: 1 }],
        ['three', {}],
        ['three', {}],
        ['three', { amount: 5 }],
      ]),
      {
        ask: [
          ask(event('buy', 'eq', 0), 'none'),
          ask(event('buy', 'eq', -0), 'none'),
          ask(event('buy', 'lt', 1), 'none'),
          ask(event('buy', 'lte', 0), 'none'),
          ask(event('buy', 'ne', 0), 'one two three'),
          ask(event('buy', 'gt', 0), 'one two three'),
          ask(event('buy', 'gte', 0), 'one two three none'),
          ask(event('buy', 'lt', 0), ''),
          ask(event('buy', 'eq', 2), 'two'),
          ask(event('buy', 'ne', 2), 'one three none'),
          ask(event('buy', 'gte', 2), 'two three'),
          ask(event('buy', 'lt', 3), 'one two none'),
          ask(event('buy', 'lte', 1), 'one none'),
          ask(event('buy', 'between', [1, 2]), 'one two'),
          ask(event('buy', 'between', [0, 1]), 'one none'),
          ask(event('buy', 'gt', INT_MAX), ''),
          ask(event('buy', 'lte', INT_MAX), 'one two three none'),
          ask({ not: event('buy', 'gte', 1) }, 'none'),
          ask(event('buy', 'eq', 0, { where: [{ property: 'amount', op: 'gt', value: 1 }] }), 'one two none'),
          ask(event('buy', 'eq', 1, { where: [{ property: 'amount', op: 'exists', value: true }] }), 'two three'),
          ask(event('buy', 'eq', 2, { where: [{ property: 'amount', op: 'exists', value: false }] }), 'three'),
        ],
      },
    ],
  },
  {
    name: 'distinct values, of every type',
    steps: [
      BUY,
      ...OTHERS,
      buys([
        ['a', { amount: 0, price: 1.1, sku: 'x', topics: ['p', 'q'], day: '2026-01-01', gift: true }],
        ['a', { amount: -0, price: 1.1, sku: 'X', topics: ['q', 'p', 'p'], day: '2026-01-01', gift: false }],
        ['a', { amount: 5, price: 1.11, sku: '', topics: [], at: '2026-01-01T00:00:00Z', gift: true }],
        ['a', { at: '2026-01-01T01:00:00+01:00' }],
        ['b', { sku: 'x', topics: [''] }],
        ['b', { sku: 'x', topics: [] }],
        ['b', { topics: ['p,q'] }],
      ]),
      {
        ask: [
          measured({ distinct: 'amount' }, 'eq', 2, 'a'),
          measured({ distinct: 'amount' }, 'eq', 0, 'b none'),
          measured({ distinct: 'price' }, 'eq', 2, 'a'),
          measured({ distinct: 'sku' }, 'eq', 3, 'a'),
          measured({ distinct: 'sku' }, 'eq', 1, 'b'),
          measured({ distinct: 'topics' }, 'eq', 2, 'a'),
          measured({ distinct: 'topics' }, 'gte', 3, 'b'),
          measured({ distinct: 'day' }, 'between', [1, 1], 'a'),
          measured({ distinct: 'at' }, 'lt', 2, 'a b none'),
          measured({ distinct: 'gift' }, 'gt', 1, 'a'),
          measured({ distinct: 'gift' }, 'ne', 2, 'b none'),
          measured({ distinct: 'sku' }, 'lt', 1, 'none'),
        ],
      },
    ],
  },
  {
    name: 'sums: negative, fractional, zero, and none without a value',
    steps: [
      BUY,
      ...OTHERS,
      buys([
        ['zero', { amount: 5 }],
        ['zero', { amount: -5 }],
        ['cents', { price: 0.1 }],
        ['cents', { price: 0.2 }],
        ['minus', { amount: -3, price: -0.01 }],
        ['mixed', { amount: 7 }],
        ['mixed', { sku: 'no amount' }],
        ['norow', { sku: 'no amount' }],
      ]),
      {
        ask: [
          measured({ sum: 'amount' }, 'eq', 0, 'zero'),
          measured({ sum: 'amount' }, 'eq', -0, 'zero'),
          measured({ sum: 'amount' }, 'ne', 0, 'minus mixed'),
          measured({ sum: 'amount' }, 'lt', 1, 'zero minus'),
          measured({ sum: 'amount' }, 'lte', -3, 'minus'),
          measured({ sum: 'amount' }, 'gte', 0, 'zero mixed'),
          measured({ sum: 'amount' }, 'gt', 6, 'mixed'),
          measured({ sum: 'amount' }, 'between', [-3, 0], 'zero minus'),
          measured({ sum: 'price' }, 'eq', 0.3, 'cents'),
          measured({ sum: 'price' }, 'gt', 0.29, 'cents'),
          measured({ sum: 'price' }, 'lt', 0.3, 'minus'),
          measured({ sum: 'price' }, 'between', [-0.01, 0.3], 'cents minus'),
          ask({ not: event('buy', 'lt', 1, { measure: { sum: 'amount' } }) }, 'cents mixed norow none'),
          ask(
            event('buy', 'eq', 7, { measure: { sum: 'amount' }, where: [{ property: 'amount', op: 'gt', value: 0 }] }),
            'mixed',
          ),
          ask(
            event('buy', 'eq', 5, { measure: { sum: 'amount' }, where: [{ property: 'amount', op: 'gt', value: 0 }] }),
            'zero',
          ),
        ],
      },
    ],
  },
  {
    name: 'sums beyond 2^53 never round',
    steps: [
      BUY,
      buys([
        ['two', { amount: INT_MAX }],
        ['two', { amount: INT_MAX }],
        ['three', { amount: INT_MAX }],
        ['three', { amount: INT_MAX }],
        ['three', { amount: INT_MAX }],
        ['down', { amount: -INT_MAX }],
        ['down', { amount: -INT_MAX }],
        ['down', { amount: -INT_MAX }],
        ['back', { amount: INT_MAX }],
        ['back', { amount: INT_MAX }],
        ['back', { amount: -INT_MAX }],
        ['back', { amount: -INT_MAX }],
        ['back', { amount: 1 }],
        ['money', { price: 9_999_999_999_999.99 }],
        ['money', { price: 9_999_999_999_999.99 }],
      ]),
      {
        ask: [
          measured({ sum: 'amount' }, 'eq', 18_014_398_509_481_982, 'two'),
          // 3 × (2^53 − 1) = 27021597764222973 lies between two doubles, …972 and …976.
          measured({ sum: 'amount' }, 'eq', 27_021_597_764_222_972, ''),
          measured({ sum: 'amount' }, 'gt', 27_021_597_764_222_972, 'three'),
          measured({ sum: 'amount' }, 'lt', 27_021_597_764_222_976, 'two three down back'),
          measured({ sum: 'amount' }, 'between', [27_021_597_764_222_972, 27_021_597_764_222_976], 'three'),
          measured({ sum: 'amount' }, 'lt', -27_021_597_764_222_972, 'down'),
          measured({ sum: 'amount' }, 'eq', 1, 'back'),
          measured({ sum: 'amount' }, 'lt', 1e300, 'two three down back'),
          measured({ sum: 'price' }, 'gt', 19_999_999_999_999, 'money'),
          measured({ sum: 'price' }, 'lt', 20_000_000_000_000, 'money'),
          measured({ avg: 'amount' }, 'eq', INT_MAX, 'two three'),
          measured({ avg: 'amount' }, 'eq', -INT_MAX, 'down'),
          measured({ avg: 'amount' }, 'eq', 0.2, 'back'),
          measured({ avg: 'price' }, 'eq', 9_999_999_999_999.99, 'money'),
          measured({ max: 'amount' }, 'eq', INT_MAX, 'two three back'),
          measured({ min: 'amount' }, 'lte', -INT_MAX, 'down back'),
        ],
      },
    ],
  },
  {
    name: 'averages are compared exactly: a third against its decimals',
    steps: [
      BUY,
      ...OTHERS,
      buys([
        ['third', { amount: 1 }],
        ['third', { amount: 0 }],
        ['third', { amount: 0 }],
        ['third', { sku: 'not counted' }],
        ['minus', { amount: -1 }],
        ['minus', { amount: 0 }],
        ['minus', { amount: 0 }],
        ['half', { amount: 1 }],
        ['half', { amount: 2 }],
        ['zero', { amount: 3 }],
        ['zero', { amount: -3 }],
        ['cents', { price: 0.01 }],
        ['cents', { price: 0.02 }],
      ]),
      {
        ask: [
          measured({ avg: 'amount' }, 'gt', 0.333333333, 'third half'),
          measured({ avg: 'amount' }, 'lt', 0.333333334, 'third minus zero'),
          measured({ avg: 'amount' }, 'eq', 0.333333333, ''),
          measured({ avg: 'amount' }, 'eq', 0.333333334, ''),
          measured({ avg: 'amount' }, 'ne', 0.333333333, 'third minus half zero'),
          measured({ avg: 'amount' }, 'between', [0.333333333, 0.333333334], 'third'),
          measured({ avg: 'amount' }, 'lt', -0.333333333, 'minus'),
          measured({ avg: 'amount' }, 'lt', -0.333333334, ''),
          measured({ avg: 'amount' }, 'gte', -0.333333334, 'third minus half zero'),
          measured({ avg: 'amount' }, 'eq', 1.5, 'half'),
          measured({ avg: 'amount' }, 'gte', 1.5, 'half'),
          measured({ avg: 'amount' }, 'gt', 1.499999999, 'half'),
          measured({ avg: 'amount' }, 'eq', 0, 'zero'),
          measured({ avg: 'amount' }, 'lte', 0, 'minus zero'),
          measured({ avg: 'price' }, 'eq', 0.015, 'cents'),
          measured({ avg: 'price' }, 'gt', 0.014999999, 'cents'),
        ],
      },
    ],
  },
  {
    name: 'least and greatest of numbers, dates and datetimes; no value, no comparison',
    steps: [
      BUY,
      ...OTHERS,
      buys([
        ['a', { amount: 3, price: -0.5, day: '2025-12-31', at: '2026-03-10T00:00:00Z' }],
        ['a', { amount: -7, price: 2.25, day: '2026-01-01', at: '2026-03-15T12:00:00Z' }],
        ['b', { amount: 3, day: '2026-03-15' }],
        ['c', { sku: 'nothing else' }],
      ]),
      {
        ask: [
          measured({ min: 'amount' }, 'eq', -7, 'a'),
          measured({ min: 'amount' }, 'lt', 100, 'a b'),
          measured({ max: 'amount' }, 'eq', 3, 'a b'),
          measured({ max: 'amount' }, 'ne', 4, 'a b'),
          measured({ max: 'amount' }, 'lt', 3, ''),
          measured({ min: 'price' }, 'between', [-0.5, -0.5], 'a'),
          measured({ max: 'price' }, 'gte', 2.25, 'a'),
          measured({ min: 'day' }, 'before', '2026-01-01', 'a'),
          measured({ max: 'day' }, 'after', '2026-01-01', 'b'),
          measured({ max: 'day' }, 'in', ['2026-01-01', '2026-03-15'], 'a b'),
          measured({ max: 'day' }, 'notIn', ['2026-01-01'], 'b'),
          measured({ max: 'day' }, 'withinLast', 'P1D', 'b'),
          measured({ max: 'day' }, 'anniversary', { nextDays: 0 }, 'b'),
          measured({ min: 'at' }, 'eq', '2026-03-10T00:00:00Z', 'a'),
          measured({ max: 'at' }, 'withinLast', 'P1D', 'a'),
          measured({ max: 'at' }, 'withinLast', 'P1D', '', { asOf: '2026-03-16T12:00:00Z' }),
          measured({ max: 'at' }, 'exists', false, 'b c none'),
          measured({ min: 'day' }, 'exists', true, 'a b'),
          ask({ not: event('buy', 'lt', 100, { measure: { min: 'amount' } }) }, 'c none'),
        ],
      },
    ],
  },
  {
    name: 'first and last time, withinLast, anniversary and exists',
    steps: [
      BUY,
      ...OTHERS,
      buys([
        ['a', { amount: 1 }, '2025-03-15T23:30:00Z'],
        ['a', { amount: 2 }, '2026-03-10T00:00:00Z'],
        ['b', {}, '2026-03-14T12:00:00Z'],
        ['c', {}, '2026-03-14T12:00:00.001Z'],
        ['later', {}, '2026-03-15T12:00:00.001Z'],
      ]),
      {
        ask: [
          measured({ firstTime: '*' }, 'eq', '2025-03-15T23:30:00Z', 'a'),
          measured({ firstTime: '*' }, 'before', '2026-01-01T00:00:00Z', 'a'),
          measured({ lastTime: '*' }, 'before', '2026-03-14T12:00:00.001Z', 'a b'),
          measured({ lastTime: '*' }, 'withinLast', 'P1D', 'c'),
          measured({ lastTime: '*' }, 'withinLast', 'PT24H0.001S', 'b c'),
          measured({ lastTime: '*' }, 'exists', true, 'a b c'),
          measured({ lastTime: '*' }, 'exists', false, 'later none'),
          measured({ lastTime: '*' }, 'lt', '2030-01-01T00:00:00Z', 'a b c'),
          measured({ lastTime: '*' }, 'ne', '2026-03-14T12:00:00Z', 'a c'),
          measured({ firstTime: '*' }, 'in', ['2026-03-14T12:00:00Z', '2025-03-15T23:30:00Z'], 'a b'),
          measured({ firstTime: '*' }, 'between', ['2026-03-14T12:00:00Z', '2026-03-14T12:00:00.001Z'], 'b c'),
          measured({ firstTime: '*' }, 'anniversary', { nextDays: 0 }, 'a'),
          measured({ firstTime: '*' }, 'anniversary', { nextDays: 0 }, '', { timeZone: 'Europe/Berlin' }),
          measured({ firstTime: '*' }, 'anniversary', { nextDays: 1 }, 'a', { timeZone: 'Europe/Berlin' }),
          ask(
            event('buy', 'eq', '2026-03-10T00:00:00Z', {
              measure: { firstTime: '*' },
              where: [{ property: 'amount', op: 'eq', value: 2 }],
            }),
            'a',
          ),
          ask(
            event('buy', 'gte', '2026-03-01T00:00:00Z', { measure: { firstTime: '*' }, window: { last: 'P30D' } }),
            'a b c',
          ),
          ask(event('buy', 'lt', '2026-03-11T00:00:00Z', { measure: { lastTime: '*' } }), 'a', {
            asOf: '2026-03-15T13:00:00Z',
          }),
        ],
      },
    ],
  },
  {
    name: 'filters of every type on rows, combined with windows',
    steps: [
      BUY,
      buys([
        [
          'a',
          { amount: 10, price: 9.99, day: '2026-02-28', at: '2026-03-14T12:00:00Z', sku: 'x' },
          '2026-03-01T00:00:00Z',
        ],
        [
          'a',
          { amount: 20, price: 10, day: '2026-03-15', at: '2026-03-15T12:00:00Z', sku: 'y' },
          '2026-03-14T00:00:00Z',
        ],
        ['b', { amount: 20, price: 10, sku: 'x' }, '2026-03-01T00:00:00Z'],
      ]),
      {
        ask: [
          ask(rows([['amount', 'in', [10, 11]]], 'eq', 1), 'a'),
          ask(rows([['amount', 'notIn', [10, 11]]], 'eq', 1), 'a b'),
          ask(rows([['amount', 'between', [10, 20]]], 'eq', 2), 'a'),
          ask(
            rows(
              [
                ['amount', 'gt', 10],
                ['sku', 'eq', 'x'],
              ],
              'gte',
              1,
            ),
            'b',
          ),
          ask(
            rows(
              [
                ['amount', 'gt', 10],
                ['amount', 'lt', 20],
              ],
              'gte',
              1,
            ),
            '',
          ),
          ask(rows([['price', 'lt', 10]], 'gte', 1), 'a'),
          ask(rows([['price', 'eq', 10]], 'eq', 1, { window: { last: 'P7D' } }), 'a'),
          ask(rows([['day', 'anniversary', { nextDays: 0 }]], 'gte', 1), 'a'),
          ask(rows([['day', 'withinLast', 'P1D']], 'gte', 1), 'a'),
          ask(rows([['day', 'before', '2026-03-01']], 'gte', 1), 'a'),
          ask(rows([['at', 'withinLast', 'P1D']], 'eq', 1), 'a'),
          ask(
            rows([['at', 'after', '2026-03-14T12:00:00Z']], 'eq', 1, { window: { calendar: 'day', offset: -1 } }),
            'a',
          ),
          ask(rows([['at', 'exists', false]], 'eq', 1), 'b'),
          ask(rows([['price', 'ne', 10]], 'eq', 0), 'b'),
        ],
      },
    ],
  },
];

function rows(
  filters: readonly (readonly [string, string, JsonValue])[],
  op: string,
  value: number,
  more: { readonly [key: string]: JsonValue } = {},
): JsonValue {
  return event('buy', op, value, {
    where: filters.map(([property, filterOp, operand]) => ({ property, op: filterOp, value: operand })),
    ...more,
  });
}
