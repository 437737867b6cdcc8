import type { Bound, ValueCondition } from './plan';
import { conditionKey } from './node-key';
import { compareValues, isInRange, NEVER, oneOf, PRESENT } from './simplify-condition';

// Algebra of conditions on one value that is there. Inputs are simplified (`simplifyCondition`) and none is `absent`:
// callers keep "has no value" apart.

type OneOf = Extract<ValueCondition, { kind: 'oneOf' }>;
type Range = Extract<ValueCondition, { kind: 'range' }>;
type SetCondition = Extract<ValueCondition, { kind: 'set' }>;
type Scalar = OneOf['values'][number];

/** Lists are joined up to this many values; longer ones stay lists of their own, so that nested groups can't multiply them. */
const JOINED_VALUES_MAX = 10_000;

/** Conditions that together (all of them) say the same as the given ones: as few as can be told, at least one. */
export function conjoinConditions(conditions: readonly ValueCondition[]): readonly ValueCondition[] {
  const distinct = distinctConditions(conditions).filter((condition) => condition.kind !== 'present');
  if (distinct.some((condition) => condition.kind === 'never')) {
    return [NEVER];
  }
  const lists = distinct.filter(isOneOf);
  const allowed = lists.filter((list) => !list.negated);
  const ranges = distinct.filter(isRange);
  const range = ranges.length === 0 ? null : ranges.reduce(narrowRange);
  const refused = joinLists(lists.filter((list) => list.negated));
  const others = [
    ...joinSets(distinct.filter(isSet), ['hasAll', 'hasNone']),
    ...distinct.filter((condition) => !isOneOf(condition) && !isRange(condition) && !isSet(condition)),
  ];
  if (allowed.length > 0) {
    return [allowOnly(allowed, range, refused), ...others];
  }
  const useful = range === null ? refused : refused.flatMap((list) => refuseInside(list, range));
  const all = [...(range === null ? [] : [range]), ...useful, ...others];
  return all.length === 0 ? [PRESENT] : all;
}

/** Conditions of which at least one holds exactly where one of the given ones does: as few as can be told, at least one. */
export function disjoinConditions(conditions: readonly ValueCondition[]): readonly ValueCondition[] {
  const distinct = distinctConditions(conditions).filter((condition) => condition.kind !== 'never');
  if (distinct.some((condition) => condition.kind === 'present')) {
    return [PRESENT];
  }
  const lists = distinct.filter(isOneOf);
  const ranges = joinRanges(distinct.filter(isRange));
  const allowed = lists.filter((list) => !list.negated);
  const others = [
    ...joinSets(distinct.filter(isSet), ['hasAny']),
    ...distinct.filter((condition) => !isOneOf(condition) && !isRange(condition) && !isSet(condition)),
  ];
  const refused = lists.filter((list) => list.negated);
  if (refused.length > 0) {
    const common = refused.reduce(commonValues);
    const granted = new Set(allowed.flatMap((list) => list.values));
    const left = keepValues(common, (value) => !granted.has(value) && !ranges.some((range) => isInRange(value, range)));
    return left.values.length === 0 ? [PRESENT] : [left, ...ranges, ...others];
  }
  const outside = joinLists(allowed).flatMap((list) => {
    const kept = keepValues(list, (value) => !ranges.some((range) => isInRange(value, range)));
    return kept.values.length === 0 ? [] : [kept];
  });
  const all = [...outside, ...ranges, ...others];
  return all.length === 0 ? [NEVER] : all;
}

/** What holds for a value exactly where the condition does not; null if no single condition says that. */
export function complementCondition(condition: ValueCondition): ValueCondition | null {
  switch (condition.kind) {
    case 'present':
      return NEVER;
    case 'never':
      return PRESENT;
    case 'oneOf':
      return { ...condition, negated: !condition.negated };
    case 'range':
      if (condition.low !== null && condition.high !== null) {
        return null;
      }
      return { kind: 'range', low: opposite(condition.high), high: opposite(condition.low) };
    case 'absent':
    case 'text':
    case 'set':
    case 'anniversary':
      return null;
  }
}

function opposite(bound: Bound | null): Bound | null {
  return bound === null ? null : { value: bound.value, inclusive: !bound.inclusive };
}

function isOneOf(condition: ValueCondition): condition is OneOf {
  return condition.kind === 'oneOf';
}

function isRange(condition: ValueCondition): condition is Range {
  return condition.kind === 'range';
}

function isSet(condition: ValueCondition): condition is SetCondition {
  return condition.kind === 'set';
}

function distinctConditions(conditions: readonly ValueCondition[]): readonly ValueCondition[] {
  return [...new Map(conditions.map((condition) => [conditionKey(condition), condition])).values()];
}

function keepValues(list: OneOf, keeps: (value: Scalar) => boolean): OneOf {
  const values = list.values.filter(keeps);
  return values.length === list.values.length ? list : { ...list, values };
}

function commonValues(one: OneOf, other: OneOf): OneOf {
  const values = new Set(other.values);
  return keepValues(one, (value) => values.has(value));
}

/** The values that every list and the range allow and that no list refuses. */
function allowOnly(allowed: readonly OneOf[], range: Range | null, refused: readonly OneOf[]): ValueCondition {
  const [shortest, ...rest] = [...allowed].sort((one, other) => one.values.length - other.values.length);
  const sets = rest.map((list) => new Set(list.values));
  const bans = refused.map((list) => new Set(list.values));
  const left = (shortest?.values ?? []).filter(
    (value) =>
      sets.every((set) => set.has(value)) &&
      !bans.some((ban) => ban.has(value)) &&
      (range === null || isInRange(value, range)),
  );
  if (left.length === 0) {
    return NEVER;
  }
  return shortest?.values.length === left.length ? shortest : oneOf(left);
}

/** A list of refused values matters only inside the range that is asked for anyway. */
function refuseInside(list: OneOf, range: Range): readonly OneOf[] {
  const inside = keepValues(list, (value) => isInRange(value, range));
  return inside.values.length === 0 ? [] : [inside];
}

/** Lists of one sign joined into one, but for those that would make it too long. */
function joinLists(lists: readonly OneOf[]): readonly OneOf[] {
  const [first] = lists;
  if (first === undefined || lists.length === 1) {
    return lists;
  }
  const joined = joinValues(lists);
  return joined.values === null ? joined.rest : [{ ...first, values: joined.values }, ...joined.rest];
}

function joinSets(sets: readonly SetCondition[], joinable: readonly SetCondition['op'][]): readonly SetCondition[] {
  return (['hasAny', 'hasAll', 'hasNone'] as const).flatMap((op): readonly SetCondition[] => {
    const ofOperator = sets.filter((set) => set.op === op);
    if (ofOperator.length < 2 || !joinable.includes(op)) {
      return ofOperator;
    }
    const joined = joinValues(ofOperator);
    return joined.values === null ? joined.rest : [{ kind: 'set', op, values: joined.values }, ...joined.rest];
  });
}

interface ListOf<T extends Scalar> {
  readonly values: readonly T[];
}

function joinValues<T extends Scalar, L extends ListOf<T>>(
  lists: readonly (L & ListOf<T>)[],
): { readonly values: readonly T[] | null; readonly rest: readonly L[] } {
  const values = new Set<T>();
  const rest: L[] = [];
  let joined = 0;
  for (const list of [...lists].sort((one, other) => one.values.length - other.values.length)) {
    if (values.size + list.values.length > JOINED_VALUES_MAX) {
      rest.push(list);
    } else {
      joined += 1;
      list.values.forEach((value) => values.add(value));
    }
  }
  return joined < 2 ? { values: null, rest: lists } : { values: [...values].sort(compareValues), rest };
}

function narrowRange(one: Range, other: Range): Range {
  const low = tighterBound(one.low, other.low, 1);
  const high = tighterBound(one.high, other.high, -1);
  return { kind: 'range', low, high };
}

/** `direction` 1: the greater of two lower ends; −1: the lesser of two upper ends. */
function tighterBound(one: Bound | null, other: Bound | null, direction: 1 | -1): Bound | null {
  if (one === null || other === null) {
    return one ?? other;
  }
  const order = compareValues(one.value, other.value) * direction;
  if (order === 0) {
    return one.inclusive ? other : one;
  }
  return order > 0 ? one : other;
}

function joinRanges(ranges: readonly Range[]): readonly Range[] {
  const joined: Range[] = [];
  for (const range of [...ranges].sort(compareLows)) {
    const previous = joined.at(-1);
    if (previous === undefined || !touches(previous.high, range.low)) {
      joined.push(range);
    } else {
      joined[joined.length - 1] = { kind: 'range', low: previous.low, high: widerHigh(previous.high, range.high) };
    }
  }
  return joined;
}

function compareLows(one: Range, other: Range): number {
  if (one.low === null || other.low === null) {
    return (one.low === null ? 0 : 1) - (other.low === null ? 0 : 1);
  }
  return compareValues(one.low.value, other.low.value) || Number(other.low.inclusive) - Number(one.low.inclusive);
}

/** Whether no value lies between the upper end of one range and the lower end of the next. */
function touches(high: Bound | null, low: Bound | null): boolean {
  if (high === null || low === null) {
    return true;
  }
  if (typeof high.value === 'number' && typeof low.value === 'number') {
    const most = high.value - (high.inclusive ? 0 : 1);
    const least = low.value + (low.inclusive ? 0 : 1);
    return least <= most + 1;
  }
  const order = compareValues(high.value, low.value);
  return order > 0 || (order === 0 && (high.inclusive || low.inclusive));
}

function widerHigh(one: Bound | null, other: Bound | null): Bound | null {
  if (one === null || other === null) {
    return null;
  }
  const order = compareValues(one.value, other.value);
  if (order === 0) {
    return one.inclusive ? one : other;
  }
  return order > 0 ? one : other;
}
