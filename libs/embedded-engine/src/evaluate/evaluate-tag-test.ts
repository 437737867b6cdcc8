import { compileCondition } from '@tessera/audience';
import type { RoaringBitmap32 } from '@tessera/bitmap';
import { IntersectSet, type LazySet, nobody, PlainSet, Without } from '../bitmaps/lazy-set';
import { filterBitmap } from '../bitmaps/scratch';
import type { SetReader, ShardReader } from './evaluation-state';
import type { LoweredTest, Lookup } from './lowered-plan';

/**
 * The users of one shard who pass a test.
 * @param shard of the tag; undefined: nobody has a value.
 */
export function evaluateTagTest(test: LoweredTest, shard: ShardReader | undefined, universe: RoaringBitmap32): LazySet {
  const { lookup, validAfterMs, includeMissing } = test;
  const everybody = new PlainSet(universe);
  if (shard === undefined) {
    return includeMissing ? everybody : nobody();
  }
  const found = dropExpired(find(lookup, shard), shard, validAfterMs);
  if (!test.negated && !includeMissing) {
    return found;
  }
  if (test.negated && lookup.kind === 'present') {
    return new Without(everybody, found, true);
  }
  const present = dropExpired(new PlainSet(shard.present), shard, validAfterMs);
  const presentIsAll = present.sizeMax === everybody.sizeMax;
  if (test.negated) {
    return includeMissing || presentIsAll ? new Without(everybody, found, true) : new Without(present, found, false);
  }
  return new Without(everybody, new Without(present, found, presentIsAll), true);
}

/** Without those whose value ran out by its TTL; a value that only increments made has no time and stays (MEANING section 2, TTL). */
function dropExpired(set: LazySet, shard: ShardReader, validAfterMs: number | null): LazySet {
  if (validAfterMs === null) {
    return set;
  }
  const { bitmap } = set.operand();
  return new PlainSet(
    filterBitmap(bitmap, (local) => (shard.timeOf(local) ?? Infinity) > validAfterMs),
    true,
  );
}

function find(lookup: Lookup, shard: ShardReader): LazySet {
  if (lookup.kind === 'present') {
    return new PlainSet(shard.present);
  }
  if (lookup.kind === 'nobody') {
    return nobody();
  }
  if (shard.kind === 'sets') {
    return findElements(lookup, shard);
  }
  switch (lookup.kind) {
    case 'numbers':
      return shard.oneOf(lookup.numbers);
    case 'between':
      return shard.between(lookup.low, lookup.high);
    case 'condition':
      return shard.where(compileCondition(lookup.condition, lookup.spec));
    default:
      return nobody();
  }
}

function findElements(lookup: Lookup, shard: SetReader): LazySet {
  if (lookup.kind === 'anyElement') {
    return new PlainSet(shard.withAny(lookup.codes), true);
  }
  if (lookup.kind !== 'allElements') {
    return nobody();
  }
  const having: LazySet[] = [new PlainSet(shard.present)];
  for (const code of lookup.codes) {
    const users = shard.withElement(code);
    if (users === undefined) {
      return nobody();
    }
    having.push(new PlainSet(users));
  }
  return new IntersectSet(having);
}
