import type { Expression } from '../expression/expression';
import { buildPlan } from '../plan/build-plan';
import { randomExpression, SeededRandom, sendRandomMessage } from '../reference/testing/random-world';
import { SampleWorld } from '../reference/testing/sample-world';
import { explainMembership } from './explain-membership';
import { isMember } from './is-member';
import type { ExplainedNode } from './membership-explanation';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const WORLDS = 6;
const EXPRESSIONS_PER_WORLD = 30;
const MESSAGES_PER_WORLD = 60;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function entriesOf(node: ExplainedNode): readonly ExplainedNode[] {
  return [node, ...(node.children ?? []).flatMap(entriesOf)];
}

/** Membership when `laterMs` have passed and nothing else has happened. */
function memberLater(
  world: SampleWorld,
  expression: Expression,
  cuid: string,
  asOfMs: number,
  laterMs: number,
): boolean {
  const nowMs = world.nowMs;
  world.nowMs = nowMs + laterMs;
  const member = isMember(buildPlan(expression, { asOfMs: asOfMs + laterMs }).root, world.engine.user(cuid)!);
  world.nowMs = nowMs;
  return member;
}

/** Time passed from as-of to the flip, and random times before it: near as-of, near the flip, and in between. */
function timesBefore(random: SeededRandom, endMs: number): readonly number[] {
  const between = Array.from({ length: 12 }, () => Math.floor(random.next() * endMs));
  const near = Array.from({ length: 6 }, () => Math.floor(random.next() ** 3 * endMs));
  return [...between, ...near, endMs - 1].filter((laterMs) => laterMs >= 0);
}

describe('explainMembership on random expressions', () => {
  it(`explains every node as planned and finds the first flip exactly (SEED=${SEED})`, async () => {
    let flips = 0;
    let never = 0;
    for (let round = 0; round < WORLDS; round += 1) {
      const seed = SEED + round;
      const random = new SeededRandom(seed);
      const world = new SampleWorld(
        random.pick(['2025-03-27T21:15:00Z', '2010-11-05T20:00:00Z', '2024-02-27T11:00:00Z']),
      );
      for (let sent = 0; sent < MESSAGES_PER_WORLD; sent += 1) {
        await sendRandomMessage(random, world, random.pick(['a', 'b', 'c']));
        world.nowMs += random.int(0, HOUR_MS);
      }
      for (let asked = 0; asked < EXPRESSIONS_PER_WORLD; asked += 1) {
        const json = randomExpression(random, world.nowMs, 2);
        const expression = await world.bind(json, random.pick(['UTC', 'Europe/Berlin', 'America/St_Johns']));
        const asOfMs = world.nowMs + random.pick([0, 0, 0, -30]) * HOUR_MS;
        for (const { cuid } of world.store.users()) {
          const view = world.engine.user(cuid)!;
          const plan = buildPlan(expression, { asOfMs });
          const explained = explainMembership({ expression, asOfMs, view, buildPlan, wallClockMs: world.nowMs });
          const context = { seed, asked, cuid, asOf: new Date(asOfMs).toISOString(), json };

          const planned = plan.outputs.map(({ path, node }) => ({ path, member: isMember(node, view) }));
          const shown = entriesOf(explained.root).map(({ path, member }) => ({ path, member }));
          expect({ ...context, nodes: shown }).toEqual({ ...context, nodes: planned });
          expect(JSON.parse(JSON.stringify(explained))).toEqual(explained);
          expect({ ...context, change: explained.smallestChange?.leaves ?? 1 }).not.toEqual({ ...context, change: 0 });

          const { member, flipsAt, search } = explained;
          const horizonMs = flipsAt !== null ? Date.parse(flipsAt) - asOfMs : search.complete ? 1_200 * DAY_MS : 0;
          for (const laterMs of timesBefore(random, horizonMs)) {
            const later = memberLater(world, expression, cuid, asOfMs, laterMs);
            expect({ ...context, flipsAt, laterMs, later }).toEqual({ ...context, flipsAt, laterMs, later: member });
          }
          if (flipsAt === null) {
            never += search.complete ? 1 : 0;
          } else {
            flips += 1;
            const later = memberLater(world, expression, cuid, asOfMs, horizonMs);
            expect({ ...context, flipsAt, later }).toEqual({ ...context, flipsAt, later: !member });
          }
        }
      }
    }
    expect(flips).toBeGreaterThan(50);
    expect(never).toBeGreaterThan(50);
  });
});
