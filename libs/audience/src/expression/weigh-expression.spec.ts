import { bindSample } from '../plan/testing/sample-plans';
import { weighExpression } from './weigh-expression';

const LEVEL = { tag: 'level', op: 'gte', value: 3 };

describe('the weight of an expression', () => {
  const weigh = async (json: Parameters<typeof bindSample>[0]): Promise<number> =>
    weighExpression(await bindSample(json));

  it('grows with nodes, filters, steps and values', async () => {
    const filter = { property: 'amount', op: 'eq', value: 3 };
    const event = { event: 'order_paid', op: 'gte', value: 1 };
    const step = { event: 'order_paid', where: [filter] };
    const pairs = [
      [LEVEL, { not: LEVEL }],
      [{ and: [LEVEL] }, { and: [LEVEL, { ...LEVEL, value: 4 }] }],
      [event, { ...event, where: [filter] }],
      [{ sequence: [step, step] }, { sequence: [step, step, step] }],
      [
        { tag: 'city', op: 'in', value: ['a'] },
        { tag: 'city', op: 'in', value: ['a', 'b'] },
      ],
      [
        { tag: 'city', op: 'eq', value: 'a' },
        { tag: 'email', op: 'eq', value: 'a' },
      ],
      [LEVEL, { audience: 'loyal' }],
    ] as const;
    for (const [less, more] of pairs) expect(await weigh(more)).toBeGreaterThan(await weigh(less));
    expect(await weigh({ tag: 'city', op: 'in', value: ['x'.repeat(1_000)] })).toBeGreaterThan(2_000);
  });

  it('has no bound where all texts there are have to be judged', async () => {
    expect(await weigh({ tag: 'city', op: 'contains', value: 'b' })).toBe(Infinity);
    expect(await weigh({ tag: 'city', op: 'notIn', value: ['b'] })).toBe(Infinity);
    const where = [{ property: 'category', op: 'eq', value: 'toys' }];
    expect(await weigh({ event: 'order_paid', where, op: 'gte', value: 1 })).toBe(Infinity);
    expect(await weigh({ tag: 'city', op: 'exists' })).toBeLessThan(10_000);
  });

  it('has no bound with a pattern, wherever it stands', async () => {
    expect(await weigh({ not: { tag: 'city', op: 'matches', value: '^b' } })).toBe(Infinity);
    const where = [{ property: 'category', op: 'matches', value: 'o' }];
    expect(await weigh({ event: 'order_paid', where, op: 'gte', value: 1 })).toBe(Infinity);
  });

  it('counts what nodes share once', async () => {
    const email = { tag: 'email', op: 'exists' };
    const shared = (await weigh({ or: [email, email] })) - (await weigh({ or: [email] }));
    expect(shared).toBeLessThan(await weigh(email));
  });
});
