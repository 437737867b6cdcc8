import fc from 'fast-check';
import { decimalNumber, decimalOrdinal, decimalText, DECIMAL_ORDINAL_MAX, powerOfTen } from './decimal';

const scales = fc.integer({ min: 0, max: 9 });

/** The same by the book: the shortest decimal text of the double, its digits as a BigInt. */
function ordinalByText(value: number, scale: number): bigint | null {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  if (parts === null) {
    return null;
  }
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const shift = scale - fraction.length + Number(exponent);
  let digits = BigInt(whole + fraction);
  if (shift >= 0) {
    digits *= 10n ** BigInt(shift);
  } else {
    const divisor = 10n ** BigInt(-shift);
    if (digits % divisor !== 0n) {
      return null;
    }
    digits /= divisor;
  }
  return digits >= 10n ** 15n ? null : sign === '-' ? -digits : digits;
}

const awkward = fc.oneof(
  fc.double(),
  fc.double({ min: -1e7, max: 1e7 }),
  fc.double({ min: -1e-3, max: 1e-3 }),
  // Near a decimal with few digits: the neighbouring doubles must be refused.
  fc
    .tuple(fc.integer({ min: -1e15, max: 1e15 }), scales, fc.constantFrom(0, 1, -1, 2))
    .map(([ordinal, scale, nudge]) => (ordinal / 10 ** scale) * (1 + nudge * Number.EPSILON)),
  fc.constantFrom(1e15, 1e15 - 1, 999999999999999.5, 0.1 + 0.2, 5e-324, -0, 1e300, 2 ** 53, 1.005, 4.35, 0.000000001),
);

describe('decimalOrdinal', () => {
  it('agrees with arithmetic on the shortest decimal text', () => {
    fc.assert(
      fc.property(awkward, scales, (value, scale) => {
        const ordinal = decimalOrdinal(value, scale);
        const expected = Number.isFinite(value) ? ordinalByText(value, scale) : null;
        if (typeof ordinal === 'number') {
          expect(BigInt(ordinal)).toBe(expected);
          expect(Object.is(ordinal, -0)).toBe(false);
        } else {
          expect(expected).toBeNull();
        }
      }),
      { numRuns: 20_000 },
    );
  });

  it('gives every ordinal back', () => {
    fc.assert(
      fc.property(fc.integer({ min: -DECIMAL_ORDINAL_MAX, max: DECIMAL_ORDINAL_MAX }), scales, (ordinal, scale) => {
        expect(decimalOrdinal(decimalNumber(ordinal, scale), scale)).toBe(ordinal);
        expect(decimalOrdinal(Number(decimalText(ordinal, scale)), scale)).toBe(ordinal);
      }),
      { numRuns: 10_000 },
    );
  });

  it.each([
    [0.1, 1, 1],
    [4.35, 2, 435],
    [1.005, 3, 1005],
    [1e-9, 9, 1],
    [-12.5, 4, -125_000],
    [-0, 4, 0],
    [999999999999999, 0, DECIMAL_ORDINAL_MAX],
    [99999999999.9999, 4, DECIMAL_ORDINAL_MAX],
    [0.1 + 0.2, 4, 'tooManyDigits'],
    [1e-10, 9, 'tooManyDigits'],
    [0.00001, 4, 'tooManyDigits'],
    [1e15, 0, 'outOfRange'],
    [1e11, 4, 'outOfRange'],
    [Infinity, 0, 'outOfRange'],
    [NaN, 0, 'outOfRange'],
  ] as const)('%d at scale %d is %s', (value, scale, expected) => {
    expect(decimalOrdinal(value, scale)).toBe(expected);
  });
});

describe('decimalText', () => {
  it.each([
    [0, 4, '0'],
    [-500, 4, '-0.05'],
    [12_000, 3, '12'],
    [1, 9, '0.000000001'],
    [123_456n * 10n ** 20n, 2, '123456000000000000000000'],
    [-7, 0, '-7'],
  ])('%s at scale %d', (ordinal, scale, text) => {
    expect(decimalText(ordinal, scale)).toBe(text);
  });
});

it('powerOfTen refuses a scale it does not know', () => {
  expect(powerOfTen(9)).toBe(1e9);
  expect(() => powerOfTen(10)).toThrow('scale 10');
  expect(() => powerOfTen(1.5)).toThrow(RangeError);
});
