import type { EngineFactory } from '../engine-under-test';
import type { PerformOptions } from '../perform-script';
import { referenceFactory } from '../reference-under-test';
import type { Script } from '../script';
import { findFailure } from './find-failure';
import { generateScript } from './generate-script';
import { shrinkScript } from './shrink-script';

/** One world in so many has its users spread over several shards, another one restarts before every question. */
const SPREAD_EVERY = 7;
const RESTLESS_EVERY = 5;

/** Of the ways to perform the script, the quickest one in which it fails. */
async function simplestOptions(
  script: Script,
  factory: EngineFactory,
  options: PerformOptions,
): Promise<PerformOptions> {
  for (const simpler of [{}, { restless: true }]) {
    if ((await findFailure(script, referenceFactory, factory, simpler)) !== null) return simpler;
  }
  return options;
}

/**
 * Takes an engine and the oracle through a random world. @throws Error with the smallest script found on which they differ.
 * @param world number of the world; its seed is so much above that of the run.
 */
export async function compareWorld(
  factory: EngineFactory,
  { seed, world, questions }: { readonly seed: number; readonly world: number; readonly questions: number },
): Promise<void> {
  const script = generateScript(seed + world, questions);
  const options = {
    restless: world % RESTLESS_EVERY === 0,
    ...(world % SPREAD_EVERY === 0 ? { usersPerShard: 24 } : {}),
  };
  const failure = await findFailure(script, referenceFactory, factory, options);
  if (failure === null) return;
  const simplest = await simplestOptions(script, factory, options);
  const smallest = await shrinkScript(script, failure, (smaller) =>
    findFailure(smaller, referenceFactory, factory, simplest),
  );
  throw new Error(
    `CONFORMANCE_SEED=${seed}, world ${world}, options ${JSON.stringify(simplest)}\n${failure.message}\n\n` +
      `smallest case that still fails, after ${smallest.runs} runs:\n${smallest.failure.message}\n` +
      JSON.stringify(smallest.script),
  );
}
