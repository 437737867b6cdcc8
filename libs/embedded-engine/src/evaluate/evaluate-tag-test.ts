import { compileCondition, type Bound, type TagTest, type ValueCondition } from '@tessera/audience';
import { RoaringBitmap32 } from '@tessera/bitmap';
import { borrowed, type Operand, owned } from '../bitmaps/operand';
import { bitmapWhere, filterBitmap } from '../bitmaps/scratch';
import type { EngineState } from '../engine-state';
import { ScalarShard } from '../tags/scalar-shard';
import type { SetShard } from '../tags/set-shard';
import type { TagState } from '../tags/tag-state';
import { codesMatching } from './code-matches';

type OneOf = Extract<ValueCondition, { readonly kind: 'oneOf' }>;

/** The users of one shard who pass a predicate on a tag. */
export function evaluateTagTest(state: EngineState, test: TagTest, shardIndex: number): Operand {
  const tag = state.findTag(test.tag);
  const shard = tag?.shard(shardIndex);
  if (tag === undefined || shard === undefined) {
    const everybody = test.includeMissing || test.condition.kind === 'absent';
    return everybody ? borrowed(state.universe(shardIndex)) : owned(new RoaringBitmap32());
  }
  const unexpired = (operand: Operand): Operand => dropExpired(operand, shard, test.validAfterMs);
  const met =
    test.condition.kind === 'absent'
      ? owned(new RoaringBitmap32())
      : unexpired(evaluateCondition(tag, shard, test.condition));
  if (test.condition.kind !== 'absent' && !test.includeMissing) {
    return met;
  }
  const missing = RoaringBitmap32.andNot(state.universe(shardIndex), unexpired(borrowed(shard.present)).bitmap);
  missing.orInPlace(met.bitmap);
  return owned(missing);
}

/** Without those whose value ran out by its TTL; a value that only increments made has no time and stays (MEANING section 2, TTL). */
function dropExpired(operand: Operand, shard: ScalarShard | SetShard, validAfterMs: number | null): Operand {
  if (validAfterMs === null) {
    return operand;
  }
  return owned(filterBitmap(operand.bitmap, (local) => (shard.times.get(local) ?? Infinity) > validAfterMs));
}

function evaluateCondition(tag: TagState, shard: ScalarShard | SetShard, condition: ValueCondition): Operand {
  if (condition.kind === 'present') {
    return borrowed(shard.present);
  }
  return shard instanceof ScalarShard ? evaluateScalar(tag, shard, condition) : evaluateSet(tag, shard, condition);
}

function evaluateScalar(tag: TagState, shard: ScalarShard, condition: ValueCondition): Operand {
  switch (condition.kind) {
    case 'oneOf': {
      const matching = shard.index.oneOf(listedNumbers(tag, condition));
      return condition.negated ? owned(RoaringBitmap32.andNot(shard.present, matching.bitmap)) : matching;
    }
    case 'range':
      return isTextBound(condition.low) || isTextBound(condition.high)
        ? shard.index.oneOf(codesMatching(condition, tag.tag, tag.dictionary))
        : shard.index.between(leastOf(condition.low), greatestOf(condition.high));
    case 'text':
      return shard.index.oneOf(codesMatching(condition, tag.tag, tag.dictionary));
    case 'anniversary': {
      const meets = compileCondition(condition, tag.tag);
      const { data, missing, length } = shard.column;
      return owned(bitmapWhere(length, (position) => data[position] !== missing && meets(data[position]!)));
    }
    default:
      return owned(new RoaringBitmap32());
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

function evaluateSet(tag: TagState, shard: SetShard, condition: ValueCondition): Operand {
  if (condition.kind !== 'set') {
    return owned(new RoaringBitmap32());
  }
  const codes = condition.values.map((value) => tag.dictionary.code(value));
  const known = codes.filter((code) => code !== undefined);
  switch (condition.op) {
    case 'hasAny':
      return owned(shard.withAny(known));
    case 'hasNone':
      return owned(RoaringBitmap32.andNot(shard.present, shard.withAny(known)));
    case 'hasAll': {
      const all = shard.present.clone();
      for (const code of codes) {
        const having = code === undefined ? undefined : shard.withElement(code);
        if (having === undefined) {
          return owned(new RoaringBitmap32());
        }
        all.andInPlace(having);
      }
      return owned(all);
    }
  }
}
