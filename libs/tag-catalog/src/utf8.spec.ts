import fc from 'fast-check';
import { compareUtf8, isWellFormed, measureUtf8, utf8Bytes } from './utf8';

/** Characters around every boundary where UTF-16 and UTF-8 might disagree, so that random strings share prefixes and differ there. */
const boundary = fc.constantFrom(
  '',
  'a',
  '\u007f',
  '\u0080',
  '\u07ff',
  '\u0800',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{10000}',
  '\u{10ffff}',
);
const wellFormed = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(boundary, { maxLength: 6 }).map((parts) => parts.join('')),
);
const anyUnits = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7ff, max: 0xe001 })), { maxLength: 8 })
  .map((units) => String.fromCharCode(...units));

describe('compareUtf8', () => {
  it('orders as the bytes do', () => {
    fc.assert(
      fc.property(wellFormed, wellFormed, (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 5000 },
    );
  });

  it('orders characters beyond U+FFFF after those below, unlike UTF-16', () => {
    expect(['\uff5e', '\u{1f600}'].sort()).toEqual(['\u{1f600}', '\uff5e']);
    expect(['\u{1f600}', '\uff5e'].sort(compareUtf8)).toEqual(['\uff5e', '\u{1f600}']);
    expect(compareUtf8('\u{1f600}', '\uff5e')).toBeGreaterThan(0);
    expect(compareUtf8('a\ue000', 'a\u{10000}')).toBeLessThan(0);
  });

  it('puts a prefix first and finds equals equal', () => {
    expect(compareUtf8('', 'a')).toBeLessThan(0);
    expect(compareUtf8('ab', 'a')).toBeGreaterThan(0);
    expect(compareUtf8('é', 'é')).toBe(0);
  });
});

describe('utf8Bytes, measureUtf8 and isWellFormed', () => {
  it('count the bytes an encoder writes', () => {
    fc.assert(
      fc.property(fc.oneof(wellFormed, anyUnits), (text) => {
        expect(utf8Bytes(text)).toBe(Buffer.byteLength(text));
      }),
      { numRuns: 3000 },
    );
  });

  it('find lone surrogates', () => {
    fc.assert(
      fc.property(fc.oneof(wellFormed, anyUnits), (text) => {
        const survives = Buffer.from(text).toString() === text;
        expect(isWellFormed(text)).toBe(survives);
        expect(measureUtf8(text)).toBe(survives ? Buffer.byteLength(text) : -1);
      }),
      { numRuns: 3000 },
    );
    expect(isWellFormed('\ud83d')).toBe(false);
    expect(isWellFormed('\ude00\ud83d')).toBe(false);
    expect(isWellFormed('\ud83d\ude00')).toBe(true);
  });
});
