import { describeWithStarrocks } from '../../support/starrocks-standin/with-starrocks';
import { compareWorld } from '../random/compare-world';
import { starrocksFactory } from './starrocks-under-test';

const SEED = Number(process.env['CONFORMANCE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** Half of them in each shape. */
const PLANS = Number(process.env['STARROCKS_PLANS'] ?? 1_040);
const PLANS_PER_WORLD = 52;

describeWithStarrocks('StarRocks engine in random worlds', (starrocks) => {
  // Shown before anything can fail or hang.
  process.stderr.write(`conformance: CONFORMANCE_SEED=${SEED} STARROCKS_PLANS=${PLANS}\n`);
  const worlds = Array.from({ length: Math.ceil(PLANS / PLANS_PER_WORLD) }, (_, world) => ({
    world,
    shape: world % 2 === 0 ? ('mixed' as const) : ('bitmap' as const),
  }));

  it.each(worlds)(
    `agrees with the reference in world $world of seed ${SEED}, $shape shape`,
    async ({ world, shape }) => {
      await compareWorld(starrocksFactory(starrocks, shape), { seed: SEED, world, questions: PLANS_PER_WORLD });
    },
    600_000,
  );
});
