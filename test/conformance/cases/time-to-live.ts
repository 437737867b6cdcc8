import type { Script } from '../script';
import { ask, kv, message, profile, tag } from './build';

export const TIME_TO_LIVE_CASES: readonly Script[] = [
  {
    name: 'a value of time t has no value when t + TTL ≤ as-of',
    steps: [
      profile('person', { mood: { valueType: 'string', ttl: 'P1D' }, city: 'string' }),
      kv('loose', { intent: { valueType: 'int', ttl: 'PT0.5S' } }),
      {
        send: [
          message('person', 'a', { mood: 'good', city: 'oslo' }, { time: '2026-03-15T10:00:00Z' }),
          message('person', 'b', { mood: 'bad' }, { time: '2026-03-15T10:00:00.001Z' }),
          message('person', 'c', { city: 'rome' }),
          message('loose', 'a', { intent: 5 }, { time: '2026-03-15T10:00:00Z' }),
        ],
      },
      {
        ask: [
          ask(tag('mood', 'exists'), 'a b', { asOf: '2026-03-16T09:59:59.999Z', missing: { '': 1 } }),
          ask(tag('mood', 'exists'), 'b', { asOf: '2026-03-16T10:00:00Z', missing: { '': 2 } }),
          ask(tag('mood', 'exists'), '', { asOf: '2026-03-16T10:00:00.001Z', missing: { '': 3 } }),
          ask(tag('mood', 'exists', false), 'a c', { asOf: '2026-03-16T10:00:00Z' }),
          ask(tag('mood', 'eq', 'good'), 'a', { asOf: '2026-03-16T09:59:59.999Z' }),
          ask(tag('mood', 'eq', 'good'), '', { asOf: '2026-03-16T10:00:00Z' }),
          ask(tag('mood', 'ne', 'good'), 'b', { asOf: '2026-03-16T10:00:00Z' }),
          ask(tag('mood', 'ne', 'good', { onMissing: 'include' }), 'a b c', { asOf: '2026-03-16T10:00:00Z' }),
          ask({ not: tag('mood', 'eq', 'good') }, 'a b c', { asOf: '2026-03-16T10:00:00Z' }),
          // As-of is no time travel: long before its time the value is there all the same.
          ask(tag('mood', 'exists'), 'a b', { asOf: '2000-01-01T00:00:00Z' }),
          ask(tag('city', 'exists'), 'a c', { asOf: '2099-01-01T00:00:00Z' }),
          ask(tag('intent', 'eq', 5), 'a', { asOf: '2026-03-15T10:00:00.499Z' }),
          ask(tag('intent', 'eq', 5), '', { asOf: '2026-03-15T10:00:00.500Z' }),
          ask(tag('intent', 'exists', false), 'a b c', { asOf: '2026-03-15T10:00:00.500Z' }),
        ],
      },
    ],
  },
  {
    name: 'only increments do not expire; increments do not renew; a clear is a write with a time',
    steps: [
      profile('person', { points: { valueType: 'int', ttl: 'P1D' }, labels: { valueType: 'set', ttl: 'P1D' } }),
      {
        send: [
          message('person', 'only', { points: { $inc: 5 }, labels: { $add: ['x'] } }, { time: '2026-03-01T00:00:00Z' }),
          message('person', 'plain', { points: 5, labels: ['x'] }, { time: '2026-03-14T00:00:00Z' }),
          message(
            'person',
            'plain',
            { points: { $inc: 1 }, labels: { $add: ['y'] } },
            { time: '2026-03-15T00:00:00Z' },
          ),
          message('person', 'cleared', { points: null }, { time: '2026-03-14T00:00:00Z' }),
          message('person', 'cleared', { points: { $inc: 2 } }, { time: '2026-03-15T00:00:00Z' }),
        ],
      },
      { user: 'plain', tags: { points: 6, labels: ['x', 'y'] }, times: { points: '2026-03-14T00:00:00Z' } },
      {
        ask: [
          ask(tag('points', 'exists'), 'only plain cleared', { asOf: '2026-03-14T23:59:59.999Z' }),
          ask(tag('points', 'exists'), 'only', { asOf: '2026-03-15T00:00:00Z' }),
          ask(tag('points', 'eq', 5), 'only', { asOf: '2099-01-01T00:00:00Z' }),
          ask(tag('labels', 'hasAny', ['x']), 'only plain', { asOf: '2026-03-14T23:59:59.999Z' }),
          ask(tag('labels', 'hasAny', ['x']), 'only', { asOf: '2026-03-15T00:00:00Z' }),
          ask(tag('points', 'eq', 6), 'plain', { asOf: '2026-03-14T12:00:00Z' }),
        ],
      },
      // The expired value is still what an increment adds to: as-of before its end shows it.
      { send: [message('person', 'plain', { points: { $inc: 4 } }, { time: '2026-03-15T12:00:00Z' })] },
      {
        ask: [
          ask(tag('points', 'eq', 10), 'plain', { asOf: '2026-03-14T12:00:00Z' }),
          ask(tag('points', 'eq', 10), '', { asOf: '2026-03-15T12:00:00Z' }),
        ],
      },
      { send: [message('person', 'plain', { points: 1 }, { time: '2026-03-15T06:00:00Z' })] },
      {
        ask: [
          ask(tag('points', 'eq', 1), 'plain', { asOf: '2026-03-16T05:59:59.999Z' }),
          ask(tag('points', 'eq', 1), '', { asOf: '2026-03-16T06:00:00Z' }),
        ],
      },
    ],
  },
  {
    name: 'a later plain write starts the time to live anew, a stale one does not',
    steps: [
      profile('person', { mood: { valueType: 'bool', ttl: 'PT1H' } }),
      {
        send: [
          message('person', 'a', { mood: true }, { time: '2026-03-15T10:00:00Z' }),
          message('person', 'a', { mood: true }, { time: '2026-03-15T10:30:00Z' }),
          message('person', 'a', { mood: false }, { time: '2026-03-15T10:15:00Z' }),
        ],
        verdicts: ['accepted', 'accepted', 'stale'],
      },
      {
        ask: [
          ask(tag('mood', 'eq', true), 'a', { asOf: '2026-03-15T11:29:59.999Z' }),
          ask(tag('mood', 'eq', true), '', { asOf: '2026-03-15T11:30:00Z' }),
          ask(tag('mood', 'eq', true), ''),
        ],
      },
    ],
  },
];
