import type { TagValue, ValueSpec, ValueType } from '@tessera/tag-catalog';
import type { ValueCondition } from '../plan/plan';
import { compileCondition } from './compile-condition';

function spec(valueType: ValueType): ValueSpec {
  return { valueType, scale: 0, values: [] };
}

function kept(condition: ValueCondition, valueType: ValueType, values: readonly TagValue[]): readonly TagValue[] {
  return values.filter(compileCondition(condition, spec(valueType)));
}

describe('compileCondition', () => {
  it('takes a value that is there for present, never for absent', () => {
    expect(kept({ kind: 'present' }, 'string', ['', 'a'])).toEqual(['', 'a']);
    expect(kept({ kind: 'absent' }, 'string', ['', 'a'])).toEqual([]);
    expect(kept({ kind: 'never' }, 'string', ['', 'a'])).toEqual([]);
  });

  it('compares lists by value and type', () => {
    expect(kept({ kind: 'oneOf', values: [1, 3], negated: false }, 'int', [0, 1, 2, 3])).toEqual([1, 3]);
    expect(kept({ kind: 'oneOf', values: [1], negated: true }, 'int', [0, 1])).toEqual([0]);
    expect(kept({ kind: 'oneOf', values: [false], negated: false }, 'bool', [false, true])).toEqual([false]);
    expect(kept({ kind: 'oneOf', values: ['1', ''], negated: false }, 'string', ['', '1', '2'])).toEqual(['', '1']);
  });

  it('honours open, inclusive and exclusive ends of numbers', () => {
    const range = (low: number | null, lowIn: boolean, high: number | null, highIn: boolean): ValueCondition => ({
      kind: 'range',
      low: low === null ? null : { value: low, inclusive: lowIn },
      high: high === null ? null : { value: high, inclusive: highIn },
    });
    const values = [-1, 0, 1, 2];
    expect(kept(range(0, true, 1, true), 'int', values)).toEqual([0, 1]);
    expect(kept(range(0, false, 2, false), 'int', values)).toEqual([1]);
    expect(kept(range(null, true, 0, false), 'int', values)).toEqual([-1]);
    expect(kept(range(Number.MAX_SAFE_INTEGER, false, null, true), 'int', [Number.MAX_SAFE_INTEGER])).toEqual([]);
  });

  it('orders texts by their UTF-8 bytes, not by UTF-16 units', () => {
    // U+FFFF comes after U+1F600 in UTF-16 units, before it in bytes.
    const above: ValueCondition = { kind: 'range', low: { value: '\uffff', inclusive: false }, high: null };
    expect(kept(above, 'string', ['a', '\uffff', '\u{1f600}'])).toEqual(['\u{1f600}']);
    const upTo: ValueCondition = { kind: 'range', low: null, high: { value: 'a', inclusive: true } };
    expect(kept(upTo, 'string', ['', 'a', 'aa', 'b'])).toEqual(['', 'a']);
  });

  it.each<['contains' | 'startsWith' | 'endsWith' | 'matches', string, readonly string[]]>([
    ['contains', 'b', ['abc', 'b\nc']],
    ['startsWith', 'a', ['abc', 'a\nc']],
    ['endsWith', 'c', ['abc', 'a\nc', 'b\nc']],
    ['contains', '', ['', 'abc', 'a\nc', 'b\nc']],
    ['matches', 'b', ['abc', 'b\nc']],
    ['matches', '^a.c$', ['abc']],
    ['matches', '(?s)^a.c$', ['abc', 'a\nc']],
  ])('%s %j', (op, text, expected) => {
    expect(kept({ kind: 'text', op, text }, 'string', ['', 'abc', 'a\nc', 'b\nc'])).toEqual(expected);
  });

  it('compares sets', () => {
    const sets = [[], ['a'], ['a', 'b'], ['c']];
    const condition = (op: 'hasAny' | 'hasAll' | 'hasNone'): ValueCondition => ({
      kind: 'set',
      op,
      values: ['a', 'b'],
    });
    expect(kept(condition('hasAny'), 'set', sets)).toEqual([['a'], ['a', 'b']]);
    expect(kept(condition('hasAll'), 'set', sets)).toEqual([['a', 'b']]);
    expect(kept(condition('hasNone'), 'set', sets)).toEqual([[], ['c']]);
  });

  it('takes the month and day of an instant in the zone', () => {
    const condition: ValueCondition = { kind: 'anniversary', monthDays: [101], timeZone: 'Asia/Shanghai' };
    const midnightMs = Date.UTC(1999, 11, 31, 16);
    expect(kept(condition, 'datetime', [midnightMs - 1, midnightMs])).toEqual([midnightMs]);
  });
});
