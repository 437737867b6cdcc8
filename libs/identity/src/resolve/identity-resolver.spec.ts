import { CountingAllocator } from '../../../../test/support/counting-allocator';
import { RedisServer } from '../../../../test/support/services/redis-server';
import { describeWithServer } from '../../../../test/support/services/with-server';
import type { RedisMappingStore } from '../redis/redis-mapping-store';
import { openRedisStore } from '../testing/open-redis-store';
import type { OpenRedisStore } from '../testing/open-redis-store';
import { randomCuid, seededRandom } from '../testing/random-cuids';
import { IdentityResolver } from './identity-resolver';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describeWithServer(`IdentityResolver (SEED=${SEED})`, RedisServer, (server) => {
  let opened: OpenRedisStore;
  let store: RedisMappingStore;
  let counter: CountingAllocator;

  beforeEach(async () => {
    opened = await openRedisStore(server());
    ({ store } = opened);
    counter = new CountingAllocator();
  });

  afterEach(() => {
    opened.close();
  });

  function resolver(): IdentityResolver {
    return new IdentityResolver(store, counter, { cacheMb: 1, seed: SEED, leaseSize: 100 });
  }

  it('binds in order of first appearance, and names what is to be logged once', async () => {
    const one = resolver();
    const { guids, unlogged } = await one.resolve(['b', 'a', 'b', 'c', 'a']);
    expect([...guids]).toEqual([1, 2, 1, 3, 2]);
    expect([...unlogged].sort((a, b) => a.guid - b.guid)).toEqual([
      { cuid: 'b', guid: 1 },
      { cuid: 'a', guid: 2 },
      { cuid: 'c', guid: 3 },
    ]);
    expect([...(await one.lookup(['c', 'nobody'])).guids]).toEqual([3, 0]);
  });

  it('names a binding again until it is confirmed, to others too; from then on the cache answers', async () => {
    const [one, other] = [resolver(), resolver()];
    const { unlogged } = await one.resolve(['a']);
    expect((await one.resolve(['a'])).unlogged).toEqual(unlogged);
    expect((await other.resolve(['a'])).unlogged).toEqual(unlogged);
    await other.confirm(unlogged);
    expect((await one.resolve(['a'])).unlogged).toEqual([]);
    const { hits } = one.cache;
    expect([...(await one.resolve(['a'])).guids]).toEqual([1]);
    expect(one.cache.hits).toBe(hits + 1);
  });

  it('goes on with known cuids while the store is away', async () => {
    const one = resolver();
    const { unlogged } = await one.resolve(['a', 'b']);
    await one.confirm(unlogged);
    await server().kill();
    expect([...(await one.resolve(['b', 'a'])).guids]).toEqual([2, 1]);
    await expect(one.resolve(['a', 'new'])).rejects.toMatchObject({
      name: 'MappingStoreUnavailableError',
      retriable: true,
    });
  });

  it('gives an unbound cuid a new guid', async () => {
    const one = resolver();
    await one.confirm((await one.resolve(['a'])).unlogged);
    expect(await one.unbind('a')).toEqual([1]);
    expect([...(await one.resolve(['a'])).guids]).toEqual([2]);
  });

  it('is a bijection whatever several resolvers bind at once', async () => {
    const random = seededRandom(SEED);
    const cuids = [...new Set(Array.from({ length: 3_000 }, () => randomCuid(random)))];
    const truth = new Map<string, number>();
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        const one = resolver();
        for (let batch = 0; batch < 20; batch++) {
          const asked = Array.from({ length: 400 }, () => cuids[random(cuids.length)]!);
          const { guids, unlogged } = await one.resolve(asked);
          asked.forEach((cuid, place) => {
            expect(truth.get(cuid) ?? guids[place]).toBe(guids[place]);
            truth.set(cuid, guids[place]!);
          });
          await one.confirm(unlogged);
        }
      }),
    );
    expect(truth.size).toBeGreaterThan(2_500);
    expect(new Set(truth.values()).size).toBe(truth.size);
    expect([...truth.values()]).not.toContain(0);
  });
});
