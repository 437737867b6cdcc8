import type { LeafTerm, Term } from './explanation-terms';

/** Flips needed to make a term true, and false; infinite: can't be. */
interface Costs {
  readonly toTrue: number;
  readonly toFalse: number;
}

/** A leaf that no message can flip costs this much more, so that it is taken only where it saves a leaf. */
const FLIP = 1_000_000;
const NO_MESSAGE = 1;

/**
 * A smallest set of leaves whose flipping flips the root, by dynamic programming over the tree: what it costs to make each term true
 * and false. Equal leaves count each by itself; those of an audience used several times are named once. null: no set does.
 *
 * @param changeOf whether a message can flip the leaf, only something else can, or nothing.
 */
export function smallestChange(
  root: Term,
  changeOf: (leaf: LeafTerm) => 'byMessage' | 'otherwise' | 'never',
): readonly LeafTerm[] | null {
  const costs = new Map<Term, Costs>();
  const rootCosts = costTerm(root, changeOf, costs);
  if (!Number.isFinite(root.member ? rootCosts.toFalse : rootCosts.toTrue)) {
    return null;
  }
  const visited = new Set<Term>();
  chooseLeaves(root, !root.member, costs, visited);
  return [...visited].filter((term) => term.gate === 'leaf');
}

function costTerm(
  term: Term,
  changeOf: (leaf: LeafTerm) => 'byMessage' | 'otherwise' | 'never',
  costs: Map<Term, Costs>,
): Costs {
  const known = costs.get(term);
  if (known !== undefined) {
    return known;
  }
  let result: Costs;
  if (term.gate === 'leaf') {
    const change = changeOf(term);
    const flip = change === 'never' ? Infinity : FLIP + (change === 'byMessage' ? 0 : NO_MESSAGE);
    result = term.member ? { toTrue: 0, toFalse: flip } : { toTrue: flip, toFalse: 0 };
  } else {
    const children = term.children.map((child) => costTerm(child, changeOf, costs));
    const toTrue = children.map((child) => child.toTrue);
    const toFalse = children.map((child) => child.toFalse);
    result =
      term.gate === 'not'
        ? { toTrue: sumOfLeast(toFalse, 1), toFalse: sumOfLeast(toTrue, 1) }
        : { toTrue: sumOfLeast(toTrue, term.needed), toFalse: sumOfLeast(toFalse, children.length - term.needed + 1) };
  }
  costs.set(term, result);
  return result;
}

function sumOfLeast(values: readonly number[], count: number): number {
  return [...values]
    .sort(compareCosts)
    .slice(0, count)
    .reduce((sum, value) => sum + value, 0);
}

/** Plain subtraction would make NaN of two infinities. */
function compareCosts(left: number, right: number): number {
  return left === right ? 0 : left < right ? -1 : 1;
}

function chooseLeaves(term: Term, wanted: boolean, costs: ReadonlyMap<Term, Costs>, visited: Set<Term>): void {
  if (term.member === wanted || visited.has(term)) {
    return;
  }
  visited.add(term);
  if (term.gate === 'leaf') {
    return;
  }
  const childWanted = term.gate === 'not' ? !wanted : wanted;
  const count = term.gate === 'not' ? 1 : wanted ? term.needed : term.children.length - term.needed + 1;
  const costOf = (child: Term): number => {
    const cost = costs.get(child);
    return (childWanted ? cost?.toTrue : cost?.toFalse) ?? Infinity;
  };
  [...term.children]
    .sort((left, right) => compareCosts(costOf(left), costOf(right)))
    .slice(0, count)
    .forEach((child) => chooseLeaves(child, childWanted, costs, visited));
}
