import { inputsOf, type PlanNode } from '@tessera/audience';

/** The keys of the nodes that several others are made of, or that are asked for themselves and are part of another. */
export function repeatedKeys(roots: Iterable<PlanNode>): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  const waiting = [...roots];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node.key)) {
      repeated.add(node.key);
    } else {
      seen.add(node.key);
      waiting.push(...inputsOf(node));
    }
  }
  return repeated;
}
