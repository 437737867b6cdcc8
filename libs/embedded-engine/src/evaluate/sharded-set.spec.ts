import { RoaringBitmap32 } from '@tessera/bitmap';
import type { Guid } from '@tessera/tag-catalog';
import { localOf, SHARD_SIZE, shardOf } from '../shard';
import { SeededRandom } from '../testing/seeded-random';
import { ShardedSet } from './sharded-set';

function setOf(guids: readonly number[]): ShardedSet {
  const shards: (RoaringBitmap32 | undefined)[] = [];
  for (const guid of guids) {
    (shards[shardOf(guid)] ??= new RoaringBitmap32()).add(localOf(guid));
  }
  return new ShardedSet(shards);
}

const borders = [1, 2, SHARD_SIZE - 2, SHARD_SIZE - 1, SHARD_SIZE, SHARD_SIZE + 1, 3 * SHARD_SIZE - 1, 3 * SHARD_SIZE];
const highest = 2 ** 32 - 2;

describe('ShardedSet', () => {
  const random = new SeededRandom(4);
  const scattered = Array.from({ length: 3000 }, () => random.between(1, 5 * SHARD_SIZE));
  const dense = Array.from({ length: 3000 }, (_, index) => 2 * SHARD_SIZE - 1500 + index);
  const members = [...new Set([...borders, ...scattered, ...dense, highest])].sort((a, b) => a - b);
  const set = setOf(members);

  it('knows its members', () => {
    expect(set.size).toBe(members.length);
    expect(members.every((guid) => set.has(guid as Guid))).toBe(true);
    expect([0, 3, SHARD_SIZE + 2, 9 * SHARD_SIZE, highest - 1].map((guid) => set.has(guid as Guid))).toEqual(
      [0, 3, SHARD_SIZE + 2, 9 * SHARD_SIZE, highest - 1].map((guid) => members.includes(guid)),
    );
  });

  it.each([1, 2, 7, 1000, 100_000])('pages through all shards by %d', (limit) => {
    const paged: number[] = [];
    for (let page = set.page(0, limit); page.length > 0; page = set.page(page.at(-1) ?? 0, limit)) {
      expect(page.length <= limit).toBe(true);
      paged.push(...page);
    }
    expect(paged).toEqual(members);
  });

  it('begins after any guid, a member or not', () => {
    const starts = [
      ...borders,
      ...borders.map((guid) => guid - 1),
      SHARD_SIZE * 4 - 1,
      highest - 1,
      highest,
      2 ** 32 - 1,
    ];
    for (const after of [...starts, ...scattered.slice(0, 200)]) {
      const expected = members.filter((guid) => guid > after).slice(0, 5);
      expect([after, ...set.page(after, 5)]).toEqual([after, ...expected]);
    }
  });

  it('is nothing where it is empty', () => {
    const empty = setOf([]);
    expect([empty.size, empty.page(0, 10).length, empty.has(1 as Guid)]).toEqual([0, 0, false]);
  });
});
