import type { DistributionRequest, DistributionValue, TagDistribution } from '@tessera/audience';
import type { RoaringBitmap32 } from '@tessera/bitmap';
import { compareUtf8, isOrdinalType, type TagDefinition, type TagValue } from '@tessera/tag-catalog';
import type { EngineState } from '../engine-state';
import type { TagState } from '../tags/tag-state';
import { countValues, type ValueCounts, visitValues } from './count-values';

/**
 * How the users of a set are distributed over the values of one tag, beside the universe. `memberShard` gives the set's users of a shard.
 */
export function distributionOf(
  state: EngineState,
  request: DistributionRequest,
  memberShard: (shard: number) => RoaringBitmap32,
  top: number,
): TagDistribution {
  const { tag, validAfterMs } = request;
  const held = state.findTag(tag);
  if (held === undefined) {
    return { tag, distinct: 0, withValue: 0, universeWithValue: 0, values: [], histogram: [] };
  }
  const members = countValues(held, memberShard, validAfterMs);
  const distinct = members.values.length;
  const chosen = mostFrequent(held, members, top);
  const histogram = isOrdinalType(tag.valueType) && distinct > top ? new Histogram(members, top) : null;
  const universeCounts = new Map(chosen.map(({ stored }) => [stored, 0]));
  // Only known users have values, so all that have one are the universe.
  const universeWithValue = visitValues(
    held,
    () => undefined,
    validAfterMs,
    (stored) => {
      const count = universeCounts.get(stored);
      if (count !== undefined) {
        universeCounts.set(stored, count + 1);
      }
      histogram?.addToUniverse(stored);
    },
  );
  const values = chosen.map(({ stored, value, count }): DistributionValue => ({
    value,
    high: null,
    count,
    universeCount: universeCounts.get(stored) ?? 0,
  }));
  return { tag, distinct, withValue: members.users, universeWithValue, values, histogram: histogram?.buckets() ?? [] };
}

interface Chosen {
  readonly stored: number;
  readonly value: TagValue;
  readonly count: number;
}

/** The most frequent values, ties by value; at most `top`. */
function mostFrequent(tag: TagState, { values, counts }: ValueCounts, top: number): readonly Chosen[] {
  const ascending = Uint32Array.from(counts).sort();
  // Values of the last count that makes it into the answer are still to be ordered by value, so all of them are looked at.
  const least = ascending[Math.max(0, ascending.length - top)] ?? Infinity;
  const found: Chosen[] = [];
  for (let index = 0; index < values.length; index++) {
    if (counts[index]! >= least) {
      const stored = values[index]!;
      found.push({
        stored,
        value: tag.isSet ? tag.dictionary.text(stored) : tag.decode(stored),
        count: counts[index]!,
      });
    }
  }
  return found.sort((a, b) => b.count - a.count || compareScalars(a.value, b.value)).slice(0, top);
}

function compareScalars(a: TagValue, b: TagValue): number {
  return typeof a === 'string' && typeof b === 'string' ? compareUtf8(a, b) : Number(a) - Number(b);
}

/** At most `top` buckets of equal width over the set's values; limits in BigInt, because a span may exceed a safe integer. */
class Histogram {
  readonly #least: number;
  readonly #greatest: number;
  readonly #width: bigint;
  readonly #isSafe: boolean;
  readonly #counts: Float64Array;
  readonly #universeCounts: Float64Array;

  constructor(members: ValueCounts, top: number) {
    this.#least = members.values[0] ?? 0;
    this.#greatest = members.values[members.values.length - 1] ?? 0;
    const span = BigInt(this.#greatest) - BigInt(this.#least) + 1n;
    this.#width = (span + BigInt(top) - 1n) / BigInt(top);
    this.#isSafe = span <= BigInt(Number.MAX_SAFE_INTEGER);
    const buckets = Number((span + this.#width - 1n) / this.#width);
    this.#counts = new Float64Array(buckets);
    this.#universeCounts = new Float64Array(buckets);
    for (let index = 0; index < members.values.length; index++) {
      this.#counts[this.#bucketOf(members.values[index]!)]! += members.counts[index]!;
    }
  }

  addToUniverse(value: number): void {
    if (value >= this.#least && value <= this.#greatest) {
      this.#universeCounts[this.#bucketOf(value)]!++;
    }
  }

  buckets(): DistributionValue[] {
    return Array.from(this.#counts, (count, bucket): DistributionValue => {
      const low = BigInt(this.#least) + BigInt(bucket) * this.#width;
      const high = low + this.#width - 1n;
      return {
        value: Number(low),
        high: Math.min(Number(high), this.#greatest),
        count,
        universeCount: this.#universeCounts[bucket] ?? 0,
      };
    });
  }

  #bucketOf(value: number): number {
    if (!this.#isSafe) {
      return Number((BigInt(value) - BigInt(this.#least)) / this.#width);
    }
    const width = Number(this.#width);
    const distance = value - this.#least;
    const bucket = Math.floor(distance / width);
    // The quotient of two doubles may be rounded up to the next whole number.
    return bucket * width > distance ? bucket - 1 : bucket;
  }
}

/** Distinct stored values of a tag over all users, TTL not judged. */
export function countDistinctValues(state: EngineState, tag: TagDefinition): number {
  const held = state.findTag(tag);
  return held === undefined ? 0 : countValues(held, () => undefined, null).values.length;
}
