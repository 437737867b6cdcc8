import { RuleDraw, spendExpression, ruleExpression } from '../users/questions';
import { UserPopulation } from '../users/user-population';
import { loadUsers } from '../users/load-users';
import { residentMiB } from '../framework/timed-load';
import { stopwatch } from '../framework/statistics';
import { BenchStore } from '../store/bench-store';
import type { JsonValue } from '@tessera/tag-catalog';

/** What one size costs. Times in ms, sizes in bytes. */
export interface GrowthFigures {
  readonly loadMs: number;
  readonly restartMs: number;
  /** Of the whole process, once the store was opened again and everything was asked. */
  readonly residentMiB: number;
  readonly identityBytes: number;
  readonly tagBytes: number;
  readonly firstSeen: Asked;
  readonly repeated: Asked;
  readonly range: Asked;
}

interface Asked {
  readonly samplesMs: readonly number[];
  readonly answers: readonly number[];
}

const WARM_UP = 3;

/** One size in a process of its own, so that its memory is its own: `<load|ask> <directory> <users> <seed> <rounds>`. */
async function main(): Promise<void> {
  const [work, directory = '', ...numbers] = process.argv.slice(2);
  const [users = 0, seed = 0, rounds = 0] = numbers.map(Number);
  const figures = work === 'load' ? await load(directory, users, seed) : await ask(directory, seed, rounds);
  console.log(`figures ${JSON.stringify(figures)}`);
}

async function load(directory: string, users: number, seed: number): Promise<Partial<GrowthFigures>> {
  const store = await BenchStore.open(directory);
  const { elapsedMs: loadMs } = await stopwatch(() => loadUsers(store, new UserPopulation(users, seed)));
  await store.close();
  return { loadMs };
}

async function ask(directory: string, seed: number, rounds: number): Promise<Partial<GrowthFigures>> {
  const { value: store, elapsedMs: restartMs } = await stopwatch(() => BenchStore.open(directory));
  const draw = new RuleDraw(seed);
  const same = ruleExpression(draw.otherCities());
  const times = (create: () => JsonValue): readonly JsonValue[] => Array.from({ length: WARM_UP + rounds }, create);
  const firstSeen = await askAll(
    store,
    times(() => ruleExpression(draw.otherCities())),
  );
  const repeated = await askAll(
    store,
    times(() => same),
  );
  const range = await askAll(
    store,
    times(() => spendExpression(draw.spendLowCents())),
  );
  const { identity, tags } = store.engine.status().bytes;
  const resident = residentMiB();
  await store.close();
  return { restartMs, residentMiB: resident, identityBytes: identity, tagBytes: tags, firstSeen, repeated, range };
}

/** Planning is done before the time runs. */
async function askAll(store: BenchStore, expressions: readonly JsonValue[]): Promise<Asked> {
  const samplesMs: number[] = [];
  const answers: number[] = [];
  for (const [round, expression] of expressions.entries()) {
    const root = await store.plan(expression);
    const { value, elapsedMs } = await stopwatch(() => store.countOf(root));
    answers.push(value);
    if (round >= WARM_UP) samplesMs.push(elapsedMs);
  }
  return { samplesMs, answers };
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
