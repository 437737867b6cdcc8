import { incrementOrdinal, type Rejection, SET_VALUES_MAX, type TagDefinition } from '@tessera/tag-catalog';
import { decimalText, DECIMAL_ORDINAL_MAX } from '@tessera/tag-catalog';

/** Why `$inc` on a field is refused; null: it is not. A field with no value counts as 0. */
export function refuseIncrement(tag: TagDefinition, before: number | undefined, by: number): Rejection | null {
  if (incrementOrdinal(tag, before ?? 0, by) !== null) {
    return null;
  }
  const most = tag.valueType === 'decimal' ? DECIMAL_ORDINAL_MAX : Number.MAX_SAFE_INTEGER;
  return {
    code: 'outOfRange',
    detail: `body.${tag.name}: the increment would take the value past ±${decimalText(most, tag.scale)}. Increment by less or set the value.`,
  };
}

/** Why `$add` on a set is refused, given the size it would have; null: it is not. */
export function refuseSetSize(tag: TagDefinition, size: number): Rejection | null {
  return size <= SET_VALUES_MAX
    ? null
    : {
        code: 'outOfRange',
        detail: `body.${tag.name}: the set would have ${size} values, the limit is ${SET_VALUES_MAX}. Remove some first.`,
      };
}
