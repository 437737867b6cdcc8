import type { JsonValue } from '@tessera/tag-catalog';
import { WatchedAsOf } from './as-of';
import { buildPlan } from './build-plan';
import { randomExpression, seededRandom } from './testing/random-samples';
import { bindSample, planSample, SAMPLE_AS_OF_MS } from './testing/sample-plans';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000_007);
const CASES = 600;
const DAY_MS = 86_400_000;
const OTHER_MS = [0, SAMPLE_AS_OF_MS - 1, SAMPLE_AS_OF_MS + 1, SAMPLE_AS_OF_MS + 100 * DAY_MS];

describe('as-of', () => {
  it('knows whether it was read', () => {
    const asOf = new WatchedAsOf(7);
    expect(asOf.wasRead).toBe(false);
    expect([asOf.asOfMs, asOf.wasRead]).toEqual([7, true]);
  });

  it.each<[boolean, string, JsonValue]>([
    [false, 'a value', { tag: 'level', op: 'gte', value: 3 }],
    [false, 'a fixed date', { tag: 'born', op: 'before', value: '1990-01-01' }],
    [
      false,
      'groups, a list and a snapshot',
      { or: [{ not: { list: 'upload' } }, { audience: 'loyal', mode: 'snapshot' }] },
    ],
    [true, 'time to live', { tag: 'seen_at', op: 'exists' }],
    [true, 'withinLast', { tag: 'born', op: 'withinLast', value: 'P30D' }],
    [true, 'an anniversary', { not: { tag: 'born', op: 'anniversary', value: { nextDays: 3 } } }],
    [true, 'rows, which count up to as-of', { event: 'order_paid', op: 'gte', value: 1 }],
    [true, 'a sequence', { sequence: [{ event: 'visit' }, { event: 'order_paid' }] }],
  ])('matters (%s) for %s', async (expected, _name, expression) => {
    expect((await planSample(expression)).dependsOnAsOf).toBe(expected);
    expect((await planSample({ and: [{ tag: 'level', op: 'eq', value: 1 }, expression] })).dependsOnAsOf).toBe(
      expected,
    );
  });

  it('changes nothing but itself in plans that do not depend on it', async () => {
    const random = seededRandom(SEED);
    const seen = { true: 0, false: 0 };
    for (let number = 0; number < CASES; number += 1) {
      const json = randomExpression(random, 3);
      const bound = await bindSample(json, 'Europe/London');
      const plan = buildPlan(bound, { asOfMs: SAMPLE_AS_OF_MS });
      seen[`${plan.dependsOnAsOf}`] += 1;
      if (plan.dependsOnAsOf) continue;
      for (const asOfMs of OTHER_MS) {
        const other = JSON.stringify({ ...buildPlan(bound, { asOfMs }), asOfMs: SAMPLE_AS_OF_MS }, showBigInt);
        if (other !== JSON.stringify(plan, showBigInt)) {
          throw new Error(`SEED=${SEED} case ${number} at ${asOfMs}: ${JSON.stringify(json)}`);
        }
      }
    }
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(CASES / 20);
  });
});

function showBigInt(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
