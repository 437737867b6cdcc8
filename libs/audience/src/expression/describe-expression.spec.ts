import { describeExpression } from './describe-expression';
import { audienceOf, fixedReferences } from './testing/shop-catalog';
import { bound } from './testing/bind-for-spec';

const references = fixedReferences([audienceOf('vip', { all: true }, { version: 3 })], ['upload'], ['vip@3']);

async function text(json: unknown, timeZone = 'UTC'): Promise<string> {
  return describeExpression(await bound(json, { references, timeZone }));
}

describe('conditions in plain words', () => {
  it.each<[object, string]>([
    [{ tag: 'vip_flag', op: 'eq', value: true }, 'VIP is true'],
    [{ tag: 'level', op: 'ne', value: 3 }, 'Level is not 3'],
    [
      { tag: 'level', op: 'lt', value: 1_000_000, onMissing: 'include' },
      'Level is less than 1,000,000, or has no value',
    ],
    [{ tag: 'spend', op: 'gte', value: -1234.5 }, 'Total spend is at least -1,234.5 EUR'],
    [{ tag: 'spend', op: 'between', value: [0, 10] }, 'Total spend is between 0 EUR and 10 EUR (both included)'],
    [{ tag: 'city', op: 'in', value: ['shanghai', 'shenzhen', 'beijing'] }, 'City is Beijing, Shanghai or “shenzhen”'],
    [{ tag: 'city', op: 'notIn', value: ['shanghai', 'beijing'] }, 'City is none of Beijing and Shanghai'],
    [{ tag: 'name', op: 'gt', value: 'm' }, 'Name sorts after “m”'],
    [{ tag: 'name', op: 'lte', value: 'm' }, 'Name is or sorts before “m”'],
    [{ tag: 'name', op: 'contains', value: 'an' }, 'Name contains “an”'],
    [{ tag: 'name', op: 'startsWith', value: 'an' }, 'Name starts with “an”'],
    [{ tag: 'name', op: 'endsWith', value: 'an' }, 'Name ends with “an”'],
    [{ tag: 'name', op: 'matches', value: '^an' }, 'Name matches the pattern “^an”'],
    [{ tag: 'email', op: 'exists' }, 'Email has a value'],
    [{ tag: 'email', op: 'exists', value: false }, 'Email has no value'],
    [{ tag: 'birthday', op: 'before', value: '2000-02-29' }, 'Birthday is before 2000-02-29'],
    [{ tag: 'birthday', op: 'gte', value: '2000-02-29' }, 'Birthday is on or after 2000-02-29'],
    [
      { tag: 'last_seen', op: 'lte', value: '2026-01-01T08:00:00+08:00' },
      'Last seen is at or before 2026-01-01 00:00 UTC',
    ],
    [{ tag: 'last_seen', op: 'eq', value: '2026-01-01T00:00:01.5Z' }, 'Last seen is 2026-01-01 00:00:01.500 UTC'],
    [{ tag: 'last_seen', op: 'withinLast', value: 'P14D' }, 'Last seen lies in the last 14 days'],
    [
      { tag: 'birthday', op: 'withinLast', value: 'P1DT1.5S' },
      'Birthday lies in the last 1 day 1.5 seconds (UTC time)',
    ],
    [{ tag: 'birthday', op: 'anniversary', value: { nextDays: 0 } }, 'Birthday has its anniversary today (UTC time)'],
    [
      { tag: 'birthday', op: 'anniversary', value: { nextDays: 7 } },
      'Birthday has its anniversary today or in the next 7 days (UTC time)',
    ],
    [{ tag: 'interests', op: 'hasAny', value: ['b', 'a'] }, 'Interests includes at least one of “a” and “b”'],
    [{ tag: 'interests', op: 'hasAll', value: ['b', 'a'] }, 'Interests includes all of “a” and “b”'],
    [{ tag: 'interests', op: 'hasNone', value: ['a'] }, 'Interests does not include “a”'],
    [
      { tag: 'plan_name', op: 'eq', value: 'pro' },
      'Plan name is “pro” (and always: is deleted is false, or has no value)',
    ],
    [{ all: true }, 'Every known user'],
    [{ list: 'upload' }, 'Is in the uploaded list “upload”'],
    [{ audience: 'vip' }, 'Belongs to the audience “vip” (version 3)'],
    [{ audience: 'vip', mode: 'snapshot' }, 'Is in the newest snapshot of the audience “vip” (version 3)'],
    [{ not: { not: { all: true } } }, 'Not: not: every known user'],
  ])('%j', async (json, expected) => {
    expect(await text(json)).toBe(expected);
  });

  it('cuts long lists and says how much it left out', async () => {
    const value = Array.from({ length: 2_000 }, (_, index) => index);
    expect(await text({ tag: 'level', op: 'in', value })).toBe(
      'Level is 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 or 1,988 more',
    );
  });
});

describe('events in plain words', () => {
  const count = (op: string, value: unknown): object => ({ event: 'order_paid', op, value });

  it.each<[object, string]>([
    [count('gte', 1), '“Order paid” happened at least once'],
    [count('eq', 0), '“Order paid” did not happen'],
    [count('eq', 2), '“Order paid” happened exactly 2 times'],
    [count('ne', 0), '“Order paid” happened at least once'],
    [count('ne', 2), '“Order paid” happened any number of times but 2'],
    [count('gt', 1000), '“Order paid” happened more than 1,000 times'],
    [count('lt', 3), '“Order paid” happened fewer than 3 times'],
    [count('lte', 3), '“Order paid” happened at most 3 times'],
    [count('between', [2, 5]), '“Order paid” happened 2 to 5 times'],
    [{ ...count('gte', 3), window: { last: 'P7D' } }, '“Order paid” happened at least 3 times in the last 7 days'],
    [
      {
        ...count('gte', 3),
        where: [
          { property: 'category', op: 'eq', value: 'toys' },
          { property: 'amount', op: 'gt', value: 9.5 },
        ],
      },
      '“Order paid” happened at least 3 times (where category is Toys and amount is more than 9.5)',
    ],
    [
      {
        event: 'order_paid',
        measure: { sum: 'amount' },
        op: 'gt',
        value: 1e21,
        window: { from: '2026-01-01T00:00:00Z' },
      },
      'The total amount of “Order paid” since 2026-01-01 00:00 UTC is more than 1,000,000,000,000,000,000,000',
    ],
    [
      { event: 'order_paid', measure: { avg: 'amount' }, op: 'between', value: [1, 2.5] },
      'The average amount of “Order paid” is between 1 and 2.5 (both included)',
    ],
    [
      { event: 'order_paid', measure: { distinct: 'invoice' }, op: 'gte', value: 3 },
      'The number of different values of invoice of “Order paid” is at least 3',
    ],
    [
      { event: 'order_paid', measure: { min: 'amount' }, op: 'lt', value: 0 },
      'The lowest amount of “Order paid” is less than 0',
    ],
    [
      { event: 'order_paid', measure: { max: 'ship_on' }, op: 'after', value: '2026-01-01' },
      'The highest ship on of “Order paid” is after 2026-01-01',
    ],
    [
      { event: 'visit', measure: { firstTime: '*' }, op: 'withinLast', value: 'PT36H' },
      'The first time of “visit” lies in the last 1 day 12 hours',
    ],
    [
      { event: 'visit', measure: { lastTime: '*' }, op: 'exists', value: false },
      'The latest time of “visit” has no value',
    ],
    [
      {
        sequence: [{ event: 'visit' }, { event: 'order_paid', where: [{ property: 'gift', op: 'eq', value: true }] }],
        within: 'P2D',
        window: { last: 'P30D' },
      },
      '“visit”, and later “Order paid” (where gift is true), all within 2 days, the last of them in the last 30 days',
    ],
  ])('%j', async (json, expected) => {
    expect(await text(json)).toBe(expected);
  });

  it.each<[object, string]>([
    [{ calendar: 'day', offset: 0 }, 'today (Asia/Tokyo time)'],
    [{ calendar: 'day', offset: -1, timeZone: 'UTC' }, 'yesterday (UTC time)'],
    [{ calendar: 'week', offset: 0 }, 'this week so far (Asia/Tokyo time)'],
    [{ calendar: 'month', offset: -1 }, 'in the last whole month (Asia/Tokyo time)'],
    [{ calendar: 'month', offset: -2 }, 'in the whole month 2 months ago (Asia/Tokyo time)'],
    [{ to: '2026-01-01T00:00:00Z' }, 'before 2026-01-01 00:00 UTC'],
    [
      { from: '2025-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z' },
      'from 2025-01-01 00:00 UTC until just before 2026-01-01 00:00 UTC',
    ],
  ])('window %j', async (window, expected) => {
    expect(await text({ event: 'visit', op: 'eq', value: 0, window }, 'Asia/Tokyo')).toBe(
      `“visit” did not happen ${expected}`,
    );
  });
});

it('groups are headings with a line for each condition', async () => {
  const level = { tag: 'level', op: 'gte', value: 3 };
  expect(
    await text({
      and: [
        level,
        { not: { or: [level, { and: [level] }] } },
        { atLeast: 2, of: [level, { all: true }, { and: [level, level] }] },
      ],
    }),
  ).toBe(
    [
      'All of these hold:',
      '- level is at least 3',
      '- not: at least one of these holds:',
      '  - level is at least 3',
      '  - level is at least 3',
      '- at least 2 of these 3 hold:',
      '  - level is at least 3',
      '  - every known user',
      '  - all of these hold:',
      '    - level is at least 3',
      '    - level is at least 3',
    ].join('\n'),
  );
  expect(await text({ not: { and: [level, level] } })).toBe(
    'Not: all of these hold:\n  - level is at least 3\n  - level is at least 3',
  );
});
