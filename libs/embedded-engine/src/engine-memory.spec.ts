import { bindExpression, buildPlan, noReferences } from '@tessera/audience';
import type { TagMessage } from '@tessera/tag-catalog';
import { EmbeddedEngine } from './embedded-engine';
import { SHARD_SIZE } from './shard';
import { NumberIdentity } from './testing/number-identity';
import { SeededRandom } from './testing/seeded-random';
import { TemporaryDirectory } from './testing/temporary-directory';
import { DAY_MS, messageOf, NOW, testCatalog } from './testing/test-catalog';

const SEED = Number(process.env['SEED'] ?? 20_261_121);
const USERS = 4000;
const catalog = testCatalog();
const RULES: readonly unknown[] = [
  { tag: 'level', op: 'gte', value: 5 },
  { and: [{ tag: 'city', op: 'eq', value: 'rome' }, { not: { tag: 'interests', op: 'hasAny', value: ['a'] } }] },
  { tag: 'seen', op: 'exists' },
  { event: 'purchase', measure: { sum: 'amount' }, op: 'gte', value: 10, window: { last: 'P9D' } },
  { event: 'visit', measure: { count: '*' }, op: 'gte', value: 2 },
];

function randomMessages(random: SeededRandom, count: number): TagMessage[] {
  return Array.from({ length: count }, () => {
    const cuid = `u${random.between(1, USERS)}`;
    const timeMs = NOW - random.between(0, 12) * DAY_MS;
    switch (random.between(0, 3)) {
      case 0:
        return messageOf(catalog, 'visit', cuid, { page: random.pick(['x', 'y']) }, { timeMs });
      case 1:
        return messageOf(catalog, 'purchase', cuid, { amount: random.between(1, 9) }, { timeMs });
      default: {
        const interests = ['a', 'b', 'c'].filter(() => random.chance(0.4));
        const body = { level: random.between(0, 9), city: random.pick(['rome', 'oslo']), interests };
        return messageOf(catalog, 'person', cuid, { ...body, seen: new Date(timeMs).toISOString() }, { timeMs });
      }
    }
  });
}

describe('the memory budget', () => {
  const folders: TemporaryDirectory[] = [];
  const engines: EmbeddedEngine[] = [];

  async function open(folder: TemporaryDirectory, memoryBytesMax?: number): Promise<EmbeddedEngine> {
    const engine = await EmbeddedEngine.open({
      directory: await folder.open(),
      catalog: () => catalog,
      // Users lie in two shards.
      identity: new NumberIdentity(SHARD_SIZE - USERS / 2),
      clock: () => NOW,
      ...(memoryBytesMax === undefined ? {} : { memoryBytesMax }),
    });
    engines.push(engine);
    return engine;
  }

  async function makeFolder(): Promise<TemporaryDirectory> {
    const folder = await TemporaryDirectory.make();
    folders.push(folder);
    return folder;
  }

  async function answersOf(engine: EmbeddedEngine): Promise<readonly number[]> {
    const counts: number[] = [];
    for (const rule of RULES) {
      const bound = await bindExpression(rule, { catalog, references: noReferences, timeZone: 'UTC' });
      if (!bound.ok) {
        throw new Error(JSON.stringify(bound.errors));
      }
      const answer = await engine.counts([buildPlan(bound.value, { asOfMs: NOW }).root]);
      counts.push(...answer.counts);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const levelOf = (cuid: string): unknown => engine.user(cuid)?.tagStates()[0]?.value;
    return [...counts, ...['u1', 'u77', 'u3999'].map((cuid) => Number(levelOf(cuid) ?? -1))];
  }

  afterEach(async () => {
    for (const engine of engines.splice(0)) {
      await engine.abandon();
    }
    for (const folder of folders.splice(0)) {
      await folder.remove();
    }
  });

  it(`leaves what is not used to the disk and answers the same (seed ${SEED})`, async () => {
    const random = new SeededRandom(SEED);
    const whole = await open(await makeFolder());
    const folder = await makeFolder();
    let tight = await open(folder);
    const write = async (count: number): Promise<void> => {
      const batch = { arrivalMs: NOW, messages: randomMessages(random, count) };
      const verdicts = await Promise.all([whole.apply(batch), tight.apply(batch)]);
      expect(verdicts[1].verdicts).toEqual(verdicts[0].verdicts);
    };
    await write(12_000);
    await tight.close();
    const { usedBytes } = tight.status().memory;
    const fixed = tight.status().bytes.identity + tight.status().bytes.ids;
    const memoryBytesMax = Math.ceil(fixed + (usedBytes - fixed) / 2);
    tight = await open(folder, memoryBytesMax);
    for (let round = 0; round < 6; round++) {
      expect(await answersOf(tight)).toEqual(await answersOf(whole));
      await write(50);
      expect(await answersOf(tight)).toEqual(await answersOf(whole));
      await tight.checkpoint();
    }
    const { memory } = tight.status();
    expect(memory.evictions).toBeGreaterThan(10);
    expect(memory.reads).toBeGreaterThan(10);
    expect(tight.eventRows(catalog.type('visit')!).rows).toBe(whole.eventRows(catalog.type('visit')!).rows);
    for (const tag of catalog.tags) {
      expect({ tag: tag.name, coverage: tight.tagStatistics(tag).coverage }).toEqual({
        tag: tag.name,
        coverage: whole.tagStatistics(tag).coverage,
      });
    }
    expect(tight.verify().findings).toEqual([]);
  });

  it('refuses writes while even what must stay is too much, says why, and goes on reading', async () => {
    const folder = await makeFolder();
    const first = await open(folder);
    const random = new SeededRandom(SEED);
    await first.apply({ arrivalMs: NOW, messages: randomMessages(random, 2000) });
    const expected = await answersOf(first);
    await first.close();
    const engine = await open(folder, 1000);
    await expect(engine.apply({ arrivalMs: NOW, messages: randomMessages(random, 1) })).rejects.toThrow(
      /the state takes \d+ MB in memory, over the limit of 0 MB \(MEMORY_MB\)/,
    );
    expect(engine.status().memory.isOver).toBe(true);
    expect(await answersOf(engine)).toEqual(expected);
  });
});
