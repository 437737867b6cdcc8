import type { Script } from '../script';
import { ask, event, eventType, message, profile, tag } from './build';

/** U+E000 is private use inside the BMP, U+1F600 an emoji outside of it: in UTF-8 the emoji is greater, in UTF-16 code units less. */
const PRIVATE = '\ue000';
const EMOJI = '\u{1f600}';
/** é as one code point and as e with an accent: two different strings. */
const COMPOSED = '\u00e9';
const DECOMPOSED = 'e\u0301';

const PEOPLE = [
  message('person', 'empty', { name: '' }),
  message('person', 'upper', { name: 'Anna' }),
  message('person', 'lower', { name: 'anna' }),
  message('person', 'longer', { name: 'anna lena' }),
  message('person', 'digits', { name: '10' }),
  message('person', 'digit', { name: '9' }),
  message('person', 'composed', { name: COMPOSED }),
  message('person', 'decomposed', { name: DECOMPOSED }),
  message('person', 'private', { name: PRIVATE }),
  message('person', 'emoji', { name: EMOJI }),
  message('person', 'lines', { name: 'first\nsecond' }),
  message('person', 'nul', { name: 'a\u0000b' }),
  message('person', 'none', { other: true }),
];

/** In order of UTF-8 bytes: "" < "10" < "9" < "Anna" < "a\0b" < "anna" < "anna lena" < "e◌́" < "first…" < "é" < U+E000 < U+1F600. */
export const STRING_CASES: readonly Script[] = [
  {
    name: 'strings are compared and ordered as UTF-8 bytes',
    steps: [
      profile('person', { name: 'string', other: 'bool' }),
      { send: PEOPLE },
      {
        ask: [
          ask(tag('name', 'eq', ''), 'empty'),
          ask(tag('name', 'eq', 'anna'), 'lower'),
          ask(tag('name', 'eq', COMPOSED), 'composed'),
          ask(tag('name', 'eq', DECOMPOSED), 'decomposed'),
          ask(tag('name', 'eq', 'nobody'), ''),
          ask(tag('name', 'ne', 'anna'), 'empty upper longer digits digit composed decomposed private emoji lines nul'),
          ask(
            tag('name', 'ne', 'nobody'),
            'empty upper lower longer digits digit composed decomposed private emoji lines nul',
          ),
          ask(tag('name', 'in', ['', '9', 'x', EMOJI]), 'empty digit emoji'),
          ask(
            tag('name', 'notIn', ['', '9', 'x', EMOJI]),
            'upper lower longer digits composed decomposed private lines nul',
          ),
          ask(tag('name', 'gt', PRIVATE), 'emoji'),
          ask(tag('name', 'gte', PRIVATE), 'private emoji'),
          ask(tag('name', 'lt', EMOJI), 'empty upper lower longer digits digit composed decomposed private lines nul'),
          ask(tag('name', 'between', [PRIVATE, EMOJI]), 'private emoji'),
          ask(tag('name', 'between', ['\ud7ff', '\uffff']), 'private'),
          ask(tag('name', 'lt', '9'), 'empty digits'),
          ask(tag('name', 'lte', '9'), 'empty digits digit'),
          ask(tag('name', 'gt', 'anna'), 'longer composed decomposed private emoji lines'),
          ask(tag('name', 'lt', 'anna'), 'empty upper digits digit nul'),
          ask(tag('name', 'between', ['A', 'b']), 'upper lower longer nul'),
          ask(tag('name', 'between', ['', '']), 'empty'),
          ask(tag('name', 'lt', ''), ''),
          ask(tag('name', 'lte', ''), 'empty'),
          ask(
            tag('name', 'gte', ''),
            'empty upper lower longer digits digit composed decomposed private emoji lines nul',
          ),
          ask(tag('name', 'gt', ''), 'upper lower longer digits digit composed decomposed private emoji lines nul'),
          ask(
            tag('name', 'gte', '', { onMissing: 'include' }),
            'empty upper lower longer digits digit composed decomposed private emoji lines nul none',
          ),
          ask(tag('name', 'gt', 'a'), 'lower longer composed decomposed private emoji lines nul'),
          ask(tag('name', 'gt', 'a\u0000'), 'lower longer composed decomposed private emoji lines nul'),
          ask(tag('name', 'exists', false), 'none'),
        ],
      },
    ],
  },
  {
    name: 'contains, startsWith, endsWith and matches',
    steps: [
      profile('person', { name: 'string', other: 'bool' }),
      { send: PEOPLE },
      {
        ask: [
          ask(tag('name', 'contains', 'nn'), 'upper lower longer'),
          ask(
            tag('name', 'contains', ''),
            'empty upper lower longer digits digit composed decomposed private emoji lines nul',
          ),
          ask(
            { not: tag('name', 'contains', 'nn') },
            'empty digits digit composed decomposed private emoji lines nul none',
          ),
          ask(tag('name', 'contains', 'nn', { onMissing: 'include' }), 'upper lower longer none'),
          ask(tag('name', 'contains', '\u0000'), 'nul'),
          ask(tag('name', 'contains', 'e'), 'longer decomposed lines'),
          ask(tag('name', 'startsWith', 'anna'), 'lower longer'),
          ask(tag('name', 'startsWith', 'anna lena'), 'longer'),
          ask(tag('name', 'startsWith', 'anna lena!'), ''),
          ask(
            tag('name', 'startsWith', ''),
            'empty upper lower longer digits digit composed decomposed private emoji lines nul',
          ),
          ask(tag('name', 'startsWith', 'e'), 'decomposed'),
          ask(tag('name', 'endsWith', 'na'), 'upper lower longer'),
          ask(tag('name', 'endsWith', ' lena'), 'longer'),
          ask(tag('name', 'endsWith', EMOJI), 'emoji'),
          ask(tag('name', 'matches', 'nn'), 'upper lower longer'),
          ask(tag('name', 'matches', '^anna$'), 'lower'),
          ask(tag('name', 'matches', '(?i)^anna$'), 'upper lower'),
          ask(tag('name', 'matches', '^a.b$'), 'nul'),
          ask(tag('name', 'matches', 'first.second'), ''),
          ask(tag('name', 'matches', '(?s)first.second'), 'lines'),
          ask(tag('name', 'matches', '^second$'), ''),
          ask(tag('name', 'matches', '(?m)^second$'), 'lines'),
          ask(tag('name', 'matches', '^.$'), 'digit composed private emoji'),
          ask(tag('name', 'matches', '^\\d+$'), 'digits digit'),
          ask(tag('name', 'matches', '^[^a-z]*$'), 'empty digits digit composed private emoji'),
          ask(
            tag('name', 'matches', ''),
            'empty upper lower longer digits digit composed decomposed private emoji lines nul',
          ),
          ask(tag('name', 'matches', '^$'), 'empty'),
          ask(tag('name', 'matches', 'a|9', { onMissing: 'include' }), 'upper lower longer digit nul none'),
          ask({ not: tag('name', 'matches', '.') }, 'empty none'),
        ],
      },
    ],
  },
  {
    name: 'strings and sets as properties of rows',
    steps: [
      eventType('visit', {
        page: 'string',
        topics: 'set',
        logged_in: 'bool',
        device: { valueType: 'enum', values: ['phone', 'desk'] },
      }),
      {
        send: [
          message('visit', 'a', { page: '/shop/toys', topics: ['toys', 'sale'], logged_in: true, device: 'phone' }),
          message('visit', 'a', { page: '', topics: [], logged_in: false }),
          message('visit', 'b', { page: EMOJI, device: 'desk' }),
          message('visit', 'c', {}),
          message('visit', 'd', { page: null, topics: ['sale'] }),
        ],
      },
      {
        ask: [
          ask(row('page', 'startsWith', '/shop'), 'a'),
          ask(row('page', 'eq', ''), 'a'),
          ask(row('page', 'gt', PRIVATE), 'b'),
          ask(row('page', 'ne', '/shop/toys'), 'a b'),
          ask(row('page', 'notIn', ['/shop/toys', '']), 'b'),
          ask(row('page', 'matches', 'toy'), 'a'),
          ask(row('page', 'exists', false), 'c d'),
          ask(row('page', 'exists', true), 'a b'),
          ask(row('topics', 'hasAny', ['sale']), 'a d'),
          ask(row('topics', 'hasAll', ['sale', 'toys']), 'a'),
          ask(row('topics', 'hasNone', ['toys']), 'a d'),
          ask(row('topics', 'hasNone', ['nothing']), 'a d'),
          ask(row('topics', 'exists', false), 'b c'),
          ask(row('logged_in', 'eq', false), 'a'),
          ask(row('logged_in', 'ne', true), 'a'),
          ask(row('device', 'ne', 'phone'), 'b'),
          ask(row('device', 'in', ['phone', 'desk']), 'a b'),
          ask(
            event('visit', 'gte', 1, {
              where: [
                { property: 'topics', op: 'hasAny', value: ['sale'] },
                { property: 'page', op: 'exists', value: false },
              ],
            }),
            'd',
          ),
          ask(
            event('visit', 'gte', 1, {
              where: [
                { property: 'page', op: 'eq', value: '' },
                { property: 'logged_in', op: 'eq', value: true },
              ],
            }),
            '',
          ),
        ],
      },
    ],
  },
];

function row(property: string, op: string, value: string | boolean | string[]): ReturnType<typeof event> {
  return event('visit', 'gte', 1, { where: [{ property, op, value }] });
}
