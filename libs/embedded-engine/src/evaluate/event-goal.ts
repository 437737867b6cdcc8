import type { ValueCondition } from '@tessera/audience';

/** The whole numbers from `low` to `high`, both included (−Infinity and Infinity: no end), or all others if `negated`. */
export interface NumberRange {
  readonly low: number;
  readonly high: number;
  readonly negated: boolean;
}

/** The condition on ordinals as a range; null where it is none. An exclusive end is the next whole number. */
export function rangeOf(condition: ValueCondition): NumberRange | null {
  switch (condition.kind) {
    case 'present':
      return { low: -Infinity, high: Infinity, negated: false };
    case 'range': {
      const { low, high } = condition;
      if (typeof low?.value === 'string' || typeof high?.value === 'string') {
        return null;
      }
      return {
        low: low === null ? -Infinity : low.value + (low.inclusive ? 0 : 1),
        high: high === null ? Infinity : high.value - (high.inclusive ? 0 : 1),
        negated: false,
      };
    }
    case 'oneOf': {
      const [only, second] = condition.values;
      return typeof only === 'number' && second === undefined
        ? { low: only, high: only, negated: condition.negated }
        : null;
    }
    default:
      return null;
  }
}
