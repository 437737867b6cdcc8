import { operatorsFor, VALUE_TYPES } from '@tessera/tag-catalog';
import type { ValueType } from '@tessera/tag-catalog';
import type { TagNode } from './expression';
import { bound, catalog, errorsOf, refusals } from './testing/bind-for-spec';

const DAY_MS = 86_400_000;
const TAG_OF: { readonly [type in ValueType]: string } = {
  bool: 'vip_flag',
  int: 'level',
  decimal: 'spend',
  string: 'name',
  enum: 'city',
  date: 'birthday',
  datetime: 'last_seen',
  set: 'interests',
};
const PROPERTY_OF: { readonly [type in ValueType]: string } = {
  bool: 'gift',
  int: 'quantity',
  decimal: 'amount',
  string: 'invoice',
  enum: 'category',
  date: 'ship_on',
  datetime: 'paid_at',
  set: 'labels',
};
const SAMPLES: { readonly [type in ValueType]: readonly [unknown, unknown] } = {
  bool: [false, true],
  int: [-3, 7],
  decimal: [-1.25, 9.5],
  string: ['a', 'b'],
  enum: ['beijing', 'shanghai'],
  date: ['1000-01-01', '9999-12-31'],
  datetime: ['2026-01-01T00:00:00+08:00', '2026-01-01T00:00:00.001Z'],
  set: [['a'], ['b']],
};

function sampleFor(op: string, type: ValueType): unknown {
  const [low, high] = type === 'enum' ? (['toys', 'books'] as const) : SAMPLES[type];
  if (op === 'exists') return false;
  if (op === 'in' || op === 'notIn') return [low, high];
  if (op === 'between') return [low, high];
  if (op === 'withinLast') return 'P1D';
  if (op === 'anniversary') return { nextDays: 0 };
  if (op.startsWith('has')) return ['x'];
  return low;
}

const EVERY_OPERATOR = [...new Set(VALUE_TYPES.flatMap((type) => operatorsFor(type)))];

describe('operators by type', () => {
  const cases = VALUE_TYPES.flatMap((type) => EVERY_OPERATOR.map((op) => [type, op] as const));

  it.each(cases)('%s %s', async (type, op) => {
    const allowed = operatorsFor(type).includes(op);
    const value = sampleFor(op, type);
    const tagValue =
      type === 'enum' && op !== 'exists' ? (Array.isArray(value) ? SAMPLES.enum : SAMPLES.enum[0]) : value;
    const tag = { tag: TAG_OF[type], op, value: tagValue };
    const event = { event: 'order_paid', where: [{ property: PROPERTY_OF[type], op, value }], op: 'gte', value: 1 };
    if (allowed) {
      expect(await bound(tag)).toMatchObject({ kind: 'tag', condition: { op, field: { valueType: type } } });
      expect(await bound(event)).toMatchObject({ where: [{ op, field: { valueType: type } }] });
    } else {
      expect(await refusals(tag)).toEqual(['/op operatorNotAllowed']);
      expect(await refusals(event)).toEqual(['/where/0/op operatorNotAllowed']);
    }
  });

  it('names what suits', async () => {
    const [error] = await errorsOf({ tag: 'vip_flag', op: 'gt', value: true });
    expect(error?.message).toContain('tag "vip_flag" (bool); it takes eq, ne, exists');
  });
});

async function operandOf(tag: string, op: string, value?: unknown): Promise<unknown> {
  const expression = await bound(value === undefined ? { tag, op } : { tag, op, value });
  return (expression as TagNode).condition.operand;
}

describe('operands', () => {
  it('are canonical', async () => {
    expect(await operandOf('level', 'eq', -0)).toEqual({ kind: 'value', value: 0 });
    expect(Object.is((await operandOf('level', 'eq', -0)) as object, -0)).toBe(false);
    expect(await operandOf('spend', 'eq', 12.34)).toEqual({ kind: 'value', value: 1234 });
    expect(await operandOf('birthday', 'eq', '1970-01-02')).toEqual({ kind: 'value', value: 1 });
    expect(await operandOf('last_seen', 'eq', '1970-01-01T08:00:00+08:00')).toEqual({ kind: 'value', value: 0 });
    expect(await operandOf('level', 'in', [3, 1, 3, 2, 1])).toEqual({ kind: 'list', values: [1, 2, 3] });
    // In UTF-8 order U+10000 comes after U+FFFF, in UTF-16 before it.
    expect(await operandOf('name', 'in', ['\u{10000}', '\uffff', 'a'])).toEqual({
      kind: 'list',
      values: ['a', '\uffff', '\u{10000}'],
    });
    expect(await operandOf('interests', 'hasAny', ['b', 'a', 'b'])).toEqual({ kind: 'list', values: ['a', 'b'] });
    expect(await operandOf('level', 'between', [1, 1])).toEqual({ kind: 'between', low: 1, high: 1 });
    expect(await operandOf('level', 'exists')).toEqual({ kind: 'exists', exists: true });
    expect(await operandOf('level', 'exists', true)).toEqual({ kind: 'exists', exists: true });
    expect(await operandOf('level', 'exists', false)).toEqual({ kind: 'exists', exists: false });
    expect(await operandOf('last_seen', 'withinLast', 'P1W')).toEqual({ kind: 'duration', durationMs: 7 * DAY_MS });
    expect(await operandOf('birthday', 'anniversary', { nextDays: 365 })).toEqual({ kind: 'nextDays', nextDays: 365 });
    expect(await operandOf('name', 'contains', '')).toEqual({ kind: 'value', value: '' });
    expect(await operandOf('name', 'matches', '(?i)^an{1,2}a$')).toEqual({ kind: 'value', value: '(?i)^an{1,2}a$' });
  });

  it('carry the zone for withinLast and anniversary, and for them only', async () => {
    const zones = await bound(
      {
        and: [
          { tag: 'birthday', op: 'anniversary', value: { nextDays: 1 } },
          { tag: 'last_seen', op: 'withinLast', value: 'P1D' },
          { tag: 'birthday', op: 'eq', value: '2000-02-29' },
          { event: 'order_paid', measure: { lastTime: '*' }, op: 'withinLast', value: 'P1D' },
          { event: 'order_paid', op: 'eq', value: 1 },
        ],
      },
      { timeZone: 'asia/shanghai' },
    );
    expect(zones).toMatchObject({
      children: [
        { condition: { timeZone: 'Asia/Shanghai' } },
        { condition: { timeZone: 'Asia/Shanghai' } },
        { condition: { timeZone: null } },
        { timeZone: 'Asia/Shanghai' },
        { timeZone: null },
      ],
    });
  });

  it.each<[string, string, unknown, string]>([
    ['level', 'eq', '5', '/value wrongType'],
    ['level', 'eq', null, '/value wrongType'],
    ['level', 'eq', true, '/value wrongType'],
    ['level', 'eq', [1], '/value wrongType'],
    ['level', 'eq', {}, '/value wrongType'],
    ['level', 'eq', 1.5, '/value notInteger'],
    ['level', 'eq', 2 ** 53, '/value outOfRange'],
    ['spend', 'eq', 1.234, '/value tooManyDigits'],
    ['spend', 'eq', 1e14, '/value outOfRange'],
    ['vip_flag', 'eq', 1, '/value wrongType'],
    ['city', 'eq', 'atlantis', '/value notListed'],
    ['city', 'eq', '__proto__', '/value notListed'],
    ['birthday', 'eq', '2026-02-29', '/value invalidDate'],
    ['birthday', 'eq', '0999-12-31', '/value invalidDate'],
    ['last_seen', 'eq', '2026-01-01T00:00:00', '/value invalidDatetime'],
    ['last_seen', 'eq', '2026-01-01T00:00:00.0001Z', '/value invalidDatetime'],
    ['name', 'eq', 'x'.repeat(4097), '/value tooLong'],
    ['name', 'eq', '\ud800', '/value illFormed'],
    ['name', 'contains', 5, '/value wrongType'],
    ['name', 'matches', 5, '/value wrongType'],
    ['name', 'matches', '(', '/value invalidPattern'],
    ['name', 'matches', '(?=a)', '/value invalidPattern'],
    ['name', 'matches', '(a)\\1', '/value invalidPattern'],
    ['name', 'matches', 'x'.repeat(1001), '/value tooLong'],
    ['name', 'matches', '\udc00', '/value illFormed'],
    ['name', 'matches', '((a{31}){32}){1001}', '/value invalidPattern'],
    ['level', 'in', 5, '/value wrongType'],
    ['level', 'in', [], '/value emptyList'],
    ['level', 'in', [1, '2', 3], '/value/1 wrongType'],
    ['level', 'in', [1, [2]], '/value/1 wrongType'],
    ['level', 'in', [1, {}], '/value/1 wrongType'],
    ['interests', 'hasAny', 'a', '/value wrongType'],
    ['interests', 'hasAll', [1], '/value/0 wrongType'],
    ['level', 'between', [1], '/value wrongType'],
    ['level', 'between', [1, 2, 3], '/value wrongType'],
    ['level', 'between', { low: 1, high: 2 }, '/value wrongType'],
    ['level', 'between', [2, 1], '/value lowAboveHigh'],
    ['level', 'between', [1, '2'], '/value/1 wrongType'],
    ['name', 'between', ['b', 'a'], '/value lowAboveHigh'],
    ['birthday', 'between', ['2000-01-02', '2000-01-01'], '/value lowAboveHigh'],
    ['level', 'exists', 'yes', '/value wrongType'],
    ['level', 'exists', null, '/value wrongType'],
    ['last_seen', 'withinLast', 7, '/value wrongType'],
    ['last_seen', 'withinLast', 'P1M', '/value invalidDuration'],
    ['last_seen', 'withinLast', 'P1Y', '/value invalidDuration'],
    ['last_seen', 'withinLast', 'PT0S', '/value invalidDuration'],
    ['last_seen', 'withinLast', '-P1D', '/value invalidDuration'],
    ['birthday', 'anniversary', 7, '/value wrongType'],
    ['birthday', 'anniversary', {}, '/value/nextDays missingKey'],
    ['birthday', 'anniversary', { nextDays: -1 }, '/value/nextDays outOfRange'],
    ['birthday', 'anniversary', { nextDays: 366 }, '/value/nextDays outOfRange'],
    ['birthday', 'anniversary', { nextDays: 1.5 }, '/value/nextDays outOfRange'],
    ['birthday', 'anniversary', { nextDays: '1' }, '/value/nextDays wrongType'],
    ['birthday', 'anniversary', { nextDays: 1, lastDays: 1 }, '/value/lastDays unknownKey'],
  ])('refuses %s %s %j', async (tag, op, value, expected) => {
    expect(await refusals({ tag, op, value })).toEqual([expected]);
  });

  it('accept what lies at the limits of their types', async () => {
    for (const [tag, op, value] of [
      ['level', 'eq', Number.MAX_SAFE_INTEGER],
      ['spend', 'eq', 9_999_999_999_999.99],
      ['name', 'eq', 'x'.repeat(4096)],
      ['name', 'matches', 'x'.repeat(1000)],
      ['birthday', 'anniversary', { nextDays: 0 }],
      ['last_seen', 'withinLast', 'PT0.001S'],
    ] as const) {
      await bound({ tag, op, value });
    }
  });

  it('are held to configured limits', async () => {
    const json = { tag: 'name', op: 'eq', value: 'abcde' };
    expect(await refusals(json, { valueLimits: { stringBytesMax: 4 } })).toEqual(['/value tooLong']);
    expect(catalog.tag('name')?.valueType).toBe('string');
  });
});
