import type { JsonValue } from '@tessera/tag-catalog';
import type { Script } from '../script';
import { ask, eventType, message } from './build';

const AT = (minutes: number, ms = 0): { time: string } => ({
  time: new Date(Date.UTC(2026, 2, 15, 10, minutes, 0, ms)).toISOString(),
});
const TYPES = [
  eventType('view', { page: 'string' }),
  eventType('cart', { amount: 'int' }),
  eventType('pay', { amount: 'int' }),
];

function steps(...events: readonly (string | JsonValue)[]): JsonValue {
  return events.map((step) => (typeof step === 'string' ? { event: step } : step));
}

function where(event: string, property: string, op: string, value: JsonValue): JsonValue {
  return { event, where: [{ property, op, value }] };
}

export const SEQUENCE_CASES: readonly Script[] = [
  {
    name: 'steps in strictly increasing time, of several event types',
    steps: [
      ...TYPES,
      {
        send: [
          message('view', 'yes', {}, AT(0)),
          message('cart', 'yes', {}, AT(1)),
          message('pay', 'yes', {}, AT(2)),
          message('pay', 'backwards', {}, AT(0)),
          message('cart', 'backwards', {}, AT(1)),
          message('view', 'backwards', {}, AT(2)),
          message('view', 'tie', {}, AT(0)),
          message('cart', 'tie', {}, AT(0)),
          message('pay', 'tie', {}, AT(1)),
          message('view', 'close', {}, AT(0)),
          message('cart', 'close', {}, AT(0, 1)),
          message('pay', 'close', {}, AT(0, 2)),
          message('pay', 'between', {}, AT(1)),
          message('view', 'between', {}, AT(0)),
          message('cart', 'between', {}, AT(2)),
          message('pay', 'between', {}, AT(3)),
          message('view', 'short', {}, AT(0)),
          message('pay', 'short', {}, AT(2)),
        ],
      },
      {
        ask: [
          ask({ sequence: steps('view', 'cart', 'pay') }, 'yes close between'),
          ask({ sequence: steps('view', 'cart') }, 'yes close between'),
          ask({ sequence: steps('cart', 'pay') }, 'yes tie close between'),
          ask({ sequence: steps('view', 'pay') }, 'yes tie close between short'),
          ask({ sequence: steps('pay', 'view') }, 'backwards'),
          ask({ sequence: steps('pay', 'cart', 'pay') }, 'between'),
          ask({ not: { sequence: steps('view', 'cart', 'pay') } }, 'backwards tie short'),
          ask({ sequence: steps('view', 'cart', 'pay') }, '', { asOf: '2026-03-15T10:00:00.001Z' }),
          ask({ sequence: steps('view', 'cart', 'pay') }, 'close', { asOf: '2026-03-15T10:00:00.002Z' }),
          ask({ sequence: steps('view', 'cart', 'pay') }, 'yes close', { asOf: '2026-03-15T10:02:00Z' }),
        ],
      },
    ],
  },
  {
    name: 'one row serves one step: the same event twice takes two rows at two times',
    steps: [
      ...TYPES,
      {
        send: [
          message('pay', 'once', { amount: 10 }, AT(0)),
          message('pay', 'same', { amount: 10 }, AT(0)),
          message('pay', 'same', { amount: 10 }, AT(0)),
          message('pay', 'twice', { amount: 10 }, AT(0)),
          message('pay', 'twice', { amount: 10 }, AT(1)),
          message('pay', 'rising', { amount: 1 }, AT(0)),
          message('pay', 'rising', { amount: 10 }, AT(1)),
          message('pay', 'falling', { amount: 10 }, AT(0)),
          message('pay', 'falling', { amount: 1 }, AT(1)),
          message('pay', 'thrice', { amount: 10 }, AT(0)),
          message('pay', 'thrice', { amount: 1 }, AT(1)),
          message('pay', 'thrice', { amount: 10 }, AT(2)),
          message('pay', 'empty', {}, AT(0)),
          message('pay', 'empty', {}, AT(1)),
        ],
      },
      {
        ask: [
          ask({ sequence: steps('pay', 'pay') }, 'twice rising falling thrice empty'),
          ask({ sequence: steps('pay', 'pay', 'pay') }, 'thrice'),
          ask(
            { sequence: steps(where('pay', 'amount', 'gt', 0), where('pay', 'amount', 'gt', 5)) },
            'twice rising thrice',
          ),
          ask({ sequence: steps(where('pay', 'amount', 'gt', 5), where('pay', 'amount', 'lt', 5)) }, 'falling thrice'),
          ask({ sequence: steps(where('pay', 'amount', 'gt', 5), where('pay', 'amount', 'gt', 5)) }, 'twice thrice'),
          ask({ sequence: steps(where('pay', 'amount', 'exists', false), 'pay') }, 'empty'),
        ],
      },
    ],
  },
  {
    name: 'within: last − first ≤ limit, to the millisecond, by any choice of rows',
    steps: [
      ...TYPES,
      {
        send: [
          message('view', 'exact', {}, AT(0)),
          message('pay', 'exact', {}, AT(5)),
          message('view', 'over', {}, AT(0)),
          message('pay', 'over', {}, AT(5, 1)),
          // The first view is too early, the second is not.
          message('view', 'second', {}, AT(0)),
          message('view', 'second', {}, AT(4)),
          message('pay', 'second', {}, AT(9)),
          // The first chain breaks off, a later one holds.
          message('view', 'restart', {}, AT(0)),
          message('cart', 'restart', {}, AT(1)),
          message('view', 'restart', {}, AT(6)),
          message('cart', 'restart', {}, AT(7)),
          message('pay', 'restart', {}, AT(11)),
          // A cart between an old view and the pay, none after the new view.
          message('view', 'crossed', {}, AT(0)),
          message('cart', 'crossed', {}, AT(5)),
          message('view', 'crossed', {}, AT(6)),
          message('pay', 'crossed', {}, AT(7)),
        ],
      },
      {
        ask: [
          ask({ sequence: steps('view', 'pay'), within: 'PT5M' }, 'exact second restart crossed'),
          ask({ sequence: steps('view', 'pay'), within: 'PT5M0.001S' }, 'exact over second restart crossed'),
          ask({ sequence: steps('view', 'pay'), within: 'PT4M59.999S' }, 'crossed'),
          ask({ sequence: steps('view', 'cart', 'pay'), within: 'PT5M' }, 'restart'),
          ask({ sequence: steps('view', 'cart', 'pay'), within: 'PT4M59.999S' }, ''),
          ask({ sequence: steps('view', 'cart', 'pay'), within: 'PT7M' }, 'restart crossed'),
          ask({ sequence: steps('view', 'cart', 'pay'), within: 'PT6M59.999S' }, 'restart'),
        ],
      },
    ],
  },
  {
    name: 'the last row lies in the window, earlier ones may lie before it',
    steps: [
      ...TYPES,
      {
        send: [
          message('view', 'before', {}, { time: '2026-03-01T00:00:00Z' }),
          message('pay', 'before', {}, { time: '2026-03-14T00:00:00Z' }),
          message('view', 'early', {}, { time: '2026-03-01T00:00:00Z' }),
          message('pay', 'early', {}, { time: '2026-03-13T23:59:59.999Z' }),
          message('view', 'both', {}, { time: '2026-03-01T00:00:00Z' }),
          message('pay', 'both', {}, { time: '2026-03-02T00:00:00Z' }),
          message('pay', 'both', {}, { time: '2026-03-14T12:00:00Z' }),
          message('pay', 'order', {}, { time: '2026-03-14T00:00:00Z' }),
          message('view', 'order', {}, { time: '2026-03-14T01:00:00Z' }),
          message('view', 'future', {}, { time: '2026-03-14T01:00:00Z' }),
          message('pay', 'future', {}, { time: '2026-03-15T12:00:00.001Z' }),
        ],
      },
      {
        ask: [
          ask({ sequence: steps('view', 'pay') }, 'before early both'),
          ask({ sequence: steps('view', 'pay'), window: { from: '2026-03-14T00:00:00Z' } }, 'before both'),
          ask(
            { sequence: steps('view', 'pay'), window: { from: '2026-03-14T00:00:00Z', to: '2026-03-14T12:00:00Z' } },
            'before',
          ),
          ask({ sequence: steps('view', 'pay'), window: { from: '2026-03-14T00:00:00.001Z' } }, 'both'),
          ask({ sequence: steps('view', 'pay'), window: { calendar: 'day', offset: -1 } }, 'before both'),
          ask({ sequence: steps('view', 'pay'), window: { to: '2026-03-14T00:00:00Z' } }, 'early both'),
          ask({ sequence: steps('view', 'pay'), window: { last: 'P2D' }, within: 'P13D' }, 'before early'),
          ask({ sequence: steps('view', 'pay'), window: { last: 'P2D' }, within: 'P14D' }, 'before early both'),
          ask({ sequence: steps('view', 'pay'), window: { last: 'P2D' }, within: 'P12D' }, ''),
          ask({ sequence: steps('view', 'pay'), window: { last: 'P2D' } }, 'before early both future', {
            asOf: '2026-03-15T12:00:00.001Z',
          }),
          ask({ sequence: steps('view', 'pay'), window: { from: '2026-03-20T00:00:00Z' } }, ''),
        ],
      },
    ],
  },
  {
    name: 'ten steps',
    steps: [
      ...TYPES,
      {
        send: [
          ...Array.from({ length: 10 }, (_, minute) => message('view', 'ten', { page: `p${minute}` }, AT(minute))),
          ...Array.from({ length: 9 }, (_, minute) => message('view', 'nine', { page: `p${minute}` }, AT(minute))),
        ].reverse(),
      },
      {
        ask: [
          ask({ sequence: Array.from({ length: 10 }, () => ({ event: 'view' })) }, 'ten'),
          ask({ sequence: Array.from({ length: 9 }, () => ({ event: 'view' })) }, 'ten nine'),
          ask(
            {
              sequence: Array.from({ length: 10 }, (_, step) => where('view', 'page', 'eq', `p${step}`)),
              within: 'PT9M',
            },
            'ten',
          ),
          ask(
            {
              sequence: Array.from({ length: 10 }, (_, step) => where('view', 'page', 'eq', `p${step}`)),
              within: 'PT8M59.999S',
            },
            '',
          ),
        ],
      },
    ],
  },
];
