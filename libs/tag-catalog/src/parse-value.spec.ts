import fc from 'fast-check';
import { incrementOrdinal } from './change-value';
import { operatorsFor } from './operators-for';
import { formatValue, parseValue, SET_VALUES_MAX } from './parse-value';
import { compareUtf8 } from './utf8';
import { VALUE_TYPES } from './value-type';
import type { TagValue, ValueSpec, ValueType } from './value-type';

function spec(valueType: ValueType, extra: Partial<ValueSpec> = {}): ValueSpec {
  return {
    valueType,
    scale: valueType === 'decimal' ? 4 : 0,
    values: valueType === 'enum' ? ['gold', 'silver', ''] : [],
    ...extra,
  };
}

function read(valueType: ValueType, json: unknown, extra: Partial<ValueSpec> = {}): TagValue | { code: string } {
  const parsed = parseValue(spec(valueType, extra), json);
  return parsed.ok ? parsed.value : { code: parsed.code };
}

describe('parseValue accepts', () => {
  it.each<[ValueType, unknown, TagValue]>([
    ['bool', true, true],
    ['bool', false, false],
    ['int', 5, 5],
    ['int', JSON.parse('5.0'), 5],
    ['int', JSON.parse('5e0'), 5],
    ['int', 9007199254740991, 9007199254740991],
    ['int', -9007199254740991, -9007199254740991],
    ['decimal', 12.5, 125_000],
    ['decimal', -0.0001, -1],
    ['string', '', ''],
    ['string', 'é\u{1f600}', 'é\u{1f600}'],
    ['string', '__proto__', '__proto__'],
    ['enum', 'gold', 'gold'],
    ['enum', '', ''],
    ['date', '1970-01-02', 1],
    ['datetime', '1970-01-01T00:00:01.5Z', 1500],
    ['set', [], []],
    ['set', [''], ['']],
    ['set', ['b', 'a', 'b'], ['a', 'b']],
    ['set', ['\u{1f600}', '\uff5e'], ['\uff5e', '\u{1f600}']],
  ])('%s %j', (valueType, json, value) => {
    expect(read(valueType, json)).toEqual(value);
  });

  it('minus zero as zero', () => {
    expect(Object.is(read('int', -0), 0)).toBe(true);
    expect(Object.is(read('decimal', -0), 0)).toBe(true);
  });

  it('strings up to the limit in bytes, not in characters', () => {
    expect(read('string', 'é'.repeat(2048))).toBe('é'.repeat(2048));
    expect(read('string', 'é'.repeat(2049))).toEqual({ code: 'tooLong' });
    expect(parseValue(spec('string'), 'four', { stringBytesMax: 4 }).ok).toBe(true);
    expect(parseValue(spec('string'), 'fives', { stringBytesMax: 4 }).ok).toBe(false);
    expect(parseValue(spec('set'), ['fives'], { stringBytesMax: 4 }).ok).toBe(false);
  });

  it('sets of up to 1,000 distinct strings, however often repeated', () => {
    const thousand = Array.from({ length: SET_VALUES_MAX }, (_, index) => `v${index}`);
    expect(read('set', [...thousand, ...thousand])).toEqual([...thousand].sort());
    expect(read('set', [...thousand, 'one more'])).toEqual({ code: 'tooMany' });
  });

  it('values of an enum too long to search one by one', () => {
    const values = Array.from({ length: 300 }, (_, index) => `city_${index}`);
    expect(read('enum', 'city_299', { values })).toBe('city_299');
    expect(read('enum', 'city_300', { values })).toEqual({ code: 'notListed' });
    expect(read('enum', 'constructor', { values })).toEqual({ code: 'notListed' });
  });
});

describe('parseValue refuses', () => {
  it.each<[ValueType, unknown, string]>([
    ['bool', 'true', 'wrongType'],
    ['bool', 1, 'wrongType'],
    ['bool', null, 'wrongType'],
    ['int', '5', 'wrongType'],
    ['int', true, 'wrongType'],
    ['int', 1.5, 'notInteger'],
    ['int', 9007199254740992, 'outOfRange'],
    ['int', NaN, 'invalidNumber'],
    ['int', -Infinity, 'invalidNumber'],
    ['decimal', '1.5', 'wrongType'],
    ['decimal', null, 'wrongType'],
    ['decimal', 0.00001, 'tooManyDigits'],
    ['decimal', 1e11, 'outOfRange'],
    ['decimal', Infinity, 'invalidNumber'],
    ['decimal', NaN, 'invalidNumber'],
    ['string', 5, 'wrongType'],
    ['string', ['a'], 'wrongType'],
    ['string', '\ud800', 'illFormed'],
    ['enum', 'bronze', 'notListed'],
    ['enum', 'toString', 'notListed'],
    ['enum', 1, 'wrongType'],
    ['date', 20260101, 'wrongType'],
    ['date', '2026-02-30', 'invalidDate'],
    ['datetime', 0, 'wrongType'],
    ['datetime', '2026-01-01T00:00:00', 'invalidDatetime'],
    ['datetime', '2026-01-01', 'invalidDatetime'],
    ['set', 'a', 'wrongType'],
    ['set', ['a', 1], 'wrongType'],
    ['set', { 0: 'a' }, 'wrongType'],
    ['set', ['\udc00'], 'illFormed'],
    ['set', ['x'.repeat(4097)], 'tooLong'],
    ['int', undefined, 'wrongType'],
    ['string', {}, 'wrongType'],
  ])('%s %j: %s', (valueType, json, code) => {
    expect(read(valueType, json)).toEqual({ code });
  });

  it('with a message that names input, limit and fix', () => {
    expect(parseValue(spec('decimal'), 1.23456)).toMatchObject({
      message: '1.23456 has more than the 4 fraction digits declared; round it before sending',
    });
    expect(parseValue(spec('decimal'), 1e12)).toMatchObject({ message: expect.stringContaining('±99999999999.9999') });
    expect(parseValue(spec('enum'), 'x'.repeat(500))).toMatchObject({ message: expect.stringContaining('…') });
  });
});

const values = {
  bool: fc.boolean(),
  int: fc.maxSafeInteger().map((value) => (value === 0 ? 0 : value)),
  decimal: fc
    .integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 })
    .map((value) => (value === 0 ? 0 : value)),
  string: fc.string({ unit: 'binary' }),
  enum: fc.constantFrom('gold', 'silver', ''),
  date: fc.integer({ min: -354_285, max: 2_932_896 }),
  datetime: fc.integer({ min: -30_610_224_000_000, max: 253_402_300_799_999 }),
  set: fc.uniqueArray(fc.string({ unit: 'binary' })).map((set) => [...set].sort(compareUtf8)),
} satisfies Record<ValueType, fc.Arbitrary<TagValue>>;

describe('formatValue', () => {
  it.each(VALUE_TYPES)('of %s is read back, through JSON text too', (valueType) => {
    fc.assert(
      fc.property(values[valueType], fc.integer({ min: 0, max: 9 }), (value: TagValue, scale) => {
        const field = spec(valueType, valueType === 'decimal' ? { scale } : {});
        const json: unknown = JSON.parse(JSON.stringify(formatValue(field, value)));
        expect(parseValue(field, json)).toEqual({ ok: true, value });
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a value of another type', () => {
    expect(() => formatValue(spec('date'), 'x')).toThrow(TypeError);
  });
});

describe('changes', () => {
  it('increments stay in the range of the type', () => {
    const int = spec('int');
    expect(incrementOrdinal(int, 0, 5)).toBe(5);
    expect(Object.is(incrementOrdinal(int, 5, -5), 0)).toBe(true);
    expect(incrementOrdinal(int, Number.MAX_SAFE_INTEGER, 1)).toBeNull();
    expect(incrementOrdinal(int, Number.MAX_SAFE_INTEGER, 2)).toBeNull();
    expect(incrementOrdinal(int, -Number.MAX_SAFE_INTEGER, -2)).toBeNull();
    expect(incrementOrdinal(int, Number.MAX_SAFE_INTEGER - 1, 1)).toBe(Number.MAX_SAFE_INTEGER);
    expect(incrementOrdinal(spec('decimal'), 999_999_999_999_999, 1)).toBeNull();
    expect(incrementOrdinal(spec('decimal'), 999_999_999_999_998, 1)).toBe(999_999_999_999_999);
  });
});

describe('operatorsFor', () => {
  it.each<[ValueType, string]>([
    ['bool', 'eq ne exists'],
    ['int', 'eq ne in notIn gt gte lt lte between exists'],
    ['decimal', 'eq ne in notIn gt gte lt lte between exists'],
    ['string', 'eq ne in notIn gt gte lt lte between exists contains startsWith endsWith matches'],
    ['enum', 'eq ne in notIn exists'],
    ['date', 'eq ne in notIn gt gte lt lte between exists before after withinLast anniversary'],
    ['datetime', 'eq ne in notIn gt gte lt lte between exists before after withinLast anniversary'],
    ['set', 'hasAny hasAll hasNone exists'],
  ])('%s', (valueType, operators) => {
    expect(operatorsFor(valueType).join(' ')).toBe(operators);
  });
});
