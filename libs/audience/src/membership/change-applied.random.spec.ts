import type { JsonValue } from '@tessera/tag-catalog';
import { formatInstant } from '@tessera/tag-catalog';
import { buildPlan } from '../plan/build-plan';
import { randomExpression, SeededRandom, sendRandomMessage } from '../reference/testing/random-world';
import { SampleWorld } from '../reference/testing/sample-world';
import { explainMembership } from './explain-membership';
import type { ExplainedNode, LeafChange } from './membership-explanation';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const CASES = 1_200;

/** The body that does what the change of a tag asks for; undefined: it gives no value. */
function bodyFor(change: LeafChange): JsonValue | undefined {
  switch (change.kind) {
    case 'clearValue':
      return null;
    case 'setValue':
      return change.to;
    case 'addElements':
      return { $add: (change.values ?? []).slice(0, change.count) };
    case 'removeElements':
      return { $remove: (change.values ?? []).slice(0, change.count) };
    default:
      return undefined;
  }
}

function holds(root: ExplainedNode): boolean {
  return root.predicate ?? root.member;
}

describe('the change of a leaf', () => {
  it(`flips it once it has been made (SEED=${SEED})`, async () => {
    const random = new SeededRandom(SEED);
    const world = new SampleWorld('2025-03-27T21:15:00Z');
    for (let sent = 0; sent < 200; sent += 1) {
      await sendRandomMessage(random, world, random.pick(['a', 'b', 'c']));
      world.nowMs += 1_000;
    }
    // Later than everything sent, so that it wins.
    const time = formatInstant(world.nowMs + 86_400_000 - 1);
    const tried = new Map<string, number>();
    for (let at = 0; at < CASES; at += 1) {
      const json = randomExpression(random, world.nowMs, 0);
      const expression = await world.bind(json);
      const cuid = random.pick(['a', 'b', 'c']);
      const explain = (): ExplainedNode => {
        const view = world.engine.user(cuid)!;
        return explainMembership({ expression, asOfMs: world.nowMs, view, buildPlan }).root;
      };
      const before = explain();
      const { change } = before;
      if (change === undefined || change === null) continue;
      const context = { seed: SEED, at, cuid, json, change };
      if (expression.kind === 'tag') {
        const body = bodyFor(change);
        if (body === undefined) continue;
        const sent = await world.send(expression.tag.typeName, cuid, { [expression.tag.name]: body }, { time });
        expect({ ...context, sent }).toEqual({ ...context, sent: 'accepted' });
      } else if (
        expression.kind === 'event' &&
        change.kind === 'moreRows' &&
        change.byMessage &&
        expression.where.length === 0
      ) {
        const { window } = before;
        const rowMs = Math.max(Date.parse(window!.to) - 1, Date.parse(window!.from ?? window!.to));
        for (let row = 0; row < Number(change.by); row += 1) {
          await world.send(expression.eventType.name, cuid, {}, { time: formatInstant(rowMs) });
        }
      } else {
        continue;
      }
      tried.set(change.kind, (tried.get(change.kind) ?? 0) + 1);
      expect({ ...context, holds: holds(explain()) }).toEqual({ ...context, holds: !holds(before) });
    }
    for (const kind of ['setValue', 'clearValue', 'addElements', 'removeElements', 'moreRows']) {
      expect([kind, tried.get(kind) ?? 0]).toEqual([kind, expect.any(Number)]);
      expect(tried.get(kind) ?? 0).toBeGreaterThan(0);
    }
  });
});
