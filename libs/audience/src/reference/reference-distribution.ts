import type { TagValue } from '@tessera/tag-catalog';
import type { DistributionValue, TagDistribution } from '../engine/segmentation-engine';
import type { TagDefinition } from '@tessera/tag-catalog';
import { compareValues } from './reference-conditions';

/** One user's value, and whether the user is in the set asked about. */
export interface UserValue {
  readonly value: TagValue;
  readonly isMember: boolean;
}

/** The elements of a set, or the value itself. */
function elementsOf(value: TagValue): readonly (boolean | number | string)[] {
  return typeof value === 'object' ? value : [value];
}

/**
 * Distribution of one tag over the users that have a value. Values that no user of the set has are not listed. The histogram covers the
 * set's values from the least to the greatest in at most `top` buckets of equal width, empty ones between them included; only
 * the last is cut short at the greatest value.
 */
export function distributionOf(tag: TagDefinition, users: readonly UserValue[], top: number): TagDistribution {
  const counts = new Map<boolean | number | string, { count: number; universeCount: number }>();
  for (const { value, isMember } of users) {
    for (const element of elementsOf(value)) {
      const seen = counts.get(element) ?? { count: 0, universeCount: 0 };
      counts.set(element, {
        count: seen.count + (isMember ? 1 : 0),
        universeCount: seen.universeCount + 1,
      });
    }
  }
  const ofMembers = [...counts].filter(([, { count }]) => count > 0);
  const values = ofMembers
    .map(([value, { count, universeCount }]): DistributionValue => ({ value, high: null, count, universeCount }))
    .sort((left, right) => right.count - left.count || compareValues(left.value, right.value))
    .slice(0, top);
  return {
    tag,
    distinct: ofMembers.length,
    withValue: users.filter((user) => user.isMember).length,
    universeWithValue: users.length,
    values,
    histogram: hasOrdinals(tag) && ofMembers.length > top ? histogramOf(users, top) : [],
  };
}

function hasOrdinals(tag: TagDefinition): boolean {
  return ['int', 'decimal', 'date', 'datetime'].includes(tag.valueType);
}

function histogramOf(users: readonly UserValue[], top: number): DistributionValue[] {
  const members = users.filter((user) => user.isMember).map((user) => BigInt(Number(user.value)));
  const least = members.reduce((low, value) => (value < low ? value : low));
  const most = members.reduce((high, value) => (value > high ? value : high));
  const span = most - least + 1n;
  const width = (span + BigInt(top) - 1n) / BigInt(top);
  const buckets: DistributionValue[] = [];
  for (let low = least; low <= most; low += width) {
    const high = low + width - 1n < most ? low + width - 1n : most;
    const inside = users.filter((user) => Number(user.value) >= low && Number(user.value) <= high);
    buckets.push({
      value: Number(low),
      high: Number(high),
      count: inside.filter((user) => user.isMember).length,
      universeCount: inside.length,
    });
  }
  return buckets;
}
