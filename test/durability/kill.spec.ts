import { runCrashes } from './crash-run';

const SEED = Number(process.env['DURABILITY_SEED'] ?? Math.floor(Math.random() * 2 ** 20));
/** `npm run crash` makes more of them. */
const KILLS = Number(process.env['DURABILITY_KILLS'] ?? 50);

describe('kill -9 under write load', () => {
  process.stderr.write(`durability: DURABILITY_SEED=${SEED} DURABILITY_KILLS=${KILLS}\n`);

  it(`loses nothing acknowledged and applies nothing twice, ${KILLS} times over, at every fault point (seed ${SEED})`, async () => {
    const summary = await runCrashes({ seed: SEED, kills: KILLS });
    const { kills, acknowledged, found, missed, deaths } = summary;
    process.stderr.write(
      `durability: ${acknowledged} writes acknowledged, ${found} found, ${deaths.size} ways to die\n`,
    );
    expect(kills).toBeGreaterThanOrEqual(KILLS);
    expect(acknowledged).toBeGreaterThan(KILLS);
    expect(found).toBeGreaterThanOrEqual(acknowledged);
    expect(missed).toEqual([]);
  }, 600_000);
});
