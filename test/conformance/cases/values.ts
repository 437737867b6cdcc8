import type { JsonValue } from '@tessera/tag-catalog';
import type { Question, Script, Step } from '../script';
import { ask, kv, message, profile, tag } from './build';

const INT_MAX = 9_007_199_254_740_991;

/** One profile tag and the same as kv; users a, b, … with the values, `none` was only written in another tag, `gone` was cleared. */
function valuesOf(
  field: { readonly [key: string]: JsonValue },
  values: { readonly [cuid: string]: JsonValue },
): Step[] {
  return [
    profile('person', { value: field, other: 'bool' }),
    kv('loose', { loose_value: field }),
    {
      send: [
        ...Object.entries(values).flatMap(([cuid, value]) => [
          message('person', cuid, { value }),
          message('loose', cuid, { loose_value: value }),
        ]),
        message('person', 'none', { other: true }),
        message('person', 'gone', { value: Object.values(values)[0] ?? null }),
        message('person', 'gone', { value: null }),
        message('loose', 'gone', { loose_value: Object.values(values)[0] ?? null }),
        message('loose', 'gone', { loose_value: null }),
      ],
    },
  ];
}

/** Asks of both tags: plain, with `onMissing: include`, and negated. `all` are those with a value. */
function both(op: string, value: JsonValue | undefined, members: string, all: string): Question[] {
  const inside = members.split(' ').filter((cuid) => cuid !== '');
  const outside = all.split(' ').filter((cuid) => !inside.includes(cuid));
  return ['value', 'loose_value'].flatMap((name) => [
    ask(tag(name, op, value), members, { missing: { '': 2 } }),
    ask(tag(name, op, value, { onMissing: 'include' }), [...inside, 'none', 'gone']),
    ask({ not: tag(name, op, value) }, [...outside, 'none', 'gone'], { missing: { '/not': 2 } }),
    ask({ not: tag(name, op, value, { onMissing: 'include' }) }, outside),
  ]);
}

function existence(all: string): Question[] {
  return ['value', 'loose_value'].flatMap((name) => [
    ask(tag(name, 'exists'), all),
    ask(tag(name, 'exists', true), all),
    ask(tag(name, 'exists', true, { onMissing: 'include' }), `${all} none gone`),
    ask(tag(name, 'exists', false), 'none gone'),
    ask(tag(name, 'exists', false, { onMissing: 'include' }), 'none gone'),
    ask({ not: tag(name, 'exists', false) }, all),
  ]);
}

function script(
  name: string,
  field: { readonly [key: string]: JsonValue },
  values: { readonly [cuid: string]: JsonValue },
  questions: readonly (readonly [op: string, value: JsonValue, members: string])[],
): Script {
  const all = Object.keys(values).join(' ');
  return {
    name,
    steps: [
      ...valuesOf(field, values),
      { ask: [...existence(all), ...questions.flatMap(([op, value, members]) => both(op, value, members, all))] },
    ],
  };
}

export const VALUE_CASES: readonly Script[] = [
  script('bool', { valueType: 'bool' }, { a: true, b: false, c: true }, [
    ['eq', true, 'a c'],
    ['eq', false, 'b'],
    ['ne', true, 'b'],
    ['ne', false, 'a c'],
  ]),
  script(
    'int, with zero, −0, negatives and the limits',
    { valueType: 'int' },
    { zero: 0, negzero: -0, one: 1, minus: -1, max: INT_MAX, min: -INT_MAX, float: 5.0 },
    [
      ['eq', 0, 'zero negzero'],
      ['eq', -0, 'zero negzero'],
      ['ne', 0, 'one minus max min float'],
      ['in', [0, 5, 7], 'zero negzero float'],
      ['in', [-0], 'zero negzero'],
      ['notIn', [0, 5, 7], 'one minus max min'],
      ['notIn', [7], 'zero negzero one minus max min float'],
      ['gt', 0, 'one max float'],
      ['gte', -0, 'zero negzero one max float'],
      ['lt', 0, 'minus min'],
      ['lte', 0, 'zero negzero minus min'],
      ['gt', INT_MAX, ''],
      ['gte', INT_MAX, 'max'],
      ['lt', -INT_MAX, ''],
      ['lte', -INT_MAX, 'min'],
      ['gte', -INT_MAX, 'zero negzero one minus max min float'],
      ['lte', INT_MAX, 'zero negzero one minus max min float'],
      ['lt', INT_MAX, 'zero negzero one minus min float'],
      ['between', [-1, 1], 'zero negzero one minus'],
      ['between', [0, 0], 'zero negzero'],
      ['between', [-INT_MAX, INT_MAX], 'zero negzero one minus max min float'],
      ['between', [INT_MAX - 1, INT_MAX], 'max'],
      ['between', [2, 4], ''],
    ],
  ),
  script(
    'decimal of scale 2, negative and fractional, −0',
    { valueType: 'decimal', scale: 2 },
    { zero: 0, negzero: -0, tenth: 0.1, cents: 0.29, minus: -0.01, big: 12.5, exact: 1.1 },
    [
      ['eq', 0.1, 'tenth'],
      ['eq', 0.29, 'cents'],
      ['eq', -0, 'zero negzero'],
      ['ne', 0, 'tenth cents minus big exact'],
      ['in', [0.1, 1.1, 3], 'tenth exact'],
      ['notIn', [0.1, 1.1, 3], 'zero negzero cents minus big'],
      ['gt', 0.1, 'cents big exact'],
      ['gte', 0.1, 'tenth cents big exact'],
      ['gt', 0.28, 'cents big exact'],
      ['lt', 0.29, 'zero negzero tenth minus'],
      ['lte', 0.29, 'zero negzero tenth cents minus'],
      ['lt', 0, 'minus'],
      ['between', [-0.01, 0.1], 'zero negzero tenth minus'],
      ['between', [1.1, 12.5], 'big exact'],
    ],
  ),
  script(
    'decimal at its limits',
    { valueType: 'decimal', scale: 0 },
    { max: 999_999_999_999_999, min: -999_999_999_999_999, below: 999_999_999_999_998 },
    [
      ['eq', 999_999_999_999_999, 'max'],
      ['gt', 999_999_999_999_998, 'max'],
      ['gte', -999_999_999_999_999, 'max min below'],
      ['lt', -999_999_999_999_998, 'min'],
      ['between', [999_999_999_999_998, 999_999_999_999_999], 'max below'],
      ['gt', 999_999_999_999_999, ''],
    ],
  ),
  script(
    'decimal of scale 9 at its limits',
    { valueType: 'decimal', scale: 9 },
    { max: 999_999.999_999_999, least: 0.000_000_001, minus: -999_999.999_999_999 },
    [
      ['eq', 999_999.999_999_999, 'max'],
      ['gt', 999_999.999_999_998, 'max'],
      ['gt', 0, 'max least'],
      ['eq', 1e-9, 'least'],
      ['lte', -999_999.999_999_999, 'minus'],
      ['between', [0, 0.000_000_001], 'least'],
    ],
  ),
  script(
    'decimal of the default scale 4',
    { valueType: 'decimal' },
    { a: 1.0001, b: 1, c: 0.9999, d: 99_999_999_999.9999 },
    [
      ['gt', 1, 'a d'],
      ['lt', 1.0001, 'b c'],
      ['eq', 99_999_999_999.9999, 'd'],
    ],
  ),
  script(
    'enum, a value added later included',
    { valueType: 'enum', values: ['gold', 'silver', 'bronze', ''] },
    { g: 'gold', s: 'silver', b: 'bronze', empty: '' },
    [
      ['eq', 'gold', 'g'],
      ['eq', '', 'empty'],
      ['ne', 'gold', 's b empty'],
      ['in', ['gold', 'bronze'], 'g b'],
      ['notIn', ['gold', 'bronze'], 's empty'],
      ['in', ['gold', 'silver', 'bronze', ''], 'g s b empty'],
      ['notIn', ['gold', 'silver', 'bronze', ''], ''],
    ],
  ),
  script(
    'set, the empty set and the set of the empty string',
    { valueType: 'set' },
    { empty: [], x: ['x'], xy: ['y', 'x', 'y'], xyz: ['x', 'y', 'z'], blank: [''] },
    [
      ['hasAny', ['x'], 'x xy xyz'],
      ['hasAny', ['y', 'z', 'q'], 'xy xyz'],
      ['hasAny', ['q'], ''],
      ['hasAny', [''], 'blank'],
      ['hasAll', ['x', 'y'], 'xy xyz'],
      ['hasAll', ['x', 'x'], 'x xy xyz'],
      ['hasAll', ['x', 'q'], ''],
      ['hasNone', ['x'], 'empty blank'],
      ['hasNone', ['y', 'z'], 'empty x blank'],
      ['hasNone', ['q'], 'empty x xy xyz blank'],
      ['hasNone', [''], 'empty x xy xyz'],
    ],
  ),
  {
    name: 'what is outside its type is refused and changes nothing',
    steps: [
      profile('person', {
        flag: 'bool',
        whole: 'int',
        price: { valueType: 'decimal', scale: 2 },
        city: 'string',
        grade: { valueType: 'enum', values: ['gold'] },
        born: 'date',
        seen: 'datetime',
        labels: 'set',
      }),
      {
        send: [
          message('person', 'a', { flag: 'true' }),
          message('person', 'a', { flag: 1 }),
          message('person', 'a', { whole: '5' }),
          message('person', 'a', { whole: true }),
          message('person', 'a', { whole: 1.5 }),
          message('person', 'a', { whole: 9_007_199_254_740_992 }),
          message('person', 'a', { price: 0.001 }),
          message('person', 'a', { price: 10_000_000_000_000 }),
          message('person', 'a', { city: 5 }),
          message('person', 'a', { city: '\ud800' }),
          message('person', 'a', { city: 'é'.repeat(2_049) }),
          message('person', 'a', { grade: 'lead' }),
          message('person', 'a', { born: '2023-02-29' }),
          message('person', 'a', { born: '0999-12-31' }),
          message('person', 'a', { seen: '2026-01-01T00:00:00' }),
          message('person', 'a', { seen: '2026-01-01T00:00:00.0001Z' }),
          message('person', 'a', { labels: 'x' }),
          message('person', 'a', { labels: ['x', 1] }),
          message('person', 'a', { city: 'fine', whole: 1.5 }),
          message('person', 'b', { city: 'é'.repeat(2_048), whole: 5, labels: [] }),
        ],
        verdicts: [
          'wrongType',
          'wrongType',
          'wrongType',
          'wrongType',
          'notInteger',
          'outOfRange',
          'tooManyDigits',
          'outOfRange',
          'wrongType',
          'illFormed',
          'tooLong',
          'notListed',
          'invalidDate',
          'invalidDate',
          'invalidDatetime',
          'invalidDatetime',
          'wrongType',
          'wrongType',
          'notInteger',
          'accepted',
        ],
      },
      { user: 'a', tags: null },
      { ask: [ask({ all: true }, 'b'), ask(tag('whole', 'eq', 5), 'b'), ask(tag('labels', 'exists', false), '')] },
    ],
  },
  {
    name: 'a field and an enum value added later',
    steps: [
      profile('person', { grade: { valueType: 'enum', values: ['gold'] } }),
      {
        send: [message('person', 'a', { grade: 'gold' }), message('person', 'b', { grade: 'lead' })],
        verdicts: ['accepted', 'notListed'],
      },
      {
        patch: 'person',
        with: {
          tags: [
            { name: 'grade', values: ['lead'] },
            { name: 'score', valueType: 'int' },
          ],
        },
      },
      { send: [message('person', 'b', { grade: 'lead', score: -3 })] },
      {
        ask: [
          ask(tag('grade', 'ne', 'gold'), 'b'),
          ask(tag('grade', 'in', ['gold', 'lead']), 'a b'),
          ask(tag('score', 'lt', 0), 'b'),
          ask(tag('score', 'exists', false), 'a'),
        ],
      },
    ],
  },
];
