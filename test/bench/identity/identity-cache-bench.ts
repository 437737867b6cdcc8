import { LRUCache } from 'lru-cache';
import { CuidCache } from '@tessera/identity';
import { Random } from '../../../apps/standalone/src/sample/random';
import type { Bench, BenchContext } from '../framework/bench';
import { stopwatch } from '../framework/statistics';
import { rate } from '../measure/pauses';
import { drawCuid } from './random-cuids';

export const identityCacheBench: Bench = {
  name: 'identity-cache',
  title: 'The cache of cuids and guids off the JavaScript heap: memory an entry, gets a second',
  peers: ['lru-cache'],
  users: { full: 10_000_000, short: 100_000 },
  run: runIdentityCacheBench,
};

const BYTES_TARGET = 36;
const SPEED_UP_TARGET = 7;
/** Memory given to the cache for each entry: a page is then full to 0.8 on average, and next to none overflows. */
const BYTES_GIVEN = 30.5;
const BYTES_PER_MB = 1_048_576;
const BATCH = 1_000;
const GETS_FULL = 5_000_000;
const GETS_SHORT = 100_000;
const CACHE_SEED = 1;

/** Both hold the same cuids and are asked the same, drawn at random; texts are made before the clock runs. */
async function runIdentityCacheBench({ users: entries, seed, isShort, report }: BenchContext): Promise<void> {
  const gets = isShort ? GETS_SHORT : GETS_FULL;
  report.note(`cuids of 32 random hex digits; gets of known ones, in batches of ${BATCH} as the resolver asks`);
  const own = await askOwn({ entries, seed, gets }, (missing) => {
    report.note(`Entries that found their page full: ${missing.toLocaleString('en-US')}`);
  });
  report.figure({
    name: 'memory an entry',
    value: own.bytes / own.held,
    unit: 'bytes',
    target: { atMost: BYTES_TARGET },
  });
  report.figure({ name: 'gets', value: own.perSecond, unit: 'cuids/s' });
  const peer = await askLru({ entries, seed, gets });
  report.figure({ name: 'lru-cache: memory an entry', value: peer.bytes / entries, unit: 'bytes' });
  report.figure({ name: 'lru-cache: gets', value: peer.perSecond, unit: 'cuids/s' });
  report.figure({
    name: 'gets / lru-cache',
    value: own.perSecond / peer.perSecond,
    unit: '×',
    target: { atLeast: SPEED_UP_TARGET },
  });
  report.check('guids that are not those entered', own.wrong, 0);
  report.check('guids of lru-cache that are not those entered', peer.wrong, 0);
}

interface Sizes {
  readonly entries: number;
  readonly seed: number;
  readonly gets: number;
}

interface Found {
  readonly bytes: number;
  readonly held: number;
  readonly perSecond: number;
  readonly wrong: number;
}

async function askOwn({ entries, seed, gets }: Sizes, onOverflow: (missing: number) => void): Promise<Found> {
  const cache = new CuidCache((entries * BYTES_GIVEN) / BYTES_PER_MB, CACHE_SEED);
  for (let first = 0; first < entries; first += BATCH) {
    const count = Math.min(BATCH, entries - first);
    cache.setMany(
      Array.from({ length: count }, (_, place) => drawCuid(seed, first + place)),
      Array.from({ length: count }, (_, place) => first + place + 1),
    );
  }
  onOverflow(entries - cache.entries);
  const out = new Uint32Array(BATCH);
  let wrong = 0;
  const elapsedMs = await askBatches({ entries, seed, gets }, (cuids, places) => {
    cache.getMany(cuids, out);
    return () => {
      places.forEach((place, index) => {
        if (out[index] !== 0 && out[index] !== place + 1) wrong += 1;
      });
    };
  });
  return { bytes: cache.bytes, held: cache.entries, perSecond: rate(gets, elapsedMs), wrong };
}

async function askLru({ entries, seed, gets }: Sizes): Promise<Found> {
  const before = process.memoryUsage();
  const cache = new LRUCache<string, number>({ max: entries });
  for (let place = 0; place < entries; place += 1) cache.set(drawCuid(seed, place), place + 1);
  const after = process.memoryUsage();
  let wrong = 0;
  const found = new Array<number>(BATCH);
  const elapsedMs = await askBatches({ entries, seed, gets }, (cuids, places) => {
    for (let index = 0; index < cuids.length; index += 1) found[index] = cache.get(cuids[index]!) ?? 0;
    return () => {
      places.forEach((place, index) => {
        if (found[index] !== place + 1) wrong += 1;
      });
    };
  });
  const bytes = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  return { bytes, held: entries, perSecond: rate(gets, elapsedMs), wrong };
}

/** @returns ms of the asking alone. */
async function askBatches(
  { entries, seed, gets }: Sizes,
  ask: (cuids: readonly string[], places: readonly number[]) => () => void,
): Promise<number> {
  const random = new Random(seed, 5);
  let elapsedMs = 0;
  for (let asked = 0; asked < gets; asked += BATCH) {
    const places = Array.from({ length: BATCH }, () => random.between(0, entries - 1));
    const cuids = places.map((place) => drawCuid(seed, place));
    const { value: compare, elapsedMs: tookMs } = await stopwatch(() => ask(cuids, places));
    elapsedMs += tookMs;
    compare();
  }
  return elapsedMs;
}
