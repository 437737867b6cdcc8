import type { TagDefinition, TagValue } from '@tessera/tag-catalog';
import { formatValue, isOrdinalType, SET_VALUES_MAX } from '@tessera/tag-catalog';
import { compileCondition } from '../engine/compile-condition';
import type { TagTest, TimedValue, ValueCondition } from '../plan/plan';
import { isValid } from './compiled-tests';
import type { LeafChange } from './membership-explanation';
import { choicesOf, nearestOrdinal } from './nearest-value';
import { formatDifference, formatSome, inWords, listInWords, moveInWords } from './show-values';

/** What is wanted of the tag's value; `value` undefined: it has none. */
interface Wish {
  readonly tag: TagDefinition;
  readonly condition: ValueCondition;
  readonly value: TagValue | undefined;
  readonly wanted: boolean;
}

/** The smallest change of the tag that flips its predicate; null: none does. */
export function changeOfTag(test: TagTest, stored: TimedValue | undefined, member: boolean): LeafChange | null {
  const { tag, condition } = test;
  const value = stored !== undefined && isValid(test, stored) ? stored.value : undefined;
  const wanted = !member;
  const clearing = test.includeMissing || condition.kind === 'absent';
  const canClear = value !== undefined && clearing === wanted;
  const change =
    value === undefined && stored !== undefined && compileCondition(condition, tag)(stored.value) === wanted
      ? writeAgain(tag, stored.value)
      : otherValue({ tag, condition, value, wanted });
  if (change === null) {
    return canClear ? { kind: 'clearValue', text: `${tag.name} would have to be cleared`, byMessage: true } : null;
  }
  return canClear ? { ...change, orClear: true, text: `${change.text}, or to be cleared` } : change;
}

function writeAgain(tag: TagDefinition, value: TagValue): LeafChange {
  const to = formatValue(tag, value);
  return {
    kind: 'setValue',
    text: `${tag.name} has expired: writing ${inWords(to)} again would do`,
    to,
    byMessage: true,
  };
}

function otherValue(wish: Wish): LeafChange | null {
  const { tag, condition, value, wanted } = wish;
  if (condition.kind === 'absent' || condition.kind === 'present' || condition.kind === 'never') {
    // Any value satisfies `present` and none the others, so writing one flips the leaf only if it has none.
    const anyValueDoes = (condition.kind === 'present') === wanted;
    return anyValueDoes && value === undefined
      ? { kind: 'setValue', text: `${tag.name} would have to get a value, any one`, byMessage: true }
      : null;
  }
  if (condition.kind === 'set') {
    return changeOfSet(wish, condition);
  }
  if (isOrdinalType(tag.valueType)) {
    return otherOrdinal(wish);
  }
  return tag.valueType === 'string' ? otherText(wish) : otherChoice(wish);
}

function withFrom(wish: Wish): { readonly from?: ReturnType<typeof formatValue> } {
  return wish.value === undefined ? {} : { from: formatValue(wish.tag, wish.value) };
}

function otherOrdinal(wish: Wish): LeafChange | null {
  const { tag, condition, value, wanted } = wish;
  const from = typeof value === 'number' ? value : null;
  const nearest = nearestOrdinal(condition, tag, from, wanted);
  if (nearest === null) {
    return condition.kind === 'anniversary' && from === null
      ? { kind: 'setValue', text: `${tag.name} would have to get a value on a fitting day`, byMessage: true }
      : null;
  }
  const to = formatValue(tag, nearest);
  if (from === null) {
    return {
      kind: 'setValue',
      text: `${tag.name} has no value: it would have to get one, such as ${inWords(to)}`,
      to,
      byMessage: true,
    };
  }
  return {
    kind: 'setValue',
    text: `${tag.name} would have to ${moveInWords(tag, nearest - from)}, to ${inWords(to)}`,
    ...withFrom(wish),
    to,
    by: formatDifference(tag, nearest - from),
    byMessage: true,
  };
}

function otherChoice(wish: Wish): LeafChange | null {
  const choices = choicesOf(wish.condition, wish.tag, wish.wanted);
  return choices.length === 0 ? null : oneOfChange(wish, choices);
}

function oneOfChange(wish: Wish, choices: readonly TagValue[]): LeafChange {
  const values = formatSome(wish.tag, choices);
  const [to] = values;
  return {
    kind: 'setValue',
    text: `${wish.tag.name} would have to be ${listInWords(values, choices.length, 'or')}`,
    ...withFrom(wish),
    ...(to === undefined ? {} : { to }),
    values,
    count: 1,
    choices: choices.length,
    byMessage: true,
  };
}

const TEXT_OPERATORS = {
  contains: 'contain',
  startsWith: 'begin with',
  endsWith: 'end with',
  matches: 'match',
} as const;

function otherText(wish: Wish): LeafChange {
  const { tag, condition, wanted } = wish;
  const change = (text: string): LeafChange => ({ kind: 'setValue', text, ...withFrom(wish), byMessage: true });
  if (condition.kind === 'oneOf') {
    const { values } = condition;
    return condition.negated !== wanted
      ? oneOfChange(wish, values)
      : change(
          `${tag.name} would have to be anything but ${listInWords(formatSome(tag, values), values.length, 'and')}`,
        );
  }
  const not = wanted ? '' : 'not ';
  if (condition.kind === 'text') {
    return change(`${tag.name} would have to ${not}${TEXT_OPERATORS[condition.op]} ${JSON.stringify(condition.text)}`);
  }
  const range = condition.kind === 'range' ? rangeInWords(condition) : 'one that fits';
  return change(`${tag.name} would have to ${not}be ${range}`);
}

function rangeInWords(range: Extract<ValueCondition, { kind: 'range' }>): string {
  const low =
    range.low === null ? [] : [`${range.low.inclusive ? 'at or after' : 'after'} ${JSON.stringify(range.low.value)}`];
  const high =
    range.high === null
      ? []
      : [`${range.high.inclusive ? 'at or before' : 'before'} ${JSON.stringify(range.high.value)}`];
  return `${[...low, ...high].join(' and ')} in the order of bytes`;
}

function changeOfSet(wish: Wish, condition: Extract<ValueCondition, { kind: 'set' }>): LeafChange | null {
  const { value, wanted } = wish;
  const present = new Set(typeof value === 'object' ? value : []);
  const held = condition.values.filter((element) => present.has(element));
  const lacking = condition.values.filter((element) => !present.has(element));
  if (condition.op === 'hasAll') {
    if (!wanted) {
      return elementsChange(wish, 'removeElements', held, Math.min(held.length, 1));
    }
    // A set can't hold more, so it can't have all of them.
    return condition.values.length > SET_VALUES_MAX
      ? null
      : elementsChange(wish, 'addElements', lacking, lacking.length);
  }
  return (condition.op === 'hasAny') === wanted
    ? elementsChange(wish, 'addElements', lacking, 1)
    : elementsChange(wish, 'removeElements', held, held.length);
}

/** @param count how many of the elements have to be gained or lost; none: any value without them does. */
function elementsChange(
  wish: Wish,
  kind: 'addElements' | 'removeElements',
  elements: readonly string[],
  count: number,
): LeafChange {
  const { tag } = wish;
  if (elements.length === 0) {
    return {
      kind: 'setValue',
      text: `${tag.name} would have to get a value, such as the empty set`,
      to: [],
      byMessage: true,
    };
  }
  const values = formatSome(tag, elements);
  const verb = kind === 'addElements' ? 'gain' : 'lose';
  const isAll = count === elements.length;
  const which = listInWords(values, elements.length, isAll ? 'and' : 'or');
  return {
    kind,
    text: `${tag.name} would have to ${verb} ${isAll ? '' : `${count} of `}${which}`,
    ...withFrom(wish),
    values,
    count,
    choices: elements.length,
    byMessage: true,
  };
}
