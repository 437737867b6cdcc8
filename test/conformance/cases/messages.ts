import type { Script } from '../script';
import { ask, event, eventType, kv, message, profile, tag } from './build';

const T = (seconds: number): { time: string } => ({ time: `2026-03-15T11:00:${String(seconds).padStart(2, '0')}Z` });

export const MESSAGE_CASES: readonly Script[] = [
  {
    name: 'the newest time wins, each field by itself, inside a batch and across batches',
    steps: [
      profile('person', { city: 'string', level: 'int', labels: 'set' }),
      {
        send: [
          message('person', 'a', { city: 'oslo', level: 1 }, T(10)),
          message('person', 'a', { city: 'rome' }, T(20)),
          message('person', 'a', { city: 'late', level: 2 }, T(15)),
          message('person', 'a', { city: 'later', level: 0 }, T(5)),
          message('person', 'a', { labels: ['x'] }, T(1)),
        ],
        verdicts: ['accepted', 'accepted', 'accepted', 'stale', 'accepted'],
      },
      {
        user: 'a',
        tags: { city: 'rome', level: 2, labels: ['x'] },
        times: { city: '2026-03-15T11:00:20Z', level: '2026-03-15T11:00:15Z' },
      },
      {
        ask: [ask(tag('city', 'eq', 'rome'), 'a'), ask(tag('city', 'eq', 'oslo'), ''), ask(tag('level', 'eq', 2), 'a')],
      },
      {
        send: [message('person', 'a', { city: 'oslo', level: 9, labels: [] }, T(15))],
        verdicts: ['accepted'],
      },
      { user: 'a', tags: { city: 'rome', level: 9, labels: [] } },
      {
        ask: [
          ask(tag('city', 'eq', 'rome'), 'a'),
          ask(tag('level', 'eq', 9), 'a'),
          ask(tag('labels', 'hasNone', ['x']), 'a'),
          ask(tag('labels', 'exists'), 'a'),
        ],
      },
    ],
  },
  {
    name: 'at equal times the later arrival wins',
    steps: [
      profile('person', { city: 'string' }),
      {
        send: [
          message('person', 'a', { city: 'oslo' }, T(10)),
          message('person', 'a', { city: 'rome' }, T(10)),
          message('person', 'b', { city: 'oslo' }, T(10)),
          message('person', 'b', { city: null }, T(10)),
          message('person', 'c', { city: null }, T(10)),
          message('person', 'c', { city: 'oslo' }, T(10)),
        ],
      },
      {
        send: [message('person', 'a', { city: 'bonn' }, { time: '2026-03-15T12:00:10+01:00' })],
        verdicts: ['accepted'],
      },
      {
        ask: [
          ask(tag('city', 'eq', 'bonn'), 'a'),
          ask(tag('city', 'eq', 'oslo'), 'c'),
          ask(tag('city', 'exists', false), 'b'),
        ],
      },
    ],
  },
  {
    name: 'null clears like any other write, and an earlier value does not come back',
    steps: [
      profile('person', { city: 'string', level: 'int' }),
      kv('loose', { hobby: 'string' }),
      {
        send: [
          message('person', 'a', { city: 'oslo', level: 1 }, T(10)),
          message('loose', 'a', { hobby: 'chess' }, T(10)),
          message('person', 'b', { city: null }, T(30)),
        ],
      },
      {
        send: [
          message('person', 'a', { city: null }, T(20)),
          message('person', 'a', { city: 'late' }, T(15)),
          message('person', 'a', { level: null }, T(9)),
          message('loose', 'a', { hobby: null }, T(11)),
          message('loose', 'a', { hobby: 'go' }, T(10)),
          message('person', 'b', { city: 'late' }, T(29)),
        ],
        verdicts: ['accepted', 'stale', 'stale', 'accepted', 'stale', 'stale'],
      },
      { user: 'a', tags: { city: null, level: 1, hobby: null }, times: { city: '2026-03-15T11:00:20Z' } },
      { user: 'b', tags: { city: null } },
      {
        ask: [
          ask(tag('city', 'exists', false), 'a b'),
          ask(tag('hobby', 'exists'), ''),
          ask(tag('city', 'ne', 'oslo'), ''),
          ask(tag('city', 'ne', 'oslo', { onMissing: 'include' }), 'a b'),
          ask(tag('level', 'eq', 1), 'a'),
        ],
      },
      { send: [message('person', 'b', { city: 'new' }, T(30))], verdicts: ['accepted'] },
      { ask: [ask(tag('city', 'eq', 'new'), 'b'), ask(tag('city', 'exists', false), 'a')] },
    ],
  },
  {
    name: 'one bad field refuses the whole message, which leaves no trace',
    steps: [
      profile('person', { city: 'string', level: 'int' }),
      eventType('buy', { amount: 'int' }),
      {
        send: [
          message('person', 'a', { city: 'oslo', level: 'x' }),
          message('person', 'a', { city: 'oslo', unknown: 1 }),
          message('person', 'a', {}),
          message('nothing', 'a', { city: 'oslo' }),
          message('buy', 'a', { amount: 1.5 }, { id: 'm1' }),
          message('person', '', { city: 'oslo' }),
          message('person', 'ü'.repeat(65), { city: 'oslo' }),
          message('person', 'ü'.repeat(64), { city: 'oslo' }),
          message('person', 'a', { city: 'oslo' }, { time: '1969-12-31T23:59:59.999Z' }),
          message('person', 'a', { city: 'oslo' }, { time: '2026-03-16T12:00:00.001Z' }),
          message('person', 'b', { city: 'oslo' }, { time: '2026-03-16T12:00:00Z' }),
          message('person', 'c', { city: 'oslo' }, { time: '1970-01-01T00:00:00Z' }),
          message('buy', 'd', {}, { id: '' }),
          message('buy', 'd', {}, { id: 'x'.repeat(129) }),
          message('buy', 'e', { amount: 2 }, { id: 'm1' }),
        ],
        verdicts: [
          'wrongType',
          'unknownField',
          'emptyBody',
          'unknownType',
          'notInteger',
          'invalidCuid',
          'invalidCuid',
          'accepted',
          'timeTooEarly',
          'timeInFuture',
          'accepted',
          'accepted',
          'invalidId',
          'invalidId',
          'accepted',
        ],
      },
      { send: [message('buy', 'a', { amount: 1 }, { id: 'm1' })], verdicts: ['accepted'] },
      { ask: [ask({ all: true }, ['a', 'b', 'c', 'e', 'ü'.repeat(64)]), ask(event('buy', 'eq', 1), 'a e')] },
    ],
  },
  {
    name: 'cuids are bytes: case, spaces and composed forms make different users',
    steps: [
      profile('person', { level: 'int' }),
      {
        send: ['a', 'A', ' a', 'a ', '\u00e9', 'e\u0301', '__proto__', 'constructor', '\u{1f600}', '0', '00'].map(
          (cuid, level) => message('person', cuid, { level }),
        ),
      },
      {
        ask: [
          ask(tag('level', 'lt', 4), ['a', 'A', ' a', 'a ']),
          ask(tag('level', 'between', [4, 7]), ['\u00e9', 'e\u0301', '__proto__', 'constructor']),
          ask(tag('level', 'gt', 7), ['\u{1f600}', '0', '00']),
        ],
      },
    ],
  },
  {
    name: 'an event with a remembered id is a duplicate, per type and cuid',
    steps: [
      eventType('buy', { amount: 'int' }),
      eventType('visit', {}),
      profile('person', { level: 'int' }),
      {
        send: [
          message('buy', 'a', { amount: 1 }, { id: 'x' }),
          message('buy', 'a', { amount: 2 }, { id: 'x' }),
          message('buy', 'b', { amount: 3 }, { id: 'x' }),
          message('visit', 'a', {}, { id: 'x' }),
          message('buy', 'a', { amount: 4 }, { id: 'y' }),
          message('buy', 'a', { amount: 5 }),
          message('buy', 'a', { amount: 5 }),
        ],
        verdicts: ['accepted', 'duplicate', 'accepted', 'accepted', 'accepted', 'accepted', 'accepted'],
      },
      {
        send: [message('buy', 'a', { amount: 7 }, { id: 'y', time: '2026-03-01T00:00:00Z' })],
        verdicts: ['duplicate'],
      },
      // Plain writes are not checked, not even against their own repeats.
      {
        send: [
          message('person', 'a', { level: 1 }, { id: 'p' }),
          message('person', 'a', { level: 2 }, { id: 'p' }),
          message('person', 'a', { level: { $inc: 5 } }, { id: 'p' }),
          message('person', 'a', { level: { $inc: 5 } }, { id: 'p' }),
        ],
        verdicts: ['accepted', 'accepted', 'accepted', 'duplicate'],
      },
      {
        ask: [
          ask(event('buy', 'eq', 4), 'a'),
          ask(event('buy', 'eq', 1), 'b'),
          ask(event('buy', 'eq', 15, { measure: { sum: 'amount' } }), 'a'),
          ask(event('visit', 'eq', 1), 'a'),
          ask(tag('level', 'eq', 7), 'a'),
        ],
      },
    ],
  },
  {
    name: 'an id is remembered 7 days from arrival, whatever the time of the message',
    steps: [
      eventType('buy', {}),
      { clock: '2026-03-01T00:00:00Z' },
      { send: [message('buy', 'a', {}, { id: 'x', time: '2026-01-01T00:00:00Z' })] },
      { clock: '2026-03-07T23:59:59.999Z' },
      { send: [message('buy', 'a', {}, { id: 'x' })], verdicts: ['duplicate'] },
      { clock: '2026-03-08T00:00:00.001Z' },
      { send: [message('buy', 'a', {}, { id: 'x', time: '2026-01-01T00:00:00Z' })], verdicts: ['accepted'] },
      { ask: [ask(event('buy', 'eq', 2), 'a')] },
      // Remembered anew from here on.
      { clock: '2026-03-14T00:00:00Z' },
      { send: [message('buy', 'a', {}, { id: 'x' })], verdicts: ['duplicate'] },
      { ask: [ask(event('buy', 'eq', 2), 'a')] },
    ],
  },
  {
    name: 'batches of a source are applied once',
    steps: [
      profile('person', { level: 'int' }),
      eventType('buy', {}),
      {
        send: [message('person', 'a', { level: { $inc: 1 } }), message('buy', 'a', {})],
        source: { source: 's1', position: 5 },
      },
      {
        send: [message('person', 'a', { level: { $inc: 1 } }), message('buy', 'a', {})],
        source: { source: 's1', position: 5 },
        verdicts: ['duplicate', 'duplicate'],
      },
      { send: [message('person', 'b', { level: 1 })], source: { source: 's1', position: 4 }, verdicts: ['duplicate'] },
      { send: [message('person', 'a', { level: { $inc: 1 } })], source: { source: 's2', position: 1 } },
      { ask: [ask(tag('level', 'eq', 2), 'a'), ask({ all: true }, 'a'), ask(event('buy', 'eq', 1), 'a')] },
      { send: [message('person', 'a', { level: { $inc: 1 } })], source: { source: 's1', position: 9 } },
      {
        send: [message('person', 'a', { level: { $inc: 1 } })],
        source: { source: 's1', position: 6 },
        verdicts: ['duplicate'],
      },
      { ask: [ask(tag('level', 'eq', 3), 'a')] },
    ],
  },
  {
    name: 'types that declare fields by themselves',
    steps: [
      { declare: { name: 'person', kind: 'profile', autoDeclare: true, tags: [] } },
      { declare: { name: 'buy', kind: 'event', autoDeclare: true, properties: [] } },
      {
        send: [
          message('person', 'a', { flag: true, score: 1.5, city: 'oslo', labels: ['x'] }),
          message('person', 'b', { score: -0.25 }),
          message('person', 'c', { score: 'high' }),
          message('person', 'd', { Bad: 1 }),
          message('buy', 'a', { amount: 2.5, sku: 'k1' }),
        ],
        verdicts: ['accepted', 'accepted', 'wrongType', 'invalidName', 'accepted'],
      },
      {
        ask: [
          ask(tag('flag', 'eq', true), 'a'),
          ask(tag('score', 'lt', 0), 'b'),
          ask(tag('labels', 'hasAny', ['x']), 'a'),
          ask(event('buy', 'eq', 2.5, { measure: { sum: 'amount' } }), 'a'),
          ask({ all: true }, 'a b'),
        ],
      },
    ],
  },
];
