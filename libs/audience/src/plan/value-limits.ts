import { DATE_MAX, DATE_MIN, DECIMAL_ORDINAL_MAX, INSTANT_MAX_MS, INSTANT_MIN_MS } from '@tessera/tag-catalog';
import type { ValueSpec } from '@tessera/tag-catalog';

/** Least and greatest ordinal, both included. */
export interface OrdinalLimits {
  readonly low: number;
  readonly high: number;
}

// MEANING section 1: no stored value lies outside.
const INT: OrdinalLimits = { low: Number.MIN_SAFE_INTEGER, high: Number.MAX_SAFE_INTEGER };
const DECIMAL: OrdinalLimits = { low: -DECIMAL_ORDINAL_MAX, high: DECIMAL_ORDINAL_MAX };
const DATE: OrdinalLimits = { low: DATE_MIN, high: DATE_MAX };
const DATETIME: OrdinalLimits = { low: INSTANT_MIN_MS, high: INSTANT_MAX_MS };
const NONE: OrdinalLimits = { low: -Infinity, high: Infinity };

/** Counts of rows and of distinct values. */
export const COUNT_LIMITS: OrdinalLimits = { low: 0, high: Number.MAX_SAFE_INTEGER };

/** Limits of the ordinals of a type; infinite for a type whose values are not numbers. */
export function ordinalLimits(spec: ValueSpec): OrdinalLimits {
  switch (spec.valueType) {
    case 'int':
      return INT;
    case 'decimal':
      return DECIMAL;
    case 'date':
      return DATE;
    case 'datetime':
      return DATETIME;
    case 'bool':
    case 'string':
    case 'enum':
    case 'set':
      return NONE;
  }
}
