import type { UserView } from '../engine/user-view';
import type { PlanNode } from '../plan/plan';
import {
  differenceNode,
  emptyNode,
  intersectNode,
  listReadNode,
  snapshotReadNode,
  thresholdNode,
  unionNode,
  universeNode,
} from '../plan/plan-nodes';
import { SampleWorld } from '../reference/testing/sample-world';
import { isMember } from './is-member';

async function knownUser(): Promise<UserView> {
  const world = new SampleWorld('2025-06-15T12:00:00Z');
  await world.send('visit', 'u', {});
  world.store.putList('in', ['u']);
  world.store.putSnapshot('vip', 1, ['u']);
  return world.engine.user('u')!;
}

describe('isMember', () => {
  it('combines its inputs', async () => {
    const view = await knownUser();
    const yes = listReadNode('in');
    const no = listReadNode('out');
    const cases: readonly (readonly [PlanNode, boolean])[] = [
      [universeNode(), true],
      [emptyNode(), false],
      [snapshotReadNode('vip', 1), true],
      [snapshotReadNode('vip', 2), false],
      [intersectNode([yes, universeNode()]), true],
      [intersectNode([yes, no]), false],
      [unionNode([no, yes]), true],
      [unionNode([no, emptyNode()]), false],
      [differenceNode(yes, no), true],
      [differenceNode(yes, yes), false],
      [differenceNode(no, no), false],
      [thresholdNode(2, [yes, no, yes]), true],
      [thresholdNode(2, [yes, no, no]), false],
      [thresholdNode(3, [yes, yes, yes]), true],
      [thresholdNode(1, [no, no, yes]), true],
    ];
    for (const [node, expected] of cases) expect([node.key, isMember(node, view)]).toEqual([node.key, expected]);
  });

  it('answers at once where audiences made of audiences multiply the ways to a node', async () => {
    const view = await knownUser();
    let node: PlanNode = listReadNode('out');
    for (let level = 0; level < 200; level += 1) {
      node = unionNode([intersectNode([node, listReadNode('in')]), intersectNode([node, universeNode()])]);
    }
    expect(isMember(node, view)).toBe(false);
    expect(isMember(differenceNode(universeNode(), node), view)).toBe(true);
  });
});
