import { ENGINES } from './engines';
import type { EngineFactory } from './engine-under-test';
import type { PerformOptions } from './perform-script';
import { findFailure } from './random/find-failure';
import { generateScript } from './random/generate-script';
import { shrinkScript } from './random/shrink-script';
import { referenceFactory } from './reference-under-test';
import type { Script } from './script';

const SEED = Number(process.env['CONFORMANCE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const PLANS = Number(process.env['CONFORMANCE_PLANS'] ?? 5_200);
const PLANS_PER_WORLD = 52;
const WORLDS = Math.ceil(PLANS / PLANS_PER_WORLD);
/** Worlds in one test, so that progress shows. */
const WORLDS_PER_TEST = 10;
/** One world in so many has its users spread over several shards, another one restarts before every question. */
const SPREAD_EVERY = 7;
const RESTLESS_EVERY = 5;

const [oracle = referenceFactory, ...others] = ENGINES;

/** Of the ways to perform the script, the quickest one in which it fails. */
async function simplestOptions(
  script: Script,
  factory: EngineFactory,
  options: PerformOptions,
): Promise<PerformOptions> {
  for (const simpler of [{}, { restless: true }]) {
    if ((await findFailure(script, oracle, factory, simpler)) !== null) return simpler;
  }
  return options;
}

describe('random worlds', () => {
  // Shown before anything can fail or hang.
  process.stderr.write(`conformance: CONFORMANCE_SEED=${SEED} CONFORMANCE_PLANS=${PLANS}\n`);

  for (let first = 0; first < WORLDS; first += WORLDS_PER_TEST) {
    const last = Math.min(first + WORLDS_PER_TEST, WORLDS) - 1;
    it.each(others)(
      `$name agrees with the reference in worlds ${first} to ${last} of seed ${SEED}`,
      async (factory) => {
        for (let world = first; world <= last; world += 1) {
          const script = generateScript(SEED + world, PLANS_PER_WORLD);
          const options = {
            restless: world % RESTLESS_EVERY === 0,
            ...(world % SPREAD_EVERY === 0 ? { usersPerShard: 24 } : {}),
          };
          const failure = await findFailure(script, oracle, factory, options);
          if (failure === null) continue;
          const simplest = await simplestOptions(script, factory, options);
          const smallest = await shrinkScript(script, failure, (smaller) =>
            findFailure(smaller, oracle, factory, simplest),
          );
          throw new Error(
            `CONFORMANCE_SEED=${SEED}, world ${world}, options ${JSON.stringify(simplest)}\n${failure.message}\n\n` +
              `smallest case that still fails, after ${smallest.runs} runs:\n${smallest.failure.message}\n` +
              JSON.stringify(smallest.script),
          );
        }
      },
      600_000,
    );
  }
});
