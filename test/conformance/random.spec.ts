import { ENGINES } from './engines';
import { compareWorld } from './random/compare-world';

const SEED = Number(process.env['CONFORMANCE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const PLANS = Number(process.env['CONFORMANCE_PLANS'] ?? 5_200);
const PLANS_PER_WORLD = 52;
const WORLDS = Math.ceil(PLANS / PLANS_PER_WORLD);
/** Worlds in one test, so that progress shows. */
const WORLDS_PER_TEST = 10;

const [, ...others] = ENGINES;

describe('random worlds', () => {
  // Shown before anything can fail or hang.
  process.stderr.write(`conformance: CONFORMANCE_SEED=${SEED} CONFORMANCE_PLANS=${PLANS}\n`);

  for (let first = 0; first < WORLDS; first += WORLDS_PER_TEST) {
    const last = Math.min(first + WORLDS_PER_TEST, WORLDS) - 1;
    it.each(others)(
      `$name agrees with the reference in worlds ${first} to ${last} of seed ${SEED}`,
      async (factory) => {
        for (let world = first; world <= last; world += 1) {
          await compareWorld(factory, { seed: SEED, world, questions: PLANS_PER_WORLD });
        }
      },
      600_000,
    );
  }
});
