import { ValidateBy } from 'class-validator';

/** Of query parameters, which are texts: decimal digits, from `least` to `most`. Read it with `Number`. */
export function IsWholeNumberText(least: number, most: number): PropertyDecorator {
  return ValidateBy({
    name: 'isWholeNumberText',
    constraints: [least, most],
    validator: {
      validate: (value: unknown) =>
        typeof value === 'string' && /^\d{1,15}$/.test(value) && Number(value) >= least && Number(value) <= most,
      defaultMessage: (validation) =>
        `${validation?.property ?? 'the parameter'} must be a whole number from ${least} to ${most}, in digits`,
    },
  });
}
