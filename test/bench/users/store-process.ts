import type { JsonValue } from '@tessera/tag-catalog';
import { stopwatch } from '../framework/statistics';
import { residentMiB } from '../framework/timed-load';
import { BenchStore } from '../store/bench-store';
import type { EngineOptions } from '../store/bench-store';
import { loadUsers } from './load-users';
import { drawQuestions, ruleExpression, spendExpression } from './questions';
import type { AnsweredHere, Asking, LoadFigures, Loading, OpenFigures } from './store-program';
import { UserPopulation } from './user-population';

/** Does one piece of work on a store in a process of its own, so that its memory is its own: the work as JSON in the first argument. */
async function main(): Promise<void> {
  const work = JSON.parse(process.argv[2] ?? '') as Loading | Asking;
  const figures = work.kind === 'load' ? await load(work) : await ask(work);
  console.log(`figures ${JSON.stringify(figures)}`);
}

async function load({ directory, users, seed }: Loading): Promise<LoadFigures> {
  const store = await BenchStore.open(directory);
  const { elapsedMs: loadMs } = await stopwatch(() => loadUsers(store, new UserPopulation(users, seed)));
  const resident = residentMiB();
  await store.close();
  return { loadMs, residentMiB: resident };
}

async function ask(asking: Asking): Promise<OpenFigures> {
  const { directory, threads, parallelFrom } = asking;
  const options: EngineOptions = { threads, ...(parallelFrom === null ? {} : { parallelFrom }) };
  const { value: store, elapsedMs: openMs } = await stopwatch(() => BenchStore.open(directory, options));
  const { elapsedMs: indexMs } = await stopwatch(() => store.untilIndexed());
  const { firstSeen, repeated, range } = drawQuestions(asking);
  const answered = {
    firstSeen: await askAll(store, firstSeen.map(ruleExpression), asking.warmUp),
    repeated: await askAll(store, repeated.map(ruleExpression), asking.warmUp),
    range: await askAll(store, range.map(spendExpression), asking.warmUp),
  };
  const { identity: identityBytes, tags: tagBytes } = store.engine.status().bytes;
  const resident = residentMiB();
  await store.close();
  return { openMs, indexMs, residentMiB: resident, identityBytes, tagBytes, ...answered };
}

/** Planning is done before the time runs. */
async function askAll(store: BenchStore, expressions: readonly JsonValue[], warmUp: number): Promise<AnsweredHere> {
  const samplesMs: number[] = [];
  const answers: number[] = [];
  for (const [round, expression] of expressions.entries()) {
    const root = await store.plan(expression);
    const { value, elapsedMs } = await stopwatch(() => store.countOf(root));
    answers.push(value);
    if (round >= warmUp) samplesMs.push(elapsedMs);
  }
  return { samplesMs, answers };
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
