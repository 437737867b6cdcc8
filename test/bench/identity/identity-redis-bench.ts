import { IdentityResolver, RedisMappingStore } from '@tessera/identity';
import { RedisConnection } from '@tessera/redis';
import type { Redis } from 'ioredis';
import { Random } from '../../../apps/standalone/src/sample/random';
import { CountingAllocator } from '../../support/counting-allocator';
import type { Bench, BenchContext } from '../framework/bench';
import type { Report } from '../framework/report';
import { InFlight } from '../measure/in-flight';
import { rate } from '../measure/pauses';
import { RedisPeer } from '../peers/redis-peer';
import { drawCuid } from './random-cuids';

export const identityRedisBench: Bench = {
  name: 'identity-redis',
  title: 'The mapping of cuids in Redis: memory a mapping, batches resolved cold and warm',
  peers: ['plain keys (MGET, SET NX)'],
  users: { full: 5_000_000, short: 20_000 },
  run: runIdentityRedisBench,
};

const BYTES_TARGET = 26;
const BATCH = 2_000;
const BATCHES_IN_FLIGHT = 4;
const WARM_FULL = 2_000_000;
const WARM_SHORT = 20_000;
/** Next to nothing: what is measured is the store. */
const CACHE_MB = 0.001;

interface Sizes {
  readonly entries: number;
  readonly seed: number;
  readonly warm: number;
}

async function runIdentityRedisBench({ users: entries, seed, isShort, folder, report }: BenchContext): Promise<void> {
  const redis = await RedisPeer.start(folder);
  if (typeof redis === 'string') {
    report.note(`Left out: ${redis}`);
    return;
  }
  try {
    report.note(`Redis ${await redis.version()} on a Unix socket, keeping nothing on disk`);
    report.note(`cuids of 32 random hex digits; batches of ${BATCH}, ${BATCHES_IN_FLIGHT} in flight`);
    const sizes = { entries, seed, warm: isShort ? WARM_SHORT : WARM_FULL };
    const own = await measureOwn(redis, sizes, report);
    await redis.client.flushall();
    const plain = await measurePlain(redis.client, sizes, report);
    report.figure({ name: 'cold / plain keys', value: own.cold / plain.cold, unit: '×' });
    report.figure({ name: 'warm / plain keys', value: own.warm / plain.warm, unit: '×' });
  } finally {
    await redis.stop();
  }
}

interface Rates {
  readonly cold: number;
  readonly warm: number;
}

async function measureOwn(redis: RedisPeer, sizes: Sizes, report: Report): Promise<Rates> {
  const connection = await RedisConnection.open([redis.socket]);
  await connection.ready();
  const store = new RedisMappingStore(connection);
  await (await store.restore(true)).open();
  const resolver = new IdentityResolver(store, new CountingAllocator(), { cacheMb: CACHE_MB, seed: 1 });
  const guids = new Map<string, number>();
  const before = await memoryOf(redis.client);
  const cold = await eachBatch(inOrder(sizes), sizes.seed, async (cuids) => {
    const { guids: found, unlogged } = await resolver.resolve(cuids);
    await resolver.confirm(unlogged);
    cuids.forEach((cuid, place) => guids.set(cuid, found[place]!));
  });
  const bytes = (await memoryOf(redis.client)) - before;
  report.check('cuids with a guid of their own', new Set(guids.values()).size, sizes.entries);
  let wrong = 0;
  const warm = await eachBatch(atRandom(sizes), sizes.seed, async (cuids) => {
    const { guids: found } = await resolver.lookup(cuids);
    cuids.forEach((cuid, place) => {
      if (guids.get(cuid) !== found[place]) wrong += 1;
    });
  });
  report.check('cuids with another guid when asked again', wrong, 0);
  connection.close();
  report.figure({
    name: 'memory a mapping',
    value: bytes / sizes.entries,
    unit: 'bytes',
    target: { atMost: BYTES_TARGET },
  });
  report.figure({ name: 'cold: looked for, bound, confirmed', value: cold, unit: 'cuids/s' });
  report.figure({ name: 'warm: looked up', value: warm, unit: 'cuids/s' });
  return { cold, warm };
}

async function measurePlain(client: Redis, sizes: Sizes, report: Report): Promise<Rates> {
  const before = await memoryOf(client);
  let next = 1;
  const cold = await eachBatch(inOrder(sizes), sizes.seed, async (cuids) => {
    await client.mget(cuids);
    const pipeline = client.pipeline();
    for (const cuid of cuids) pipeline.set(cuid, next++, 'NX');
    await pipeline.exec();
  });
  const bytes = (await memoryOf(client)) - before;
  let missing = 0;
  const warm = await eachBatch(atRandom(sizes), sizes.seed, async (cuids) => {
    for (const guid of await client.mget(cuids)) if (guid === null) missing += 1;
  });
  report.check('cuids without a plain key', missing, 0);
  report.figure({ name: 'plain keys: memory a mapping', value: bytes / sizes.entries, unit: 'bytes' });
  report.figure({ name: 'plain keys, cold: MGET and SET NX', value: cold, unit: 'cuids/s' });
  report.figure({ name: 'plain keys, warm: MGET', value: warm, unit: 'cuids/s' });
  return { cold, warm };
}

async function memoryOf(client: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
}

/** Places of each batch. */
function* inOrder({ entries }: Sizes): Generator<number[]> {
  for (let first = 0; first < entries; first += BATCH) {
    yield Array.from({ length: Math.min(BATCH, entries - first) }, (_, index) => first + index);
  }
}

function* atRandom({ entries, seed, warm }: Sizes): Generator<number[]> {
  const random = new Random(seed, 6);
  for (let asked = 0; asked < warm; asked += BATCH) {
    yield Array.from({ length: BATCH }, () => random.between(0, entries - 1));
  }
}

/** @returns cuids a second, the making of their texts included, for everybody alike. */
async function eachBatch(
  batches: Iterable<readonly number[]>,
  seed: number,
  ask: (cuids: string[]) => Promise<void>,
): Promise<number> {
  const flight = new InFlight(BATCHES_IN_FLIGHT);
  const startedMs = performance.now();
  let asked = 0;
  for (const places of batches) {
    const cuids = places.map((place) => drawCuid(seed, place));
    asked += cuids.length;
    await flight.start(() => ask(cuids));
  }
  await flight.settle();
  return rate(asked, performance.now() - startedMs);
}
