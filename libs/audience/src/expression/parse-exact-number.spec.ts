import { parseExactNumber, rescaleExact } from './parse-exact-number';

it.each([
  [0, 0n, 0],
  [-0, 0n, 0],
  [0.1, 1n, 1],
  [-12.5, -125n, 1],
  [1e21, 10n ** 21n, 0],
  [1.5e300, 15n * 10n ** 299n, 0],
  [1e-7, 1n, 7],
  [1.25e-9, 125n, 11],
  [0.1 + 0.2, 30000000000000004n, 17],
  [Number.MAX_VALUE, 17976931348623157n * 10n ** 292n, 0],
  [5e-324, 5n, 324],
])('reads %d by its shortest text', (value, digits, scale) => {
  expect(parseExactNumber(value)).toEqual({ digits, scale });
});

it('rescales without loss', () => {
  expect(rescaleExact({ digits: -15n, scale: 1 }, 3)).toBe(-1500n);
});

it('refuses what is no number', () => {
  expect(() => parseExactNumber(NaN)).toThrow(RangeError);
});
