import type { TagTypeDefinition } from '@tessera/tag-catalog';
import {
  differenceNode,
  eventScanNode,
  intersectNode,
  listReadNode,
  profileScanNode,
  snapshotReadNode,
  thresholdNode,
  unionNode,
  universeNode,
} from './plan-nodes';
import type { PlanNode, TagTest, ValueCondition } from './plan';
import { sampleCatalog } from './testing/sample-plans';

function test(name: string, condition: ValueCondition): TagTest {
  const tag = sampleCatalog.tag(name);
  if (tag === undefined) {
    throw new Error(`no tag ${name}`);
  }
  return { tag, condition, validAfterMs: null, includeMissing: false };
}

function scan(condition: ValueCondition): PlanNode {
  return profileScanNode('customer', [test('city', condition)]);
}

function list(values: readonly string[], negated = false): ValueCondition {
  return { kind: 'oneOf', values, negated };
}

const visit: TagTypeDefinition | undefined = sampleCatalog.type('visit');

describe('keys', () => {
  it('do not depend on the order of inputs, but on how often one is given to a threshold', () => {
    const [a, b] = [listReadNode('a'), listReadNode('b')];
    expect(intersectNode([a, b]).key).toBe(intersectNode([b, a]).key);
    expect(differenceNode(a, b).key).not.toBe(differenceNode(b, a).key);
    expect(thresholdNode(2, [a, a, b]).key).not.toBe(thresholdNode(2, [a, b, b]).key);
    expect(thresholdNode(2, [a, b]).key).not.toBe(thresholdNode(1, [a, b]).key);
    expect(unionNode([a, b]).key).not.toBe(intersectNode([a, b]).key);
  });

  it('tell everything apart that can give another answer', () => {
    const base = test('city', list(['a']));
    if (visit === undefined) {
      throw new Error('no event');
    }
    const interval = { fromMs: 0, toMs: 5 };
    const count = { eventType: visit, where: [], interval, measure: { kind: 'count' } as const, exact: null };
    const nodes = [
      universeNode(),
      scan(list(['a'])),
      scan(list(['a'], true)),
      scan(list(['a', 'b'])),
      scan(list(['a,b'])),
      scan(list(['a","b'])),
      scan({ kind: 'text', op: 'contains', text: 'a' }),
      scan({ kind: 'text', op: 'matches', text: 'a' }),
      scan({ kind: 'range', low: { value: 'a', inclusive: true }, high: null }),
      scan({ kind: 'range', low: { value: 'a', inclusive: false }, high: null }),
      scan({ kind: 'range', low: null, high: { value: 'a', inclusive: false } }),
      profileScanNode('customer', [{ ...base, includeMissing: true }]),
      profileScanNode('customer', [{ ...base, validAfterMs: 0 }]),
      profileScanNode('customer', [{ ...base, validAfterMs: 1 }]),
      profileScanNode('customer', [base, base]),
      listReadNode('a'),
      listReadNode('a\nb'),
      snapshotReadNode('a', 1),
      snapshotReadNode('a', 11),
      eventScanNode({ ...count, condition: list([]) }),
      eventScanNode({ ...count, condition: { kind: 'present' } }),
      eventScanNode({ ...count, condition: { kind: 'present' }, interval: { fromMs: null, toMs: 5 } }),
      eventScanNode({ ...count, measure: { kind: 'firstTime' }, condition: { kind: 'present' } }),
      eventScanNode({ ...count, condition: null, exact: { op: 'eq', scale: 0, low: 1n, high: 1n } }),
      eventScanNode({ ...count, condition: null, exact: { op: 'eq', scale: 1, low: 1n, high: 1n } }),
    ];
    expect(new Set(nodes.map((node) => node.key)).size).toBe(nodes.length);
  });

  it('stay short however long the lists and however deep the tree', () => {
    let node = scan(list(Array.from({ length: 100_000 }, (_, index) => `value ${index}`)));
    for (let depth = 0; depth < 1_000; depth += 1) {
      node = intersectNode([node, differenceNode(universeNode(), node)]);
    }
    expect(node.key.length).toBeLessThan(100);
  });
});

describe('factories', () => {
  it('freeze nodes and refuse what denotes nothing', () => {
    const node = intersectNode([universeNode()]);
    expect(Object.isFrozen(node)).toBe(true);
    expect(Object.isFrozen(node.inputs)).toBe(true);
    expect(() => unionNode([])).toThrow('at least one input');
    expect(() => profileScanNode('customer', [])).toThrow('at least one test');
  });
});
