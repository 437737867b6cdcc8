import type { PlanNode } from '@tessera/audience';
import type { EngineFactory, EngineUnderTest } from './engine-under-test';
import { findFailure } from './random/find-failure';
import { generateScript } from './random/generate-script';
import { shrinkScript } from './random/shrink-script';
import { smallerRules } from './random/smaller-rules';
import { referenceFactory } from './reference-under-test';

const SEED = 2026;
const WORLDS_MAX = 10;

/** An engine that takes the first millisecond of every window away. */
const faultyFactory: EngineFactory = {
  name: 'faulty',
  async open(setup): Promise<EngineUnderTest> {
    const right = await referenceFactory.open(setup);
    const { engine } = right;
    return {
      ...right,
      name: 'faulty',
      engine: {
        name: 'faulty',
        counts: (nodes) => engine.counts(nodes.map(spoil)),
        materialise: (node) => engine.materialise(spoil(node)),
        contains: (node, guids) => engine.contains(spoil(node), guids),
        distribution: (node, requests, top) => engine.distribution(spoil(node), requests, top),
      },
    };
  },
};

function spoil(node: PlanNode): PlanNode {
  switch (node.kind) {
    case 'eventScan': {
      const { fromMs, toMs } = node.interval;
      return { ...node, interval: { fromMs: fromMs === null ? null : fromMs + 1, toMs } };
    }
    case 'intersect':
    case 'union':
    case 'threshold':
      return { ...node, inputs: node.inputs.map(spoil) };
    case 'difference':
      return { ...node, left: spoil(node.left), right: spoil(node.right) };
    default:
      return node;
  }
}

it('finds a planted fault of one millisecond and shrinks the world that found it to almost nothing', async () => {
  for (let world = 0; world < WORLDS_MAX; world += 1) {
    const script = generateScript(SEED + world, 52);
    const test = (candidate: typeof script): ReturnType<typeof findFailure> =>
      findFailure(candidate, referenceFactory, faultyFactory);
    const failure = await test(script);
    if (failure === null) continue;
    const smallest = await shrinkScript(script, failure, test);
    const messages = smallest.script.steps.flatMap((step) => ('send' in step ? step.send : []));
    const rules = smallest.script.steps.flatMap((step) => ('ask' in step ? step.ask : []));
    expect(rules).toHaveLength(1);
    // One row may take a second one to make a difference.
    expect(messages.length).toBeLessThanOrEqual(2);
    expect(smallest.script.steps.length).toBeLessThan(script.steps.length / 2);
    expect(rules[0]?.rule).toEqual(expect.objectContaining({ event: expect.any(String), window: expect.anything() }));
    expect(await test(smallest.script)).not.toBeNull();
    return;
  }
  throw new Error(`the fault was not found in ${WORLDS_MAX} worlds from seed ${SEED}`);
});

it('offers children, rules with a child left out, and rules without what is optional', () => {
  const rule = {
    atLeast: 2,
    of: [{ not: { all: true } }, { event: 'buy', op: 'gte', value: 1, window: { last: 'P1D' } }],
  };
  const offered = [...smallerRules(rule)];
  expect(offered).toContainEqual({ not: { all: true } });
  expect(offered).toContainEqual({ atLeast: 1, of: [{ not: { all: true } }] });
  expect(offered).toContainEqual({ atLeast: 2, of: [{ all: true }, rule.of[1]] });
  expect(offered).toContainEqual({ atLeast: 2, of: [{ not: { all: true } }, { event: 'buy', op: 'gte', value: 1 }] });
});
