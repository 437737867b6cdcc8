import { locateJsonError } from './locate-json-error';
import { firstInvalidByte, parseJsonBytes } from './parse-json';

describe('parseJsonBytes', () => {
  it('reads a value', () => {
    expect(parseJsonBytes(Buffer.from('{"a": [1, "é"]}'))).toEqual({ ok: true, value: { a: [1, 'é'] } });
  });

  it('keeps __proto__ as an own key', () => {
    const parsed = parseJsonBytes(Buffer.from('{"__proto__": {"x": 1}}'));
    expect(parsed.ok && Object.keys(parsed.value as object)).toEqual(['__proto__']);
  });

  it.each([
    ['', 0, 'the text is empty'],
    ['   ', 3, 'the text is empty'],
    ['{"a": }', 6, 'expected a value'],
    ['{"a" 1}', 5, 'expected :'],
    ['{"a": 1', 7, 'ends too early'],
    ['{"a": 1,}', 8, 'expected a key'],
    ['{a: 1}', 1, 'expected a key'],
    ['[1,]', 3, 'expected a value'],
    ['[1 2]', 3, 'expected ,'],
    ['[1] x', 4, 'more text after the value'],
    ['[01]', 2, 'expected ,'],
    ['[NaN]', 1, 'expected a value or ]'],
    ['[-Infinity]', 1, 'expected a value'],
    ['["\\x"]', 2, 'bad escape'],
    ['["\\u12"]', 2, 'bad escape'],
    ['["a\tb"]', 3, 'control character'],
    ['["abc', 1, 'not closed'],
    ["['a']", 1, 'expected a value or ]'],
    ['nul', 0, 'expected a value'],
    ['{"a": 1}}', 8, 'more text'],
  ])('names the place of the fault in %j', (text, position, reason) => {
    const parsed = parseJsonBytes(Buffer.from(text));
    expect(parsed).toMatchObject({ ok: false, code: 'invalidJson', position });
    expect(!parsed.ok && parsed.message).toContain(reason);
  });

  it('names line and column', () => {
    expect(locateJsonError('{\n  "a": 1,\n  b: 2\n}')).toEqual({
      offset: 14,
      line: 3,
      column: 3,
      reason: 'expected a key in double quotes',
    });
  });

  it('finds a fault under a million open brackets', () => {
    const text = '['.repeat(1_000_000);
    expect(locateJsonError(text).offset).toBe(1_000_000);
  });

  it('refuses bytes that are not UTF-8 and names the first', () => {
    expect(parseJsonBytes(Buffer.from([0x22, 0x61, 0xff, 0x22]))).toMatchObject({ code: 'invalidUtf8', position: 2 });
  });

  it.each([
    [[0xff], 0],
    [[0x61, 0x80, 0x62], 1],
    [[0x61, 0xe4, 0xb8], 1],
    [[0xc0, 0xaf], 0],
    [[0x61, 0xed, 0xa0, 0x80], 1],
    [[0xf0, 0x9f, 0x98, 0x80, 0xf5], 4],
    [[0x61, 0xe4, 0xb8, 0xad, 0x62, 0xc3], 5],
  ])('finds the first broken byte of %j', (bytes, position) => {
    expect(firstInvalidByte(Buffer.from(bytes))).toBe(position);
  });

  it('finds a broken byte deep inside', () => {
    const bytes = Buffer.concat([
      Buffer.from('中'.repeat(10_000)),
      Buffer.from([0xff]),
      Buffer.from('中'.repeat(10_000)),
    ]);
    expect(firstInvalidByte(bytes)).toBe(30_000);
  });
});
