import { join } from 'node:path';
import { bindExpression, buildPlan, noReferences, type PlanNode } from '@tessera/audience';
import type { JsonValue, TagMessage, TagTypeDefinition } from '@tessera/tag-catalog';
import { EmbeddedEngine } from '../embedded-engine';
import { SHARD_SIZE } from '../shard';
import { NumberIdentity } from '../testing/number-identity';
import { randomExpression, randomTime, recentExpression } from '../testing/random-event-rules';
import { SeededRandom } from '../testing/seeded-random';
import { TemporaryDirectory } from '../testing/temporary-directory';
import { DAY_MS, messageOf, NOW, testCatalog } from '../testing/test-catalog';

const SEED = Number(process.env['SEED'] ?? 20_261_121);
const ROUNDS = 24;
const USERS = 6000;
const FIRST_GUID = SHARD_SIZE - USERS / 2;
/** Enough in each shard for newest rows to be kept, and for ranges of users to take several blocks. */
const ROWS = 80_000;
/** Too few for newest rows to be kept, which take no part in the budget of memory. */
const FEW_ROWS = 12_000;
/** Most of the memory that can be left to the disk. */
const MANY_VISITS = 400_000;
const catalog = testCatalog();
const SUPPORT = join(__dirname, '../../../../test/support/register-swc.cjs');
const SKUS = Array.from({ length: 41 }, (_, sku) => `s${sku}`);

async function planOf(expression: unknown): Promise<PlanNode> {
  const bound = await bindExpression(expression, { catalog, references: noReferences, timeZone: 'UTC' });
  if (!bound.ok) {
    throw new Error(JSON.stringify(bound.errors));
  }
  return buildPlan(bound.value, { asOfMs: NOW }).root;
}

function typeOf(name: string): TagTypeDefinition {
  const type = catalog.type(name);
  if (type === undefined) {
    throw new Error(name);
  }
  return type;
}

function idOf(type: TagTypeDefinition, property: string): number {
  return type.properties.find(({ name }) => name === property)!.id;
}

/** Some have very many rows. */
function randomUser(random: SeededRandom): number {
  return random.chance(0.1) ? random.pick([0, 1, USERS / 2, USERS - 1]) : random.between(0, USERS - 1);
}

function randomRule(random: SeededRandom): JsonValue {
  const events = (): JsonValue => (random.chance(0.5) ? recentExpression(random) : randomExpression(random));
  const level = { tag: 'level', op: random.pick(['gte', 'lt']), value: random.between(0, 9) };
  switch (random.between(0, 6)) {
    case 0:
      return { and: [events(), level] };
    case 1:
      return { or: [events(), events(), level] };
    case 2: {
      // With a filter: too many rows for newest ones not to be kept.
      const where = [{ property: 'page', op: 'ne', value: random.pick(['x', 'y', 'z']) }];
      return { event: 'visit', where, op: 'gte', value: random.between(1, 40), window: { last: 'P9D' } };
    }
    case 3:
      return { and: [{ not: events() }, events()] };
    default:
      return events();
  }
}

function randomMessages(random: SeededRandom, counts: readonly number[]): TagMessage[] {
  return Array.from({ length: random.pick(counts) }, () => {
    const cuid = `u${randomUser(random)}`;
    const timeMs = random.chance(0.01) ? NOW + random.between(1, 1000) : randomTime(random);
    switch (random.between(0, 5)) {
      case 0:
        return messageOf(catalog, 'person', cuid, { level: random.between(0, 9) });
      case 1:
        return messageOf(catalog, 'visit', cuid, { page: random.pick(['x', 'y', 'z']) }, { timeMs });
      default: {
        const sku = random.chance(0.05) ? `t${random.between(0, 9)}` : random.pick(SKUS);
        const amount = random.pick([-5, 0, 2.5, 700, 40_000_000]);
        const gift = random.chance(0.3) ? { gift: random.chance(0.5) } : {};
        return messageOf(catalog, 'purchase', cuid, { sku, amount, ...gift }, { timeMs });
      }
    }
  });
}

/** Everything in one engine without threads and in others with them, always of the same writes. */
describe('evaluation threads, asked for events,', () => {
  const folders: TemporaryDirectory[] = [];
  const engines: EmbeddedEngine[] = [];
  const errors: unknown[] = [];
  let nowMs = NOW;

  async function open(folder: TemporaryDirectory, threads: number, memoryBytesMax = Infinity): Promise<EmbeddedEngine> {
    const engine = await EmbeddedEngine.open({
      directory: await folder.open(),
      catalog: () => catalog,
      identity: new NumberIdentity(FIRST_GUID - 1),
      clock: () => nowMs,
      threads,
      parallelFrom: 1,
      memoryBytesMax,
      checkpointLogBytes: 0,
      threadEntry: { file: join(__dirname, 'evaluation-thread.ts'), execArgv: ['-r', SUPPORT] },
      onBackgroundError: (error) => errors.push(error),
    });
    engines.push(engine);
    return engine;
  }

  async function loaded(threads: number, purchases: number, visits: number): Promise<TemporaryDirectory> {
    const folder = await TemporaryDirectory.make();
    folders.push(folder);
    const engine = await open(folder, threads);
    const load = await engine.bulkImport();
    const random = new SeededRandom(SEED);
    load.bindUsers(Array.from({ length: USERS }, (_, index) => `u${index}`));
    const draw = (count: number, next: () => number): number[] => Array.from({ length: count }, next);
    const level = [...catalog.tags].find(({ name }) => name === 'level')!;
    load.setNumbers(
      level,
      FIRST_GUID,
      draw(USERS, () => random.between(0, 9)),
      NOW,
    );
    for (const [name, rows, property, texts] of [
      ['purchase', purchases, 'sku', SKUS],
      ['visit', visits, 'page', ['x', 'y', 'z']],
    ] as const) {
      const type = typeOf(name);
      const code = { texts, values: draw(rows, () => random.between(0, texts.length - 1)) };
      const amounts = { values: draw(rows, () => (random.chance(0.2) ? NaN : random.between(-500, 70_000))) };
      load.appendEvents(type, {
        guids: Uint32Array.from(draw(rows, () => FIRST_GUID + randomUser(random))),
        timesMs: Float64Array.from(draw(rows, () => randomTime(random))),
        properties: new Map([
          [idOf(type, property), code],
          ...(name === 'purchase' ? [[idOf(type, 'amount'), amounts] as const] : []),
        ]),
      });
    }
    await load.finish();
    return folder;
  }

  afterEach(async () => {
    nowMs = NOW;
    for (const engine of engines.splice(0)) {
      await engine.abandon();
    }
    for (const folder of folders.splice(0)) {
      await folder.remove();
    }
  });

  async function change(random: SeededRandom, round: number, isTight: boolean): Promise<void> {
    // What the last checkpoint stored may leave memory when the budget is next looked at.
    while (engines.some((engine) => engine.status().memory.isOver)) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const messages = randomMessages(random, isTight ? [1, 40] : [1, 40, 3000]);
    const verdicts = await Promise.all(engines.map((engine) => engine.apply({ arrivalMs: NOW, messages })));
    expect(verdicts[1]?.verdicts).toEqual(verdicts[0]?.verdicts);
    if (random.chance(0.4)) {
      const cuid = `u${randomUser(random)}`;
      await Promise.all(engines.map((engine) => engine.erase(cuid, NOW)));
    }
    if (isTight || random.chance(0.3)) {
      // Puts rows in order, and lets what was written leave memory.
      await Promise.all(engines.map((engine) => engine.checkpoint()));
    }
    if (round > ROUNDS / 2 && random.chance(0.3)) {
      nowMs += random.between(15, 19) * DAY_MS - (nowMs - NOW);
    }
  }

  async function compare(random: SeededRandom, isTight: boolean): Promise<void> {
    let found = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const expressions = [0, 1, 2].map(() => randomRule(random));
      const rules = await Promise.all(expressions.map(planOf));
      // The first answer comes of the rows, later ones of what is kept since then.
      for (let ask = 0; ask < 3; ask++) {
        const asked = ask === 2 ? [rules[0]!] : rules;
        const answers = await Promise.all(engines.map((engine) => engine.counts(asked)));
        const [expected, actual] = answers.map(({ counts }) => ({ round, ask, expressions, counts }));
        found += expected!.counts.reduce((sum, count) => sum + count, 0);
        expect(actual).toEqual(expected);
      }
      await change(random, round, isTight);
    }
    expect(errors).toEqual([]);
    expect(found).toBeGreaterThan(0);
    expect(engines.map((engine) => engine.status().threadTasks > ROUNDS)).toEqual([false, true]);
  }

  it(`count what the engine's own thread counts, while rows come and go (seed ${SEED})`, async () => {
    await loaded(0, ROWS, ROWS / 8);
    await loaded(2, ROWS, ROWS / 8);
    await compare(new SeededRandom(SEED + 1), false);
    // Of a million users by their numbers, so what is kept is seen.
    expect(engines.map((engine) => engine.status().bytes.events > 4 * SHARD_SIZE)).toEqual([true, true]);
  }, 300_000);

  it(`count the same while rows leave memory and come back (seed ${SEED})`, async () => {
    const [alone, tight] = [await loaded(0, FEW_ROWS, MANY_VISITS), await loaded(2, FEW_ROWS, MANY_VISITS)];
    const byLevel = await planOf({ tag: 'level', op: 'gte', value: 5 });
    await Promise.all(engines.map((engine) => engine.counts([byLevel])));
    const { memory, bytes } = engines[0]!.status();
    for (const engine of engines.splice(0)) {
      await engine.close();
    }
    await open(alone, 0);
    const small = await open(tight, 2, Math.ceil(memory.usedBytes - bytes.events / 2));
    await compare(new SeededRandom(SEED + 2), true);
    expect(small.status().memory.evictions).toBeGreaterThan(10);
  }, 300_000);
});
