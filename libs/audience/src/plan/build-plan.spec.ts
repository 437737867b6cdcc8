import type { JsonValue } from '@tessera/tag-catalog';
import type { Expression } from '../expression/expression';
import { buildPlan } from './build-plan';
import { explainPlan } from './explain-plan';
import { bindSample, planSample, SAMPLE_AS_OF_MS } from './testing/sample-plans';

const level = { tag: 'level', op: 'gte', value: 3 };

describe('buildPlan', () => {
  it('gives every node of the expression as sent an output, in document order, root first', async () => {
    const plan = await planSample({
      and: [
        level,
        { not: { audience: 'loyal' }, id: 'not-loyal' },
        { atLeast: 1, of: [{ tag: 'email', op: 'exists' }] },
      ],
    });
    expect(plan.outputs.map(({ path, id }) => [path, id])).toEqual([
      ['', null],
      ['/and/0', null],
      ['/and/1', 'not-loyal'],
      ['/and/1/not', null],
      ['/and/2', null],
      ['/and/2/of/0', null],
    ]);
    expect(plan.outputs[0]?.node).toBe(plan.root);
  });

  it('without rewrites has one obvious node for every node of the expression', async () => {
    const plan = await planSample({ and: [{ not: { not: level } }, { all: true }] }, false);
    expect(plan.root).toMatchObject({
      kind: 'intersect',
      inputs: [{ kind: 'difference', left: { kind: 'universe' }, right: { kind: 'difference' } }, { kind: 'universe' }],
    });
    expect(plan.rewrites.map(({ name }) => name)).toEqual(['choose placement']);
  });

  it('asks for users with no value of each tag, expired values among them', async () => {
    const plan = await planSample({ tag: 'seen_at', op: 'after', value: '2026-01-01T00:00:00Z' });
    const validAfterMs = SAMPLE_AS_OF_MS - 30 * 86_400_000;
    expect(plan.root).toMatchObject({ tests: [{ validAfterMs }] });
    expect(plan.outputs[0]?.missing).toMatchObject({ tests: [{ condition: { kind: 'absent' }, validAfterMs }] });
    expect((await planSample({ all: true })).outputs[0]?.missing).toBeNull();
  });

  it('plans a live audience as its expression and a snapshot as a read', async () => {
    const live = await planSample({ audience: 'loyal' });
    expect(live.root).toMatchObject({ kind: 'profileScan', tests: [{}, {}] });
    expect(live.outputs).toHaveLength(1);
    const snapshot = await planSample({ audience: 'loyal', mode: 'snapshot' });
    expect(snapshot.root).toMatchObject({ kind: 'snapshotRead', audienceId: 'loyal', version: 3 });
  });

  it('shows windows as their actual start and end', async () => {
    const event = { event: 'visit', op: 'gte', value: 1 };
    const windows: JsonValue[] = [
      { last: 'P1D' },
      { from: '2026-03-01T00:00:00Z' },
      { to: '2026-03-01T00:00:00Z' },
      { calendar: 'week', offset: -1, timeZone: 'Europe/London' },
      { from: '2027-01-01T00:00:00Z' },
      { last: 'P90000000D' },
    ];
    const plan = await planSample({ or: [...windows.map((window) => ({ ...event, window })), event] });
    expect(plan.windows).toEqual([
      { path: '/or/0', from: '2026-03-14T12:00:00.001Z', to: '2026-03-15T12:00:00.001Z' },
      { path: '/or/1', from: '2026-03-01T00:00:00Z', to: '2026-03-15T12:00:00.001Z' },
      { path: '/or/2', from: null, to: '2026-03-01T00:00:00Z' },
      { path: '/or/3', from: '2026-03-02T00:00:00Z', to: '2026-03-09T00:00:00Z' },
      { path: '/or/4', from: '2027-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' },
      { path: '/or/5', from: '-244386-07-28T12:00:00.001Z', to: '2026-03-15T12:00:00.001Z' },
    ]);
  });

  it('plans sums and averages as exact thresholds', async () => {
    const plan = await planSample({ event: 'order_paid', measure: { avg: 'amount' }, op: 'gt', value: 0.125 });
    expect(plan.root).toMatchObject({ condition: null, exact: { op: 'gt', scale: 3, low: 125n } });
  });

  it('plans 10,000 nodes, 62 levels deep, without its text exploding', async () => {
    let chain: JsonValue = { list: 'upload' };
    for (let level = 0; level < 62; level += 1) {
      const leaves = Array.from({ length: 155 }, (_, index) => ({
        event: 'visit',
        op: 'gte',
        value: level * 155 + index + 1,
      }));
      chain = { and: [chain, ...leaves] };
    }
    const bound = await bindSample(chain);
    const plan = buildPlan(bound, { asOfMs: SAMPLE_AS_OF_MS });
    expect(plan.outputs).toHaveLength(62 * 156 + 1);
    expect(Math.max(...plan.outputs.map(({ node }) => node.key.length))).toBeLessThan(150);
  });

  it('plans an audience used by many others once', () => {
    let expression: Expression = { kind: 'all', path: '', id: null };
    for (let depth = 0; depth < 60; depth += 1) {
      const children: Expression[] = [
        expression,
        { kind: 'list', path: '', id: null, listId: `list ${depth}` },
        expression,
      ];
      const inner: Expression = { kind: 'atLeast', path: '', id: null, atLeast: 2, children };
      expression = { kind: 'audience', path: '', id: null, audienceId: 'a', version: 1, mode: 'live', child: inner };
    }
    expect(buildPlan(expression, { asOfMs: 0 }).outputs).toHaveLength(1);
  });
});

describe('explainPlan', () => {
  it('is stable text with shared nodes shown once', async () => {
    const text = explainPlan(
      await planSample(
        {
          or: [
            {
              and: [
                { list: 'upload' },
                { tag: 'city', op: 'in', value: ['b', 'a'] },
                { ...level, onMissing: 'include' },
              ],
            },
            {
              atLeast: 2,
              of: [
                { list: 'upload' },
                { event: 'visit', op: 'eq', value: 0 },
                { all: true },
                { tag: 'seen_at', op: 'withinLast', value: 'P1D' },
              ],
            },
          ],
        },
        false,
      ),
    );
    expect(text).toMatchInlineSnapshot(`
      "plan as of 2026-03-15T12:00:00Z
        union of 2
          intersect of 3
            #1 listRead "upload"
            profileScan customer: city in ["a", "b"]
            profileScan customer: level >= 3, or no value
          threshold: in at least 2 of 4
            #1 again (listRead)
            eventScan visit: count = 0
              rows from the first on until before 2026-03-15T12:00:00.001Z
            universe
            profileScan customer: seen_at > "2026-03-14T12:00:00Z" and <= "2026-03-15T12:00:00Z" (values after 2026-02-13T12:00:00Z only)
      rewrites
        1. choose placement: tags of the profile type customer are tested in its profile scan"
    `);
  });

  it('names the rewrites with their reasons', async () => {
    const text = explainPlan(
      await planSample({
        and: [
          { event: 'order_paid', measure: { sum: 'amount' }, op: 'between', value: [1, 2.5], window: { last: 'P7D' } },
          { not: { list: 'upload' } },
          { tag: 'born', op: 'anniversary', value: { nextDays: 7 } },
        ],
      }),
    );
    expect(text).toMatchInlineSnapshot(`
      "plan as of 2026-03-15T12:00:00Z
        difference: the first less the second
          intersect of 2
            profileScan customer: born falls on 03-15, 03-16, 03-17, 03-18, 03-19, … 8 in all (UTC)
            eventScan order_paid: sum(amount) >= 1 and <= 2.5
              rows from 2026-03-08T12:00:00.001Z until before 2026-03-15T12:00:00.001Z
          listRead "upload"
      rewrites
        1. choose placement: tags of the profile type customer are tested in its profile scan
        2. push not down into differences: what an intersection excludes is taken away from the rest of it, not from everybody
        3. order by estimated cost: the cheapest of 2 inputs comes first (profileScan)"
    `);
  });
});
