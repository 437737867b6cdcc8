import type { JsonValue } from '@tessera/tag-catalog';
import type { Expression } from './expression';

const IN_BIG_CITIES: JsonValue = { tag: 'city', op: 'in', value: ['beijing', 'shanghai'] };
const VIP: JsonValue = { tag: 'level', op: 'gte', value: 3 };
const BOUGHT_LATELY: JsonValue = { event: 'order_paid', op: 'gte', value: 1, window: { last: 'P30D' } };

/** Examples of each kind of node, for the published schema; the specs bind all of them. */
export const EXPRESSION_EXAMPLES: { readonly [kind in Expression['kind']]: readonly JsonValue[] } = {
  and: [{ and: [IN_BIG_CITIES, { not: VIP }] }],
  or: [{ or: [VIP, BOUGHT_LATELY], id: 'worth_a_call' }],
  not: [{ not: BOUGHT_LATELY }],
  atLeast: [{ atLeast: 2, of: [IN_BIG_CITIES, VIP, BOUGHT_LATELY] }],
  all: [{ all: true }],
  tag: [
    IN_BIG_CITIES,
    { tag: 'level', op: 'lt', value: 3, onMissing: 'include' },
    { tag: 'level', op: 'between', value: [1, 5] },
    { tag: 'name', op: 'matches', value: '^An' },
    { tag: 'birthday', op: 'anniversary', value: { nextDays: 7 } },
    { tag: 'last_seen', op: 'withinLast', value: 'P14D' },
    { tag: 'interests', op: 'hasAny', value: ['music', 'sport'] },
    { tag: 'email', op: 'exists' },
  ],
  event: [
    BOUGHT_LATELY,
    { event: 'order_paid', op: 'eq', value: 0, window: { calendar: 'month', offset: -1, timeZone: 'Asia/Shanghai' } },
    {
      event: 'order_paid',
      where: [{ property: 'category', op: 'eq', value: 'toys' }],
      measure: { sum: 'amount' },
      op: 'gt',
      value: { param: 'minimum_spend' },
    },
    { event: 'order_paid', measure: { lastTime: '*' }, op: 'before', value: '2026-01-01T00:00:00Z' },
  ],
  sequence: [
    {
      sequence: [{ event: 'visit' }, { event: 'order_paid', where: [{ property: 'amount', op: 'gte', value: 100 }] }],
      within: 'P2D',
      window: { last: 'P30D' },
    },
  ],
  audience: [
    { audience: 'vip' },
    { audience: 'vip', version: 3, mode: 'live', params: { minimum_spend: 500 } },
    { audience: 'vip', mode: 'snapshot' },
  ],
  list: [{ list: 'upload_20261101' }],
};
