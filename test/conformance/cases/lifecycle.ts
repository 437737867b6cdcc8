import type { Script } from '../script';
import { ask, event, eventType, kv, message, profile, tag } from './build';

export const LIFECYCLE_CASES: readonly Script[] = [
  {
    name: 'nobody: an engine without users',
    steps: [
      profile('person', { level: 'int', city: 'string', labels: 'set' }),
      kv('loose', { hobby: 'string' }),
      eventType('buy', { amount: 'int' }),
      {
        ask: [
          ask({ all: true }, ''),
          ask({ not: { all: true } }, ''),
          ask(tag('level', 'exists', false), ''),
          ask({ not: tag('level', 'eq', 1) }, ''),
          ask(tag('city', 'matches', 'x'), ''),
          ask(tag('labels', 'hasNone', ['x'], { onMissing: 'include' }), ''),
          ask(tag('hobby', 'eq', 'x'), ''),
          ask(event('buy', 'eq', 0), ''),
          ask({ sequence: [{ event: 'buy' }, { event: 'buy' }] }, ''),
          ask({ atLeast: 1, of: [tag('level', 'eq', 1), event('buy', 'gte', 1)] }, ''),
        ],
      },
      { user: 'a', tags: null },
      { erase: 'a', erased: false },
      { list: 'all', cuids: ['a'], matched: 0, unknown: 1 },
      { ask: [ask({ not: { list: 'all' } }, '')] },
    ],
  },
  {
    name: 'types with no message: everybody lacks a value and did nothing',
    steps: [
      profile('person', { level: 'int' }),
      profile('rare', { unused: 'int', unused_text: 'string', unused_set: 'set' }),
      kv('loose', { hobby: 'string' }),
      eventType('buy', { amount: 'int' }),
      { send: [message('person', 'a', { level: 1 }), message('person', 'b', { level: 2 })] },
      {
        ask: [
          ask(tag('unused', 'eq', 1), '', { missing: { '': 2 } }),
          ask(tag('unused', 'ne', 1), ''),
          ask(tag('unused', 'exists', false), 'a b'),
          ask(tag('unused_text', 'matches', '.', { onMissing: 'include' }), 'a b'),
          ask(tag('unused_set', 'hasNone', ['x']), ''),
          ask({ not: tag('hobby', 'eq', 'x') }, 'a b'),
          ask(event('buy', 'eq', 0), 'a b'),
          ask(event('buy', 'lt', 5, { measure: { sum: 'amount' } }), ''),
          ask(event('buy', 'exists', false, { measure: { lastTime: '*' } }), 'a b'),
        ],
      },
    ],
  },
  {
    name: 'a user is known from the first accepted message, a stale one too, and not from a rejected one',
    steps: [
      profile('person', { level: 'int', city: 'string' }),
      eventType('buy', {}),
      {
        send: [
          message('person', 'cleared', { level: null }),
          message('person', 'bad', { level: 'x' }),
          message('buy', 'buyer', {}),
          message('person', 'late', { city: 'oslo' }, { time: '1970-01-01T00:00:00Z' }),
        ],
        verdicts: ['accepted', 'wrongType', 'accepted', 'accepted'],
      },
      { ask: [ask({ all: true }, 'cleared buyer late'), ask(tag('level', 'exists', false), 'cleared buyer late')] },
      { user: 'cleared', tags: { level: null } },
      { user: 'buyer', tags: {}, rows: { buy: 1 } },
    ],
  },
  {
    name: 'retention: a row older than the last UTC midnight less the retention counts nowhere',
    steps: [
      eventType('buy', { amount: 'int' }, { retentionDays: 2 }),
      eventType('visit', {}),
      {
        send: [
          message('buy', 'expired', {}, { time: '2026-03-12T23:59:59.999Z' }),
          message('buy', 'first', { amount: 1 }, { time: '2026-03-13T00:00:00Z' }),
          message('buy', 'next', { amount: 2 }, { time: '2026-03-14T00:00:00Z' }),
          message('buy', 'next', { amount: 4 }, { time: '2026-03-13T23:59:59.999Z' }),
          message('visit', 'first', {}, { time: '2020-01-01T00:00:00Z' }),
        ],
        verdicts: ['expired', 'accepted', 'accepted', 'accepted', 'accepted'],
      },
      {
        ask: [
          ask({ all: true }, 'first next'),
          ask(event('buy', 'gte', 1), 'first next'),
          ask(event('buy', 'eq', 2), 'next'),
          ask(event('buy', 'gte', 1), 'first', { asOf: '2026-03-13T12:00:00Z' }),
        ],
      },
      { clock: '2026-03-15T23:59:59.999Z' },
      { ask: [ask(event('buy', 'gte', 1), 'first next')] },
      { clock: '2026-03-16T00:00:00Z' },
      {
        ask: [
          ask(event('buy', 'gte', 1), 'next'),
          ask(event('buy', 'eq', 0), 'first'),
          ask(event('buy', 'eq', 2, { measure: { sum: 'amount' } }), 'next'),
          // Whatever the as-of.
          ask(event('buy', 'gte', 1), '', { asOf: '2026-03-13T12:00:00Z' }),
          ask(event('buy', 'exists', true, { measure: { firstTime: '*' } }), 'next'),
          ask(event('visit', 'gte', 1), 'first'),
          ask({ all: true }, 'first next'),
          ask({ sequence: [{ event: 'buy' }, { event: 'buy' }] }, ''),
        ],
      },
      { user: 'first', rows: { buy: 0, visit: 1 } },
      { user: 'next', rows: { buy: 1 } },
      {
        send: [
          message('buy', 'new', {}, { time: '2026-03-13T23:59:59.999Z' }),
          message('buy', 'new', {}, { time: '2026-03-14T00:00:00Z' }),
        ],
        verdicts: ['expired', 'accepted'],
      },
      { clock: '2026-03-20T00:00:00Z' },
      { ask: [ask(event('buy', 'gte', 1), ''), ask(event('buy', 'eq', 0), 'first next new')] },
    ],
  },
  {
    name: 'erasure takes everything, and the cuid comes back as a new user',
    steps: [
      profile('person', { level: 'int', city: 'string', labels: 'set' }),
      kv('loose', { hobby: 'string' }),
      eventType('buy', { amount: 'int' }),
      {
        send: [
          message('person', 'a', { level: 1, city: 'oslo', labels: ['x'] }, { time: '2026-03-15T11:00:00Z' }),
          message('loose', 'a', { hobby: 'chess' }),
          message('buy', 'a', { amount: 5 }, { id: 'm1' }),
          message('person', 'b', { level: 1, city: 'oslo', labels: ['x'] }),
          message('buy', 'b', { amount: 5 }, { id: 'm1' }),
          message('person', 'a', { level: { $inc: 1 } }, { id: 'i1' }),
        ],
      },
      { erase: 'a' },
      { erase: 'a', erased: false },
      { user: 'a', tags: null },
      {
        ask: [
          ask({ all: true }, 'b'),
          ask({ not: tag('level', 'eq', 9) }, 'b'),
          ask(tag('city', 'eq', 'oslo'), 'b'),
          ask(tag('labels', 'hasAny', ['x']), 'b'),
          ask(tag('hobby', 'exists'), ''),
          ask(event('buy', 'gte', 1), 'b'),
          ask(tag('level', 'exists', false), ''),
        ],
      },
      // Repeats of what was sent before the erasure bring nobody back.
      {
        send: [
          message('buy', 'a', { amount: 5 }, { id: 'm1' }),
          message('person', 'a', { level: { $inc: 1 } }, { id: 'i1' }),
        ],
        verdicts: ['duplicate', 'duplicate'],
      },
      { user: 'a', tags: null },
      { ask: [ask({ all: true }, 'b')] },
      // An older time than the erased value's wins, for the new user starts empty.
      { send: [message('person', 'a', { city: 'rome' }, { time: '2026-01-01T00:00:00Z' })] },
      { user: 'a', tags: { city: 'rome' }, rows: { buy: 0 } },
      {
        ask: [
          ask({ all: true }, 'a b'),
          ask(tag('city', 'eq', 'rome'), 'a'),
          ask(tag('level', 'exists', false), 'a'),
          ask(tag('hobby', 'exists', false), 'a b'),
          ask(event('buy', 'eq', 0), 'a'),
        ],
      },
      { erase: 'b' },
      { erase: 'a' },
      { ask: [ask({ all: true }, ''), ask(event('buy', 'eq', 0), ''), ask(tag('city', 'exists', false), '')] },
    ],
  },
  {
    name: 'erased and back several times, in one day',
    steps: [
      profile('person', { level: 'int' }),
      eventType('buy', {}),
      { send: [message('person', 'a', { level: 1 }), message('buy', 'a', {}), message('person', 'z', { level: 0 })] },
      { erase: 'a' },
      { send: [message('person', 'a', { level: 2 }), message('buy', 'a', {})] },
      { erase: 'a' },
      { send: [message('buy', 'a', {}), message('buy', 'a', {})] },
      {
        ask: [
          ask({ all: true }, 'a z'),
          ask(event('buy', 'eq', 2), 'a'),
          ask(tag('level', 'exists', false), 'a'),
          ask(tag('level', 'eq', 0), 'z'),
        ],
      },
    ],
  },
];
