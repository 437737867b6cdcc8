import type { DistributionRequest, DistributionValue, TagDistribution } from '@tessera/audience';
import type { RoaringBitmap32 } from '@tessera/bitmap';
import { compareUtf8, isOrdinalType, type TagDefinition, type TagValue } from '@tessera/tag-catalog';
import type { EngineState } from '../engine-state';
import { ScalarShard } from '../tags/scalar-shard';
import type { TagState } from '../tags/tag-state';

/** Counts by stored number: dictionary codes, ordinals, 0 and 1. */
class Tally {
  readonly counts = new Map<number, number>();
  users = 0;

  /** Adds the users of one shard. */
  add(tag: TagState, shardIndex: number, users: RoaringBitmap32, validAfterMs: number | null): void {
    const shard = tag.shard(shardIndex);
    if (shard === undefined) {
      return;
    }
    for (const local of users.toUint32Array()) {
      if (!shard.hasValue(local) || (validAfterMs !== null && (shard.times.get(local) ?? Infinity) <= validAfterMs)) {
        continue;
      }
      this.users++;
      if (shard instanceof ScalarShard) {
        this.#count(shard.get(local) ?? 0);
      } else {
        for (const code of shard.get(local) ?? []) {
          this.#count(code);
        }
      }
    }
  }

  #count(stored: number): void {
    this.counts.set(stored, (this.counts.get(stored) ?? 0) + 1);
  }
}

/**
 * How the users of a set are distributed over the values of one tag, beside the universe. `memberShard` gives the set's users of a shard.
 */
export function distributionOf(
  state: EngineState,
  request: DistributionRequest,
  memberShard: (shard: number) => RoaringBitmap32,
  top: number,
): TagDistribution {
  const { tag } = request;
  const members = new Tally();
  const universe = new Tally();
  const held = state.findTag(tag);
  if (held !== undefined) {
    for (let shard = 0; shard < state.shardCount; shard++) {
      members.add(held, shard, memberShard(shard), request.validAfterMs);
      universe.add(held, shard, state.universe(shard), request.validAfterMs);
    }
  }
  const decode = (stored: number): TagValue =>
    held === undefined ? stored : held.isSet ? held.dictionary.text(stored) : held.decode(stored);
  return {
    tag,
    distinct: members.counts.size,
    withValue: members.users,
    universeWithValue: universe.users,
    values: mostFrequent(members, universe, decode, top),
    histogram: isOrdinalType(tag.valueType) && members.counts.size > top ? histogramOf(members, universe, top) : [],
  };
}

function mostFrequent(
  members: Tally,
  universe: Tally,
  decode: (stored: number) => TagValue,
  top: number,
): DistributionValue[] {
  const entries = [...members.counts].map(([stored, count]) => ({ stored, count }));
  entries.sort((a, b) => b.count - a.count);
  // Values of the last count that makes it into the answer are still to be ordered by value, so all of them are kept.
  const least = entries[Math.min(top, entries.length) - 1]?.count ?? 0;
  return entries
    .filter(({ count }) => count >= least)
    .map(({ stored, count }) => ({
      value: decode(stored),
      high: null,
      count,
      universeCount: universe.counts.get(stored) ?? 0,
    }))
    .sort((a, b) => b.count - a.count || compareScalars(a.value, b.value))
    .slice(0, top);
}

function compareScalars(a: TagValue, b: TagValue): number {
  return typeof a === 'string' && typeof b === 'string' ? compareUtf8(a, b) : Number(a) - Number(b);
}

/** At most `top` buckets of equal width over the set's values; BigInt, because a span may exceed a safe integer. */
function histogramOf(members: Tally, universe: Tally, top: number): DistributionValue[] {
  let least = Infinity;
  let greatest = -Infinity;
  for (const value of members.counts.keys()) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  const span = BigInt(greatest) - BigInt(least) + 1n;
  const width = (span + BigInt(top) - 1n) / BigInt(top);
  const bucketCount = Number((span + width - 1n) / width);
  const bucketOf = (value: number): number => Number((BigInt(value) - BigInt(least)) / width);
  const counts = tallyBuckets(members, bucketCount, bucketOf, least, greatest);
  const universeCounts = tallyBuckets(universe, bucketCount, bucketOf, least, greatest);
  return Array.from({ length: bucketCount }, (_, bucket): DistributionValue => {
    const low = BigInt(least) + BigInt(bucket) * width;
    const high = low + width - 1n;
    return {
      value: Number(low),
      high: Math.min(Number(high), greatest),
      count: counts[bucket] ?? 0,
      universeCount: universeCounts[bucket] ?? 0,
    };
  });
}

function tallyBuckets(
  tally: Tally,
  bucketCount: number,
  bucketOf: (value: number) => number,
  least: number,
  greatest: number,
): Float64Array {
  const counts = new Float64Array(bucketCount);
  for (const [value, count] of tally.counts) {
    if (value >= least && value <= greatest) {
      counts[bucketOf(value)]! += count;
    }
  }
  return counts;
}

/** Distinct stored values of a tag over all users, TTL not judged. */
export function countDistinctValues(state: EngineState, tag: TagDefinition): number {
  const held = state.findTag(tag);
  const tally = new Tally();
  if (held !== undefined) {
    for (let shard = 0; shard < state.shardCount; shard++) {
      tally.add(held, shard, state.universe(shard), null);
    }
  }
  return tally.counts.size;
}
