/** `digits` × 10^−`scale`, exactly. */
export interface ExactNumber {
  readonly digits: bigint;
  /** Fraction digits needed, the fewest that will do. */
  readonly scale: number;
}

/**
 * Reads a finite double as the decimal number that its shortest text says (ECMA-262 Number::toString): 0.1 is one tenth,
 * 1e300 is 10^300.
 */
export function parseExactNumber(value: number): ExactNumber {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  if (parts === null) throw new RangeError(`${value} is no finite number`);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const digits = BigInt(`${sign}${whole}${fraction}`);
  const shift = Number(exponent) - fraction.length;
  return shift >= 0 ? { digits: digits * 10n ** BigInt(shift), scale: 0 } : { digits, scale: -shift };
}

/** The same number with `scale` fraction digits, which must be enough. */
export function rescaleExact(value: ExactNumber, scale: number): bigint {
  return value.digits * 10n ** BigInt(scale - value.scale);
}
