import { conjoinTests, disjoinTests } from '../combine-tests';
import { conjoinTestNames } from '../describe-node';
import type { IntersectNode, PlanNode, ProfileScanNode, TagTest, UnionNode } from '../plan';
import { intersectNode, kvReadNode, profileScanNode, unionNode } from '../plan-nodes';
import type { Rewrite, RewriteContext } from './rewrite';

const NAME = 'merge predicates of one table into one scan';

/** A scan of more tests than this is left alone: merged at each of 64 levels, it would be worked over 64 times. */
const MERGED_TESTS_MAX = 32;

/**
 * Predicates on tags of one type under one intersection become one scan; those on one tag become one test where one can
 * say it (also under a union, and for kv tags).
 */
export const mergeScans: Rewrite = {
  name: NAME,
  apply(node, context) {
    switch (node.kind) {
      case 'profileScan':
        return mergeTests(node, context);
      case 'intersect':
        return mergeIntersect(node, context);
      case 'union':
        return mergeUnion(node, context);
      case 'universe':
      case 'empty':
      case 'kvRead':
      case 'eventScan':
      case 'sequenceScan':
      case 'snapshotRead':
      case 'listRead':
      case 'difference':
      case 'threshold':
        return node;
    }
  },
};

function mergeTests(node: ProfileScanNode, { log }: RewriteContext): PlanNode {
  const tests = conjoinTests(node.tests);
  if (tests.length === node.tests.length) {
    return node;
  }
  log.add(NAME, `several tests of ${conjoinTestNames(tests)} are one test`);
  return profileScanNode(node.tagType, tests);
}

function mergeIntersect(node: IntersectNode, { normalise, log }: RewriteContext): PlanNode {
  const byType = new Map<string, TagTest[]>();
  const kvTests: TagTest[] = [];
  const others: PlanNode[] = [];
  let scans = 0;
  for (const input of node.inputs) {
    if (input.kind === 'profileScan' && input.tests.length <= MERGED_TESTS_MAX) {
      scans += 1;
      const tests = byType.get(input.tagType);
      if (tests === undefined) {
        byType.set(input.tagType, [...input.tests]);
      } else {
        tests.push(...input.tests);
      }
    } else if (input.kind === 'kvRead') {
      kvTests.push(input.test);
    } else {
      others.push(input);
    }
  }
  const mergedKv = conjoinTests(kvTests);
  if (scans === byType.size && mergedKv.length === kvTests.length) {
    return node;
  }
  const merged = [...byType].map(([tagType, tests]) => profileScanNode(tagType, tests));
  log.add(NAME, mergeReason(scans, merged.length, [...merged.flatMap((scan) => scan.tests), ...mergedKv]));
  const inputs = [...merged, ...mergedKv.map((test) => kvReadNode(test))].map((input) => normalise(input));
  return intersectNode([...inputs, ...others]);
}

function mergeReason(scans: number, scansLeft: number, tests: readonly TagTest[]): string {
  return scans === scansLeft
    ? `several tests of ${conjoinTestNames(tests)} are one test`
    : `${scans} scans are ${scansLeft}, testing ${conjoinTestNames(tests)} together`;
}

function mergeUnion(node: UnionNode, { normalise, log }: RewriteContext): PlanNode {
  const tests: TagTest[] = [];
  const others: PlanNode[] = [];
  for (const input of node.inputs) {
    const [test] = input.kind === 'profileScan' ? input.tests : input.kind === 'kvRead' ? [input.test] : [];
    // The test of a scan of several can't be taken out of it.
    if (test === undefined || (input.kind === 'profileScan' && input.tests.length > 1)) {
      others.push(input);
    } else {
      tests.push(test);
    }
  }
  const merged = disjoinTests(tests);
  if (merged.length === tests.length) {
    return node;
  }
  log.add(NAME, `alternatives for ${conjoinTestNames(merged)} are one test`);
  const inputs = merged.map((test) =>
    normalise(test.tag.kind === 'kv' ? kvReadNode(test) : profileScanNode(test.tag.typeName, [test])),
  );
  return unionNode([...inputs, ...others]);
}
