import type { ValueType } from './value-type';

const NUMBER_OPERATORS = ['eq', 'ne', 'in', 'notIn', 'gt', 'gte', 'lt', 'lte', 'between', 'exists'] as const;
const TIME_OPERATORS = [...NUMBER_OPERATORS, 'before', 'after', 'withinLast', 'anniversary'] as const;

const OPERATORS = {
  bool: ['eq', 'ne', 'exists'],
  int: NUMBER_OPERATORS,
  decimal: NUMBER_OPERATORS,
  string: [...NUMBER_OPERATORS, 'contains', 'startsWith', 'endsWith', 'matches'],
  enum: ['eq', 'ne', 'in', 'notIn', 'exists'],
  date: TIME_OPERATORS,
  datetime: TIME_OPERATORS,
  set: ['hasAny', 'hasAll', 'hasNone', 'exists'],
} as const satisfies { readonly [type in ValueType]: readonly string[] };

/** The operators a value of this type takes (MEANING section 1), in the order they are offered. */
export function operatorsFor(valueType: ValueType): readonly string[] {
  return OPERATORS[valueType];
}
