import { buildPlan } from '../plan/build-plan';
import { randomExpression, SeededRandom, sendRandomMessage } from '../reference/testing/random-world';
import { SampleWorld } from '../reference/testing/sample-world';
import { isMember } from './is-member';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const WORLDS = 12;
const EXPRESSIONS_PER_WORLD = 60;
const MESSAGES_PER_WORLD = 120;
const HOUR_MS = 3_600_000;

async function randomWorld(random: SeededRandom): Promise<SampleWorld> {
  // The clocks of Berlin change on 30 March 2025.
  const world = new SampleWorld('2025-03-27T21:15:00Z');
  const cuids = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
  for (let sent = 0; sent < MESSAGES_PER_WORLD; sent += 1) {
    await sendRandomMessage(random, world, random.pick(cuids));
    world.nowMs += random.int(0, HOUR_MS);
    if (random.chance(0.01)) await world.store.erase(random.pick(cuids));
  }
  world.store.putList('uploaded', random.some(cuids, 3));
  return world;
}

describe('isMember against the reference engine', () => {
  it(`agrees on random expressions, rewrites on and off (SEED=${SEED})`, async () => {
    let members = 0;
    let answers = 0;
    for (let round = 0; round < WORLDS; round += 1) {
      const seed = SEED + round;
      const random = new SeededRandom(seed);
      const world = await randomWorld(random);
      const users = world.store.users();
      for (let asked = 0; asked < EXPRESSIONS_PER_WORLD; asked += 1) {
        const json = randomExpression(random, world.nowMs, 2);
        const expression = await world.bind(json, random.pick(['UTC', 'Europe/Berlin', 'America/St_Johns']));
        const asOfMs = world.nowMs + random.pick([0, 0, -50, 30, -400]) * HOUR_MS;
        const [plain, rewritten] = [false, true].map((rewrites) => buildPlan(expression, { asOfMs, rewrites }));
        const oracle = await world.engine.contains(
          plain!.root,
          users.map((user) => user.guid),
        );
        const oracleRewritten = await world.engine.contains(
          rewritten!.root,
          users.map((user) => user.guid),
        );
        const views = users.map((user) => world.engine.user(user.cuid)!);
        const context = { seed, asked, asOf: new Date(asOfMs).toISOString(), json };
        expect({ ...context, members: oracleRewritten.members }).toEqual({ ...context, members: oracle.members });
        for (const plan of [plain!, rewritten!]) {
          const direct = views.map((view) => isMember(plan.root, view));
          expect({ ...context, members: direct }).toEqual({ ...context, members: oracle.members });
        }
        answers += users.length;
        members += oracle.members.filter(Boolean).length;
      }
    }
    // The expressions must tell users apart, or the test proves nothing.
    expect(members).toBeGreaterThan(answers / 10);
    expect(members).toBeLessThan((answers * 9) / 10);
  });
});
