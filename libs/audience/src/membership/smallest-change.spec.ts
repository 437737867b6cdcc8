import type { JsonValue } from '@tessera/tag-catalog';
import { SeededRandom } from '../reference/testing/random-world';
import { SampleWorld } from '../reference/testing/sample-world';
import type { LeafTerm, Term } from './explanation-terms';
import { evaluateTerm, TermTree } from './explanation-terms';
import { smallestChange } from './smallest-change';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const CASES = 400;

function randomTree(random: SeededRandom, depth: number): JsonValue {
  const children = (): JsonValue[] => Array.from({ length: random.int(1, 3) }, () => randomTree(random, depth - 1));
  switch (depth === 0 ? 4 : random.int(0, 4)) {
    case 0:
      return { and: children() };
    case 1:
      return { or: children() };
    case 2:
      return { not: randomTree(random, depth - 1) };
    case 3: {
      const of = children();
      return { atLeast: random.int(1, of.length), of };
    }
    default:
      return { list: 'any' };
  }
}

function evaluate(root: Term, leaves: readonly LeafTerm[], flipped: ReadonlySet<LeafTerm>): boolean {
  return evaluateTerm(root, new Map(leaves.map((leaf) => [leaf, leaf.member !== flipped.has(leaf)])));
}

/** The size of the smallest set of leaves that flips the root, of those that can be flipped. */
function smallestByExhaustion(root: Term, leaves: readonly LeafTerm[], fixed: ReadonlySet<LeafTerm>): number | null {
  let smallest: number | null = null;
  for (let mask = 1; mask < 2 ** leaves.length; mask += 1) {
    const flipped = new Set(leaves.filter((_, at) => (mask >> at) % 2 === 1));
    const isAllowed = ![...flipped].some((leaf) => fixed.has(leaf));
    if (
      isAllowed &&
      (smallest === null || flipped.size < smallest) &&
      evaluate(root, leaves, flipped) !== root.member
    ) {
      smallest = flipped.size;
    }
  }
  return smallest;
}

describe('smallestChange', () => {
  it(`names as few leaves as any set that flips the root (SEED=${SEED})`, async () => {
    const random = new SeededRandom(SEED);
    const world = new SampleWorld('2025-06-15T12:00:00Z');
    let impossible = 0;
    for (let at = 0; at < CASES; at += 1) {
      const json = randomTree(random, 3);
      const { root, leaves } = new TermTree(await world.bind(json));
      if (leaves.length > 10) continue;
      const results = new Map<Term, boolean>(leaves.map((leaf) => [leaf, random.chance(0.5)]));
      evaluateTerm(root, results);
      results.forEach((member, term) => (term.member = member));
      const fixed = new Set(leaves.filter(() => random.chance(0.2)));
      const chosen = smallestChange(root, (leaf) =>
        fixed.has(leaf) ? 'never' : random.chance(0.5) ? 'byMessage' : 'otherwise',
      );
      const smallest = smallestByExhaustion(root, leaves, fixed);
      const context = { seed: SEED, at, json };
      expect({ ...context, leaves: chosen?.length ?? null }).toEqual({ ...context, leaves: smallest });
      if (chosen === null) impossible += 1;
      else expect(evaluate(root, leaves, new Set(chosen))).toBe(!root.member);
    }
    expect(impossible).toBeGreaterThan(0);
  });
});
