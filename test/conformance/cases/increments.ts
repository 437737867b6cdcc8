import type { Script } from '../script';
import { ask, message, profile, tag } from './build';

const T = (seconds: number): { time: string } => ({ time: `2026-03-15T11:00:${String(seconds).padStart(2, '0')}Z` });
const INT_MAX = 9_007_199_254_740_991;

export const INCREMENT_CASES: readonly Script[] = [
  {
    name: '$inc adds to a value, to nothing, and does not move the time',
    steps: [
      profile('person', { points: 'int', money: { valueType: 'decimal', scale: 2 } }),
      {
        send: [
          message('person', 'a', { points: 10 }, T(10)),
          message('person', 'a', { points: { $inc: 5 } }, T(10)),
          message('person', 'a', { points: { $inc: -3 } }, T(30)),
          message('person', 'b', { points: { $inc: 7 } }, T(20)),
          message('person', 'b', { points: { $inc: 1 } }, T(1)),
          message('person', 'c', { money: { $inc: 0.1 } }, T(20)),
          message('person', 'c', { money: { $inc: 0.2 } }, T(20)),
          message('person', 'd', { points: { $inc: 0 } }, T(20)),
          message('person', 'e', { points: { $inc: 1.5 } }, T(20)),
          message('person', 'e', { money: { $inc: 0.001 } }, T(20)),
        ],
        verdicts: [
          'accepted',
          'accepted',
          'accepted',
          'accepted',
          'accepted',
          'accepted',
          'accepted',
          'accepted',
          'notInteger',
          'tooManyDigits',
        ],
      },
      { user: 'a', tags: { points: 12 }, times: { points: '2026-03-15T11:00:10Z' } },
      { user: 'b', tags: { points: 8 }, times: { points: null } },
      { user: 'e', tags: null },
      {
        ask: [
          ask(tag('points', 'eq', 12), 'a'),
          ask(tag('points', 'eq', 8), 'b'),
          ask(tag('money', 'eq', 0.3), 'c'),
          ask(tag('points', 'eq', 0), 'd'),
          ask(tag('points', 'exists', false), 'c'),
        ],
      },
    ],
  },
  {
    name: 'a plain write drops the increments so far, a late one is stale, an earlier increment is void',
    steps: [
      profile('person', { points: 'int' }),
      {
        send: [
          message('person', 'a', { points: { $inc: 100 } }, T(40)),
          message('person', 'a', { points: 1 }, T(20)),
          message('person', 'a', { points: { $inc: 2 } }, T(20)),
          message('person', 'a', { points: { $inc: 50 } }, T(19)),
          message('person', 'a', { points: { $inc: 4 } }, T(30)),
          message('person', 'a', { points: 1000 }, T(10)),
        ],
        // The first plain write comes after increments with a later time: it replaces them all the same.
        verdicts: ['accepted', 'accepted', 'accepted', 'stale', 'accepted', 'stale'],
      },
      { user: 'a', tags: { points: 7 }, times: { points: '2026-03-15T11:00:20Z' } },
      { ask: [ask(tag('points', 'eq', 7), 'a')] },
      { send: [message('person', 'a', { points: 50 }, T(20))], verdicts: ['accepted'] },
      { ask: [ask(tag('points', 'eq', 50), 'a')] },
      { send: [message('person', 'a', { points: { $inc: 1 } }, T(20)), message('person', 'a', { points: 50 }, T(20))] },
      { ask: [ask(tag('points', 'eq', 50), 'a')] },
    ],
  },
  {
    name: 'increments after a clear start from nothing, earlier ones stay void',
    steps: [
      profile('person', { points: 'int', labels: 'set' }),
      {
        send: [
          message('person', 'a', { points: 10, labels: ['x'] }, T(10)),
          message('person', 'a', { points: null, labels: null }, T(20)),
          message('person', 'a', { points: { $inc: 3 } }, T(19)),
          message('person', 'a', { labels: { $add: ['y'] } }, T(19)),
        ],
        verdicts: ['accepted', 'accepted', 'stale', 'stale'],
      },
      { user: 'a', tags: { points: null, labels: null } },
      { ask: [ask(tag('points', 'exists', false), 'a'), ask(tag('labels', 'exists', false), 'a')] },
      { send: [message('person', 'a', { points: { $inc: 3 }, labels: { $add: ['y'] } }, T(20))] },
      { user: 'a', tags: { points: 3, labels: ['y'] }, times: { points: '2026-03-15T11:00:20Z' } },
      { ask: [ask(tag('points', 'eq', 3), 'a'), ask(tag('labels', 'hasAll', ['y']), 'a')] },
    ],
  },
  {
    name: 'results outside the range refuse the message, all of it, and its id is not remembered',
    steps: [
      profile('person', { points: 'int', money: { valueType: 'decimal', scale: 2 }, city: 'string' }),
      {
        send: [
          message('person', 'a', { points: INT_MAX, money: 9_999_999_999_999.99 }, T(1)),
          message('person', 'a', { points: { $inc: 1 }, city: 'oslo' }, { ...T(2), id: 'i1' }),
          message('person', 'a', { money: { $inc: 0.01 } }, { ...T(2), id: 'i1' }),
          message('person', 'a', { points: { $inc: -1 } }, { ...T(2), id: 'i1' }),
          message('person', 'a', { points: { $inc: 1 } }, { ...T(2), id: 'i2' }),
          message('person', 'a', { points: { $inc: 1 } }, { ...T(0), id: 'i3' }),
          message('person', 'b', { points: -INT_MAX }, T(1)),
          message('person', 'b', { points: { $inc: -1 } }, T(2)),
          message('person', 'b', { points: { $inc: INT_MAX } }, T(2)),
          message('person', 'b', { points: { $inc: INT_MAX } }, T(2)),
          message('person', 'c', { money: { $inc: 9_999_999_999_999.99 } }, T(2)),
          message('person', 'c', { money: { $inc: 9_999_999_999_999.99 } }, T(2)),
        ],
        verdicts: [
          'accepted',
          'outOfRange',
          'outOfRange',
          'accepted',
          'accepted',
          'stale',
          'accepted',
          'outOfRange',
          'accepted',
          'accepted',
          'accepted',
          'outOfRange',
        ],
      },
      { user: 'a', tags: { points: INT_MAX, money: 9_999_999_999_999.99 } },
      {
        ask: [
          ask(tag('points', 'eq', INT_MAX), 'a b'),
          ask(tag('money', 'eq', 9_999_999_999_999.99), 'a c'),
          ask(tag('city', 'exists', false), 'a b c'),
        ],
      },
    ],
  },
  {
    name: '$add and $remove, the empty set they leave, and the limit of 1,000',
    steps: [
      profile('person', { labels: 'set' }),
      {
        send: [
          message('person', 'a', { labels: ['x', 'y'] }, T(10)),
          message('person', 'a', { labels: { $add: ['z', 'x'] } }, T(10)),
          message('person', 'a', { labels: { $remove: ['y', 'q'] } }, T(11)),
          message('person', 'a', { labels: { $add: ['late'] } }, T(9)),
          message('person', 'b', { labels: { $remove: ['x'] } }, T(10)),
          message('person', 'c', { labels: ['x'] }, T(10)),
          message('person', 'c', { labels: { $remove: ['x'] } }, T(10)),
          message('person', 'd', { labels: Array.from({ length: 1_000 }, (_, index) => `v${index}`) }, T(10)),
          message('person', 'd', { labels: { $add: ['v1'] } }, T(10)),
          message('person', 'd', { labels: { $add: ['one more'] } }, T(10)),
          message('person', 'e', { labels: { $add: ['x'] } }, T(20)),
          message('person', 'e', { labels: { $remove: ['x'] } }, T(10)),
          message('person', 'e', { labels: { $add: ['y'] } }, T(5)),
        ],
        verdicts: [
          'accepted',
          'accepted',
          'accepted',
          'stale',
          'accepted',
          'accepted',
          'accepted',
          'accepted',
          'accepted',
          'outOfRange',
          'accepted',
          'accepted',
          'accepted',
        ],
      },
      { user: 'a', tags: { labels: ['x', 'z'] } },
      { user: 'b', tags: { labels: [] }, times: { labels: null } },
      { user: 'e', tags: { labels: ['y'] } },
      {
        ask: [
          ask(tag('labels', 'hasAll', ['x', 'z']), 'a'),
          ask(tag('labels', 'hasNone', ['x', 'z', 'v0', 'y']), 'b c'),
          ask(tag('labels', 'exists'), 'a b c d e'),
          ask(tag('labels', 'hasAny', ['one more']), ''),
          ask(tag('labels', 'hasAny', ['v999']), 'd'),
        ],
      },
    ],
  },
  {
    name: 'several fields of one message: some win, some are void',
    steps: [
      profile('person', { points: 'int', city: 'string', labels: 'set' }),
      {
        send: [
          message('person', 'a', { points: 1 }, T(20)),
          message('person', 'a', { points: { $inc: 1 }, city: 'oslo' }, { ...T(10), id: 'i' }),
          message('person', 'a', { points: { $inc: 1 }, city: 'rome' }, { ...T(30), id: 'i' }),
          message('person', 'a', { points: { $inc: 1 }, labels: { $add: ['x'] }, city: 'late' }, T(5)),
          message('person', 'a', { points: { $inc: 1 } }, { ...T(5), id: 'v' }),
          message('person', 'a', { points: { $inc: 1 } }, { ...T(30), id: 'v' }),
        ],
        // A stale message is remembered by its id like an accepted one.
        verdicts: ['accepted', 'accepted', 'duplicate', 'accepted', 'stale', 'duplicate'],
      },
      { user: 'a', tags: { points: 1, city: 'oslo', labels: ['x'] } },
      {
        ask: [
          ask(tag('points', 'eq', 1), 'a'),
          ask(tag('city', 'eq', 'oslo'), 'a'),
          ask(tag('labels', 'hasAny', ['x']), 'a'),
        ],
      },
    ],
  },
];
