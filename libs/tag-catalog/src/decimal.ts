/** Fraction digits of a decimal that declares none. */
export const DECIMAL_SCALE_DEFAULT = 4;
export const DECIMAL_SCALE_MAX = 9;
/**
 * Largest ordinal (value × 10^scale) of a decimal, either sign: 15 digits. Every decimal of at most 15 significant digits
 * has a double of its own, which is what makes the conversions here exact.
 */
export const DECIMAL_ORDINAL_MAX = 999_999_999_999_999;

const POWERS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const;

/** 10^scale, scale 0 to 9. */
export function powerOfTen(scale: number): number {
  const power = POWERS[scale];
  if (power === undefined) {
    throw new RangeError(`scale ${scale} is outside 0 to ${DECIMAL_SCALE_MAX}`);
  }
  return power;
}

/**
 * The ordinal of the decimal that a finite double stands for (the shortest decimal text that reads as this double), exactly:
 * nothing is ever rounded.
 *
 * Why the division proves it: the candidate and the power of ten are exact doubles, so their quotient is the double nearest to
 * candidate / 10^scale. If that is the input, the input is what this decimal of at most 15 digits reads as, and no
 * other decimal of at most 15 digits does. And a value that fits is never missed: scaling it is off by less than a quarter.
 */
export function decimalOrdinal(value: number, scale: number): number | 'outOfRange' | 'tooManyDigits' {
  const power = powerOfTen(scale);
  const scaled = value * power;
  if (!(Math.abs(scaled) < DECIMAL_ORDINAL_MAX + 1)) {
    return 'outOfRange';
  }
  const ordinal = Math.round(scaled);
  if (ordinal / power !== value) {
    return 'tooManyDigits';
  }
  return ordinal === 0 ? 0 : ordinal; // −0 is 0
}

/** The double that stands for an ordinal of a decimal; its shortest text is that decimal. */
export function decimalNumber(ordinal: number, scale: number): number {
  return ordinal / powerOfTen(scale);
}

/** The plain decimal text of value × 10^scale, without exponent and trailing zeros, at any size: `-0.05`, `12`. */
export function decimalText(scaled: number | bigint, scale: number): string {
  const text = BigInt(scaled).toString();
  const sign = text.startsWith('-') ? '-' : '';
  const digits = text.slice(sign.length).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
