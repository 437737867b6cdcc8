import { compileCondition, type Bound, type TagTest, type ValueCondition } from '@tessera/audience';
import { IntersectSet, type LazySet, nobody, PlainSet, Without } from '../bitmaps/lazy-set';
import { filterBitmap } from '../bitmaps/scratch';
import { ScalarShard } from '../tags/scalar-shard';
import type { SetShard } from '../tags/set-shard';
import type { TagState } from '../tags/tag-state';
import { codesMatching } from './code-matches';
import type { EvaluationState } from './evaluation-state';

type OneOf = Extract<ValueCondition, { readonly kind: 'oneOf' }>;

/** The users of one shard who pass a predicate on a tag. */
export function evaluateTagTest(state: EvaluationState, test: TagTest, shardIndex: number): LazySet {
  const tag = state.findTag(test.tag);
  const shard = tag?.shard(shardIndex);
  const { condition, validAfterMs } = test;
  if (tag === undefined || shard === undefined) {
    const everybody = test.includeMissing || condition.kind === 'absent';
    return everybody ? new PlainSet(state.universe(shardIndex)) : nobody();
  }
  const present = dropExpired(new PlainSet(shard.present), shard, validAfterMs);
  if (condition.kind === 'present') {
    return present;
  }
  const everybody = new PlainSet(state.universe(shardIndex));
  if (condition.kind === 'absent') {
    return new Without(everybody, present, true);
  }
  const presentIsAll = present.sizeMax === everybody.sizeMax;
  // Negated tests are asked the other way round: nobody's bitmap has to be made.
  const failing = findFailing(tag, shard, condition);
  if (failing !== null) {
    const unexpired = dropExpired(failing, shard, validAfterMs);
    return test.includeMissing || presentIsAll
      ? new Without(everybody, unexpired, true)
      : new Without(present, unexpired, false);
  }
  const met = dropExpired(findMeeting(tag, shard, condition), shard, validAfterMs);
  return test.includeMissing ? new Without(everybody, new Without(present, met, presentIsAll), true) : met;
}

/** Without those whose value ran out by its TTL; a value that only increments made has no time and stays (MEANING section 2, TTL). */
function dropExpired(set: LazySet, shard: ScalarShard | SetShard, validAfterMs: number | null): LazySet {
  if (validAfterMs === null) {
    return set;
  }
  const { bitmap } = set.operand();
  return new PlainSet(
    filterBitmap(bitmap, (local) => (shard.times.get(local) ?? Infinity) > validAfterMs),
    true,
  );
}

/** Users whose value meets the condition. */
function findMeeting(tag: TagState, shard: ScalarShard | SetShard, condition: ValueCondition): LazySet {
  return shard instanceof ScalarShard ? findScalar(tag, shard, condition) : findSet(tag, shard, condition);
}

/** Of a negated condition: users with a value that does not meet it. Null: the condition is not negated. */
function findFailing(tag: TagState, shard: ScalarShard | SetShard, condition: ValueCondition): LazySet | null {
  if (shard instanceof ScalarShard) {
    return condition.kind === 'oneOf' && condition.negated ? shard.oneOf(listedNumbers(tag, condition)) : null;
  }
  return condition.kind === 'set' && condition.op === 'hasNone'
    ? new PlainSet(shard.withAny(knownCodes(tag, condition.values)), true)
    : null;
}

function findScalar(tag: TagState, shard: ScalarShard, condition: ValueCondition): LazySet {
  switch (condition.kind) {
    case 'oneOf':
      return shard.oneOf(listedNumbers(tag, condition));
    case 'range':
      return isTextBound(condition.low) || isTextBound(condition.high)
        ? shard.oneOf(codesMatching(condition, tag.tag, tag.dictionary))
        : shard.between(leastOf(condition.low), greatestOf(condition.high));
    case 'text':
      return shard.oneOf(codesMatching(condition, tag.tag, tag.dictionary));
    case 'anniversary':
      return shard.where(compileCondition(condition, tag.tag));
    default:
      return nobody();
  }
}

const listed = new WeakMap<OneOf, OneOf>();

/** The stored numbers of the values that a condition lists, whether it wants or excludes them. */
function listedNumbers(tag: TagState, condition: OneOf): readonly number[] {
  if (tag.tag.valueType !== 'string' && tag.tag.valueType !== 'enum') {
    return condition.values.map(Number);
  }
  let wanted = condition;
  if (condition.negated) {
    // Kept beside the condition, so that what is found out about it is found again.
    wanted = listed.get(condition) ?? { ...condition, negated: false };
    listed.set(condition, wanted);
  }
  return codesMatching(wanted, tag.tag, tag.dictionary);
}

function isTextBound(bound: Bound | null): boolean {
  return typeof bound?.value === 'string';
}

function leastOf(bound: Bound | null): number {
  return bound === null ? -Infinity : Number(bound.value) + (bound.inclusive ? 0 : 1);
}

function greatestOf(bound: Bound | null): number {
  return bound === null ? Infinity : Number(bound.value) - (bound.inclusive ? 0 : 1);
}

function knownCodes(tag: TagState, values: readonly string[]): readonly number[] {
  return values.map((value) => tag.dictionary.code(value)).filter((code) => code !== undefined);
}

function findSet(tag: TagState, shard: SetShard, condition: ValueCondition): LazySet {
  if (condition.kind !== 'set' || condition.op === 'hasNone') {
    return nobody();
  }
  const known = knownCodes(tag, condition.values);
  if (condition.op === 'hasAny') {
    return new PlainSet(shard.withAny(known), true);
  }
  if (known.length < condition.values.length) {
    return nobody();
  }
  const having: LazySet[] = [new PlainSet(shard.present)];
  for (const code of known) {
    const users = shard.withElement(code);
    if (users === undefined) {
      return nobody();
    }
    having.push(new PlainSet(users));
  }
  return new IntersectSet(having);
}
