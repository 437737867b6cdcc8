import type { JsonValue } from '@tessera/tag-catalog';
import type { Script, Step } from '../script';
import { ask, event, eventType, kv, message, profile, tag } from './build';

/** Users a to f: level 1 to 6; even ones have the flag, multiples of 3 a hobby, f bought. g is known by an event alone. */
const WORLD: readonly Step[] = [
  profile('person', { level: 'int', flag: 'bool' }),
  kv('loose', { hobby: 'string' }),
  eventType('buy', { amount: 'int' }),
  {
    send: [
      ...['a', 'b', 'c', 'd', 'e', 'f'].map((cuid, index) => message('person', cuid, { level: index + 1 })),
      ...['b', 'd', 'f'].map((cuid) => message('person', cuid, { flag: true })),
      message('loose', 'c', { hobby: 'chess' }),
      message('loose', 'f', { hobby: 'go' }),
      message('buy', 'f', { amount: 5 }),
      message('buy', 'g', {}),
    ],
  },
];

const LOW = tag('level', 'lte', 3);
const FLAG = tag('flag', 'eq', true);
const HOBBY = tag('hobby', 'exists');
const BOUGHT = event('buy', 'gte', 1);
const NOBODY: JsonValue = { not: { all: true } };

export const COMBINATOR_CASES: readonly Script[] = [
  {
    name: 'and, or, not, all, and counts of every node',
    steps: [
      ...WORLD,
      {
        ask: [
          ask({ all: true }, 'a b c d e f g'),
          ask(NOBODY, '', { counts: { '': 0, '/not': 7 } }),
          ask({ and: [LOW, FLAG] }, 'b', {
            counts: { '': 1, '/and/0': 3, '/and/1': 3 },
            missing: { '/and/0': 1, '/and/1': 4 },
          }),
          ask({ or: [LOW, FLAG] }, 'a b c d f'),
          ask({ and: [LOW] }, 'a b c'),
          ask({ or: [LOW] }, 'a b c'),
          ask({ and: [LOW, { not: FLAG }] }, 'a c', { counts: { '/and/1': 4, '/and/1/not': 3 } }),
          ask({ not: { or: [LOW, FLAG] } }, 'e g', { counts: { '': 2, '/not': 5, '/not/or/0': 3 } }),
          ask({ not: { not: LOW } }, 'a b c', { counts: { '': 3, '/not': 4, '/not/not': 3 } }),
          ask({ not: { not: { not: LOW } } }, 'd e f g'),
          ask({ and: [{ not: LOW }, { not: FLAG }, { not: HOBBY }] }, 'e g'),
          ask({ or: [{ not: LOW }, { not: FLAG }] }, 'a c d e f g'),
          ask({ and: [{ all: true }, LOW] }, 'a b c'),
          ask({ or: [{ all: true }, LOW] }, 'a b c d e f g'),
          ask({ and: [NOBODY, LOW] }, '', { counts: { '/and/0': 0, '/and/1': 3 } }),
          ask({ or: [NOBODY, LOW] }, 'a b c'),
          ask({ and: [LOW, { not: LOW }] }, '', { counts: { '': 0, '/and/0': 3, '/and/1': 4 } }),
          ask({ or: [LOW, { not: LOW }] }, 'a b c d e f g'),
          ask({ and: [LOW, LOW, LOW] }, 'a b c', { counts: { '/and/2': 3 } }),
          ask({ and: [{ or: [LOW, HOBBY] }, { or: [FLAG, BOUGHT] }] }, 'b f', { counts: { '/and/0': 4, '/and/1': 4 } }),
          ask({ and: [tag('level', 'gte', 2), tag('level', 'lte', 4), { not: tag('level', 'eq', 3) }] }, 'b d'),
          ask({ and: [tag('level', 'gte', 4), tag('level', 'lte', 2)] }, '', { counts: { '/and/0': 3, '/and/1': 2 } }),
          ask({ or: [tag('level', 'in', [1, 2]), tag('level', 'in', [2, 3]), tag('level', 'gt', 5)] }, 'a b c f'),
          ask({ and: [tag('level', 'in', [1, 2]), tag('level', 'in', [2, 3])] }, 'b'),
          ask({ and: [tag('level', 'ne', 1), tag('level', 'notIn', [2, 6])] }, 'c d e'),
          ask({ or: [tag('level', 'exists', false), tag('level', 'eq', 1)] }, 'a g'),
          ask(
            {
              and: [tag('level', 'eq', 1, { onMissing: 'include' }), tag('flag', 'eq', true, { onMissing: 'include' })],
            },
            'a g',
          ),
          ask({ and: [tag('level', 'eq', 1, { onMissing: 'include' }), tag('level', 'exists')] }, 'a'),
          ask(
            {
              not: {
                and: [tag('level', 'eq', 1, { onMissing: 'include' }), tag('level', 'eq', 2, { onMissing: 'include' })],
              },
            },
            'a b c d e f',
          ),
        ],
      },
    ],
  },
  {
    name: 'atLeast counts an input that is given twice twice',
    steps: [
      ...WORLD,
      {
        ask: [
          ask({ atLeast: 1, of: [LOW, FLAG, HOBBY] }, 'a b c d f'),
          ask({ atLeast: 2, of: [LOW, FLAG, HOBBY] }, 'b c f', { counts: { '/of/0': 3, '/of/1': 3, '/of/2': 2 } }),
          ask({ atLeast: 3, of: [LOW, FLAG, HOBBY] }, ''),
          ask({ atLeast: 3, of: [LOW, FLAG, HOBBY, BOUGHT] }, 'f'),
          ask({ atLeast: 2, of: [LOW, LOW] }, 'a b c'),
          ask({ atLeast: 2, of: [LOW, LOW, FLAG] }, 'a b c'),
          ask({ atLeast: 3, of: [LOW, LOW, FLAG] }, 'b'),
          ask({ atLeast: 2, of: [FLAG, FLAG, HOBBY, BOUGHT] }, 'b d f'),
          ask({ atLeast: 3, of: [FLAG, FLAG, HOBBY, BOUGHT] }, 'f'),
          ask({ atLeast: 1, of: [LOW] }, 'a b c'),
          ask({ atLeast: 2, of: [{ all: true }, LOW, FLAG] }, 'a b c d f'),
          ask({ atLeast: 2, of: [NOBODY, LOW, FLAG] }, 'b'),
          ask({ atLeast: 2, of: [{ not: LOW }, { not: FLAG }, HOBBY] }, 'c e f g'),
          ask({ not: { atLeast: 2, of: [LOW, FLAG, HOBBY] } }, 'a d e g'),
          ask({ atLeast: 2, of: [{ atLeast: 2, of: [LOW, FLAG, HOBBY] }, { and: [LOW, FLAG] }, BOUGHT] }, 'b f'),
          ask({ atLeast: 2, of: [LOW, { not: LOW }] }, ''),
          ask({ atLeast: 1, of: [LOW, { not: LOW }] }, 'a b c d e f g'),
        ],
      },
    ],
  },
  {
    name: 'implied conditions are part of the predicate, before any not and with onMissing',
    steps: [
      profile('state', { deleted: 'bool' }),
      profile('person', {
        level: { valueType: 'int', impliedConditions: [tag('deleted', 'eq', false)] },
        score: { valueType: 'int', impliedConditions: [tag('level', 'gt', 0), { not: tag('deleted', 'eq', true) }] },
      }),
      {
        send: [
          message('state', 'live', { deleted: false }),
          message('state', 'dead', { deleted: true }),
          message('state', 'blank', { deleted: false }),
          ...['live', 'dead', 'unknown'].map((cuid) => message('person', cuid, { level: 5, score: 7 })),
        ],
      },
      {
        ask: [
          ask(tag('level', 'eq', 5), 'live', { counts: { '': 1 } }),
          ask({ not: tag('level', 'eq', 5) }, 'dead blank unknown', { counts: { '/not': 1 }, missing: { '/not': 1 } }),
          ask(tag('level', 'ne', 5), ''),
          ask(tag('level', 'ne', 5, { onMissing: 'include' }), 'blank'),
          ask({ not: tag('level', 'ne', 5, { onMissing: 'include' }) }, 'live dead unknown'),
          ask(tag('level', 'exists', false), 'blank'),
          // The implied condition on level is not expanded in turn: who is not known to be deleted counts.
          ask(tag('score', 'eq', 7), 'live unknown'),
          ask({ not: tag('score', 'eq', 7) }, 'dead blank'),
          ask({ and: [tag('level', 'eq', 5), tag('score', 'eq', 7)] }, 'live'),
          ask({ or: [tag('level', 'eq', 5), tag('deleted', 'eq', true)] }, 'live dead'),
        ],
      },
    ],
  },
  {
    name: 'parameters stand for values',
    steps: [
      ...WORLD,
      {
        ask: [
          ask(tag('level', 'lte', { param: 'most' }), 'a b c', { params: { most: 3 } }),
          ask(tag('level', 'in', { param: 'levels' }), 'a c', { params: { levels: [1, 3] } }),
          ask(tag('level', 'between', [{ param: 'low' }, 4]), 'c d', { params: { low: 3, unused: 'x' } }),
          ask(event('buy', 'gte', 1, { window: { last: { param: 'period' } } }), 'f g', { params: { period: 'P1D' } }),
          ask({ atLeast: { param: 'k' }, of: [LOW, FLAG, HOBBY] }, 'b c f', { params: { k: 2 } }),
        ],
      },
    ],
  },
  {
    name: 'audiences: their own zone and defaults, the outer as-of and parameters',
    steps: [
      ...WORLD,
      { audience: 'low', version: 1, expression: tag('level', 'lte', { param: 'most' }), params: { most: 2 } },
      { audience: 'low', version: 2, expression: tag('level', 'lte', { param: 'most' }), params: { most: 3 } },
      {
        audience: 'outer',
        version: 1,
        expression: { not: { audience: 'low', params: { most: { param: 'limit' } } } },
        params: { limit: 1 },
      },
      {
        audience: 'today',
        version: 1,
        expression: event('buy', 'gte', 1, { window: { calendar: 'day', offset: 0 } }),
        timeZone: 'Pacific/Auckland',
      },
      {
        ask: [
          ask({ audience: 'low' }, 'a b c'),
          ask({ audience: 'low', version: 'latest' }, 'a b c'),
          ask({ audience: 'low', version: 1 }, 'a b'),
          ask({ audience: 'low', version: 2, params: { most: 1 } }, 'a'),
          ask({ audience: 'low', params: { most: { param: 'x' } } }, 'a b c d', { params: { x: 4, most: 6 } }),
          ask({ not: { audience: 'low' } }, 'd e f g', { counts: { '/not': 3 } }),
          ask({ audience: 'outer' }, 'b c d e f g'),
          ask({ audience: 'outer', params: { limit: 5 } }, 'f g'),
          ask({ and: [{ audience: 'low' }, { audience: 'outer' }] }, 'b c'),
          ask({ audience: 'low', mode: 'live' }, 'a b c'),
          // In Auckland (+13:00) 16 March has begun at 11:00Z; bought at 12:00Z.
          ask({ audience: 'today' }, 'f g', { asOf: '2026-03-16T10:59:59.999Z' }),
          ask({ audience: 'today' }, '', { asOf: '2026-03-16T11:00:00Z' }),
          ask({ audience: 'today' }, 'f g', { asOf: '2026-03-16T10:59:59.999Z', timeZone: 'America/New_York' }),
        ],
      },
    ],
  },
  {
    name: 'lists hold who was known when they were made, less the erased',
    steps: [
      ...WORLD,
      { list: 'vip', cuids: ['a', 'b', 'nobody', 'f', 'a'], matched: 3, unknown: 1 },
      { list: 'none', cuids: ['nobody'], matched: 0, unknown: 1 },
      { list: 'empty', cuids: [], matched: 0, unknown: 0 },
      { send: [message('person', 'nobody', { level: 9 })] },
      {
        ask: [
          ask({ list: 'vip' }, 'a b f'),
          ask({ not: { list: 'vip' } }, 'c d e g nobody', { counts: { '/not': 3 } }),
          ask({ and: [{ list: 'vip' }, FLAG] }, 'b f'),
          ask({ list: 'none' }, ''),
          ask({ list: 'empty' }, ''),
          ask({ or: [{ list: 'empty' }, { not: { list: 'none' } }] }, 'a b c d e f g nobody'),
          ask({ atLeast: 2, of: [{ list: 'vip' }, LOW, FLAG] }, 'a b f'),
        ],
      },
      { erase: 'a' },
      { ask: [ask({ list: 'vip' }, 'b f'), ask({ not: { list: 'vip' } }, 'c d e g nobody')] },
      { send: [message('person', 'a', { level: 1 })] },
      { ask: [ask({ list: 'vip' }, 'b f'), ask({ and: [{ list: 'vip' }, tag('level', 'eq', 1)] }, '')] },
      { dropList: 'none' },
      { list: 'again', cuids: ['a', 'b'], matched: 2, unknown: 0 },
      {
        ask: [
          ask({ and: [{ list: 'vip' }, { list: 'again' }] }, 'b'),
          ask({ or: [{ list: 'vip' }, { list: 'again' }] }, 'a b f'),
        ],
      },
    ],
  },
];
