import type { EventScanNode, SequenceScanNode, ValueCondition } from '@tessera/audience';
import type { ValueSpec } from '@tessera/tag-catalog';

/** What is looked for in the stored numbers of one tag. */
export type Lookup =
  | { readonly kind: 'present' }
  | { readonly kind: 'nobody' }
  /** Ordinals, 0 and 1 for false and true, or dictionary codes; distinct. */
  | { readonly kind: 'numbers'; readonly numbers: readonly number[] }
  | { readonly kind: 'between'; readonly low: number; readonly high: number }
  | { readonly kind: 'condition'; readonly condition: ValueCondition; readonly spec: ValueSpec }
  /** Of sets: codes of elements. */
  | { readonly kind: 'anyElement' | 'allElements'; readonly codes: readonly number[] };

/** A test of one tag. */
export interface LoweredTest {
  readonly typeId: number;
  readonly tagId: number;
  readonly lookup: Lookup;
  /** The tag holds sets. */
  readonly isSet: boolean;
  /** Wanted are those with a value that the lookup does not find. */
  readonly negated: boolean;
  /** Users with no value are wanted too. */
  readonly includeMissing: boolean;
  readonly validAfterMs: number | null;
}

interface LoweredBase {
  /** Of the plan node it was made from: equal keys, equal results. */
  readonly key: string;
}

/**
 * A plan with all texts turned into the numbers that are stored for them: plain data, the same for every shard, and fit to be sent to another
 * thread. Good for the data version it was made at.
 */
export type LoweredNode = LoweredBase &
  (
    | { readonly kind: 'universe' }
    | { readonly kind: 'empty' }
    /** Users who pass every test (at least one). */
    | { readonly kind: 'tests'; readonly tests: readonly LoweredTest[] }
    | { readonly kind: 'events'; readonly scan: EventScanNode }
    | { readonly kind: 'sequence'; readonly scan: SequenceScanNode }
    | { readonly kind: 'list'; readonly listId: string }
    | { readonly kind: 'intersect' | 'union'; readonly inputs: readonly LoweredNode[] }
    | { readonly kind: 'difference'; readonly left: LoweredNode; readonly right: LoweredNode }
    | { readonly kind: 'threshold'; readonly atLeast: number; readonly inputs: readonly LoweredNode[] }
  );

/** What a node is made of; nothing for a leaf. */
export function loweredInputs(node: LoweredNode): readonly LoweredNode[] {
  switch (node.kind) {
    case 'intersect':
    case 'union':
    case 'threshold':
      return node.inputs;
    case 'difference':
      return [node.left, node.right];
    default:
      return [];
  }
}

/** The keys of the nodes that several others are made of, or that are asked for themselves and are part of another. */
export function repeatedKeys(roots: Iterable<LoweredNode>): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  const waiting = [...roots];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node.key)) {
      repeated.add(node.key);
    } else {
      seen.add(node.key);
      waiting.push(...loweredInputs(node));
    }
  }
  return repeated;
}
