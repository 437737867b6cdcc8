import { compareUtf8, type Rejection, type TagDefinition } from '@tessera/tag-catalog';

const DECIMAL_LIMIT = 10 ** 15;
const SET_VALUES_MAX = 1000;

/** The ordinal after `$inc`, or why it is refused. A field with no value counts as 0. */
export function incremented(tag: TagDefinition, before: number | undefined, by: number): number | Rejection {
  const sum = (before ?? 0) + by;
  const fits = tag.valueType === 'decimal' ? Math.abs(sum) < DECIMAL_LIMIT : Number.isSafeInteger(sum);
  if (fits) {
    return sum === 0 ? 0 : sum;
  }
  const limit =
    tag.valueType === 'decimal'
      ? `abs(value) × 10^${tag.scale} must stay below 10^15`
      : 'it must stay within ±(2^53 − 1)';
  return {
    code: 'outOfRange',
    detail: `body.${tag.name}: the increment would take the value out of its range; ${limit}. Increment by less or set the value.`,
  };
}

/** The set after `$add` or `$remove`, or why it is refused. A field with no value counts as the empty set. */
export function changedSet(
  tag: TagDefinition,
  before: readonly string[] | undefined,
  op: 'add' | 'remove',
  values: readonly string[],
): { readonly values: readonly string[] } | Rejection {
  const changed = new Set(before ?? []);
  for (const value of values) {
    if (op === 'add') {
      changed.add(value);
    } else {
      changed.delete(value);
    }
  }
  if (changed.size > SET_VALUES_MAX) {
    return {
      code: 'outOfRange',
      detail: `body.${tag.name}: the set would have ${changed.size} values, the limit is ${SET_VALUES_MAX}. Remove some first.`,
    };
  }
  return { values: [...changed].sort(compareUtf8) };
}
