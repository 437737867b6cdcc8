import type { JsonValue } from '@tessera/tag-catalog';
import { event, tag } from '../conformance/cases/build';

export interface GoldenExpression {
  /** Also the name of the file. */
  readonly name: string;
  readonly rule: JsonValue;
  /** True: the counts of all its nodes are asked for, not of the root alone. */
  readonly perNode?: true;
  readonly timeZone?: string;
}

const list = (name: string): JsonValue => ({ list: name });
const CUSTOMERS_OF_3 = event('order_paid', 'gte', 3, { window: { last: 'P7D' } });

/** Every kind of node, condition and measure at least once, and how they are put together. */
export const GOLDEN: readonly GoldenExpression[] = [
  { name: 'all', rule: { all: true } },
  { name: 'not-all', rule: { not: { all: true } } },
  { name: 'bool', rule: tag('vip', 'eq', true) },
  { name: 'int-range', rule: tag('level', 'between', [1, 3]) },
  { name: 'int-ne', rule: tag('level', 'ne', 3) },
  { name: 'int-in', rule: tag('level', 'notIn', [1, 2, 7]) },
  { name: 'int-or-missing', rule: tag('level', 'lt', 3, { onMissing: 'include' }) },
  { name: 'decimal', rule: tag('spend', 'gte', 12.5) },
  { name: 'string-eq-quote', rule: tag('city', 'eq', "O'Fallon") },
  { name: 'string-in-backslash-emoji', rule: tag('city', 'in', ['\\', '\u{1f600}', 'oslo', '--', '/*', '\u0000']) },
  { name: 'string-order', rule: tag('city', 'gt', 'oslo') },
  { name: 'string-contains', rule: tag('city', 'contains', '%_') },
  { name: 'string-ends', rule: { or: [tag('email', 'endsWith', '.org'), tag('city', 'startsWith', 'r')] } },
  { name: 'string-matches', rule: tag('email', 'matches', '^u[1-3]\\d@') },
  { name: 'enum', rule: tag('tier', 'in', ['gold', 'silver']) },
  { name: 'date-within', rule: tag('born', 'before', '1980-01-01') },
  { name: 'date-anniversary', rule: tag('born', 'anniversary', { nextDays: 20 }) },
  { name: 'datetime-ttl', rule: tag('seen_at', 'withinLast', 'P7D') },
  { name: 'datetime-missing', rule: tag('seen_at', 'exists', false) },
  {
    name: 'set',
    rule: { and: [tag('interests', 'hasAny', ['x', 'z']), { not: tag('interests', 'hasAll', ['x', 'y']) }] },
  },
  { name: 'set-none', rule: tag('interests', 'hasNone', ['y']) },
  { name: 'implied', rule: tag('email', 'exists', true) },
  { name: 'kv', rule: { and: [tag('campaign', 'eq', 'c1'), tag('score', 'gt', 1.2)] } },
  { name: 'event-count', rule: CUSTOMERS_OF_3 },
  { name: 'event-none', rule: event('order_paid', 'eq', 0, { window: { last: 'P30D' } }) },
  {
    name: 'event-where',
    rule: event('order_paid', 'gte', 1, {
      where: [
        { property: 'category', op: 'eq', value: 'toys' },
        { property: 'due', op: 'exists', value: false },
      ],
    }),
  },
  { name: 'event-sum', rule: event('order_paid', 'gt', 100.25, { measure: { sum: 'amount' } }) },
  { name: 'event-avg', rule: event('order_paid', 'lte', 30.125, { measure: { avg: 'amount' } }) },
  { name: 'event-distinct', rule: event('order_paid', 'eq', 2, { measure: { distinct: 'category' } }) },
  { name: 'event-max', rule: event('order_paid', 'lt', 20, { measure: { max: 'amount' } }) },
  {
    name: 'event-first-time',
    rule: event('visit', 'gte', '2026-03-10T00:00:00Z', { measure: { firstTime: '*' } }),
  },
  {
    name: 'event-calendar-window',
    rule: event('visit', 'gte', 1, { window: { calendar: 'week', offset: -1, timeZone: 'Europe/Berlin' } }),
  },
  {
    name: 'sequence',
    rule: {
      sequence: [
        { event: 'visit', where: [{ property: 'page', op: 'eq', value: '/' }] },
        { event: 'visit' },
        { event: 'order_paid' },
      ],
      within: 'P20D',
    },
  },
  { name: 'list', rule: list('upload') },
  {
    name: 'lists',
    rule: { and: [{ or: [list('upload'), list('partners')] }, { not: list('blocked') }] },
    perNode: true,
  },
  { name: 'lists-at-least', rule: { atLeast: 2, of: [list('upload'), list('partners'), list('blocked')] } },
  { name: 'lists-not-in', rule: { not: list('partners') } },
  {
    name: 'at-least',
    rule: { atLeast: 2, of: [tag('vip', 'eq', true), tag('level', 'gte', 3), CUSTOMERS_OF_3, list('upload')] },
  },
  {
    name: 'mixed',
    rule: {
      and: [
        tag('city', 'in', ['oslo', 'rome']),
        { not: tag('level', 'lt', 3) },
        { or: [CUSTOMERS_OF_3, list('upload'), tag('campaign', 'eq', 'c0')] },
        { not: { and: [tag('os', 'eq', 'ios'), event('visit', 'gte', 1)] } },
      ],
    },
    perNode: true,
  },
  {
    name: 'nested-not',
    rule: {
      not: { or: [{ not: { and: [tag('vip', 'eq', true), { not: list('blocked') }] } }, tag('tier', 'eq', 'gold')] },
    },
    perNode: true,
  },
  {
    name: 'two-windows-one-scan',
    rule: {
      and: [
        event('order_paid', 'gte', 1, { window: { last: 'P7D' } }),
        event('order_paid', 'lte', 2, { window: { from: '2026-02-01T00:00:00Z', to: '2026-03-01T00:00:00Z' } }),
        event('order_paid', 'gt', 10, { measure: { sum: 'amount' } }),
      ],
    },
  },
];
