import { SHARD_SIZE } from '../shard';
import { RecentTimes } from './recent-times';
import { RecentTimesCache } from './recent-times-cache';

describe('RecentTimesCache', () => {
  it('keeps no more than it may, also when several shards were asked for before any was built', () => {
    const cache = new RecentTimesCache(2.5 * RecentTimes.bytesFor(1, SHARD_SIZE));
    for (const round of [1, 2]) {
      for (const shard of [0, 1, 2, 3]) {
        const found = cache.find(shard, 1, 0);
        expect(found === null).toBe(round === 1);
      }
    }
    const wanted = { depth: 1, fromMs: 0, changes: 0 };
    for (const shard of [0, 1, 2, 3]) {
      const times = new RecentTimes(1, 0);
      times.insert(SHARD_SIZE - 1, 1_000);
      cache.keep(shard, times, wanted);
    }
    expect([0, 1, 2, 3].map((shard) => cache.find(shard, 1, 0) instanceof RecentTimes)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
