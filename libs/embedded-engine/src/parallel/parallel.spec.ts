import { join } from 'node:path';
import { bindExpression, buildPlan, noReferences, type PlanNode } from '@tessera/audience';
import { EmbeddedEngine } from '../embedded-engine';
import { SHARD_SIZE } from '../shard';
import { NumberIdentity } from '../testing/number-identity';
import { SeededRandom } from '../testing/seeded-random';
import { TemporaryDirectory } from '../testing/temporary-directory';
import { messageOf, NOW, testCatalog } from '../testing/test-catalog';

const SEED = Number(process.env['SEED'] ?? 20_261_121);
const USERS = 30_000;
const FIRST_GUID = SHARD_SIZE - USERS / 2;
const catalog = testCatalog();
const SUPPORT = join(__dirname, '../../../../test/support/register-swc.cjs');

async function planOf(expression: unknown): Promise<PlanNode> {
  const bound = await bindExpression(expression, { catalog, references: noReferences, timeZone: 'UTC' });
  if (!bound.ok) {
    throw new Error(JSON.stringify(bound.errors));
  }
  return buildPlan(bound.value, { asOfMs: NOW }).root;
}

function drawRule(random: SeededRandom, depth: number): unknown {
  const inputs = (): unknown[] => [0, 1, 2].map(() => drawRule(random, depth - 1));
  switch (random.between(0, depth === 0 ? 3 : 6)) {
    case 0:
      return { tag: 'level', op: random.pick(['gte', 'lt', 'eq', 'ne']), value: random.between(0, 9) };
    case 1:
      return { tag: 'city', op: random.pick(['in', 'notIn']), value: [random.pick(['rome', 'oslo']), 'bern'] };
    case 2:
      return { tag: 'spend', op: 'between', value: [random.between(0, 40), random.between(40, 99)] };
    case 3:
      return { tag: 'vip', op: 'eq', value: random.chance(0.5), onMissing: random.pick(['include', 'exclude']) };
    case 4:
      return { and: inputs() };
    case 5:
      return { or: inputs() };
    default:
      return random.chance(0.5) ? { not: drawRule(random, depth - 1) } : { atLeast: 2, of: inputs() };
  }
}

/** Everything in one engine with threads and one without, always of the same writes. */
describe('evaluation threads', () => {
  const temporary: TemporaryDirectory[] = [];
  const engines: EmbeddedEngine[] = [];
  const errors: unknown[] = [];

  async function open(threads: number): Promise<void> {
    const folder = await TemporaryDirectory.make();
    temporary.push(folder);
    const engine = await EmbeddedEngine.open({
      directory: await folder.open(),
      catalog: () => catalog,
      identity: new NumberIdentity(FIRST_GUID - 1),
      clock: () => NOW,
      threads,
      parallelFrom: 1,
      threadEntry: { file: join(__dirname, 'evaluation-thread.ts'), execArgv: ['-r', SUPPORT] },
      onBackgroundError: (error) => errors.push(error),
    });
    engines.push(engine);
    const load = await engine.bulkImport();
    const random = new SeededRandom(SEED);
    load.bindUsers(Array.from({ length: USERS }, (_, index) => `first${index}`));
    const draw = (greatest: number): number[] =>
      Array.from({ length: USERS }, () => (random.chance(0.2) ? NaN : random.between(0, greatest)));
    load.setNumbers(tagOf('level'), FIRST_GUID, draw(9), NOW);
    load.setNumbers(tagOf('spend'), FIRST_GUID, draw(9999), NOW);
    load.setNumbers(tagOf('vip'), FIRST_GUID, draw(1), NOW);
    load.setTexts(tagOf('city'), FIRST_GUID, ['rome', 'oslo', 'bern'], draw(2), NOW);
    await load.finish();
  }

  function tagOf(name: string): NonNullable<ReturnType<typeof catalog.type>>['tags'][number] {
    const tag = catalog.type('person')?.tags.find((candidate) => candidate.name === name);
    if (tag === undefined) {
      throw new Error(name);
    }
    return tag;
  }

  afterEach(async () => {
    for (const engine of engines.splice(0)) {
      await engine.abandon();
    }
    for (const folder of temporary.splice(0)) {
      await folder.remove();
    }
  });

  it(`count what the engine's own thread counts, while values change (seed ${SEED})`, async () => {
    await open(0);
    await open(2);
    const random = new SeededRandom(SEED + 1);
    for (let round = 0; round < 40; round++) {
      const rules = await Promise.all([0, 1, 2].map(() => planOf(drawRule(random, 2))));
      const answers = await Promise.all(engines.map((engine) => engine.counts(rules)));
      expect({ round, counts: answers[1]?.counts }).toEqual({ round, counts: answers[0]?.counts });
      const message = messageOf(catalog, 'person', `first${random.between(0, USERS - 1)}`, {
        level: random.between(0, 9),
        city: random.pick(['rome', 'oslo', 'bern', 'ulm']),
        spend: random.between(0, 99),
      });
      await Promise.all(engines.map((engine) => engine.apply({ arrivalMs: NOW, messages: [message] })));
    }
    expect(errors).toEqual([]);
    expect(engines.map((engine) => engine.status().threadTasks > 40)).toEqual([false, true]);
  });
});
