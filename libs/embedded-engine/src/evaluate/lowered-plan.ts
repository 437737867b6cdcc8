import type { EventScanNode, Interval, PropertyTest, SequenceScanNode, ValueCondition } from '@tessera/audience';
import type { TagTypeDefinition, ValueSpec } from '@tessera/tag-catalog';

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

/** What is looked for in the stored numbers of an event's property. */
export type RowLookup =
  | { readonly kind: 'absent' }
  /** By dictionary code, or 0 and 1 for false and true: 1 if wanted. */
  | { readonly kind: 'flags'; readonly flags: Uint8Array }
  | { readonly kind: 'range'; readonly low: number; readonly high: number }
  | { readonly kind: 'condition'; readonly condition: ValueCondition };

/** A filter of an event's rows. */
export interface LoweredRowTest {
  readonly property: PropertyTest['property'];
  readonly lookup: RowLookup;
}

/** What the rows of each user are measured by. */
export type LoweredGoal = Pick<EventScanNode, 'measure' | 'condition' | 'exact'> & {
  /** Of `distinct`: the stored numbers from 0 on that the property's values can be; Infinity if it has no dictionary. */
  readonly valuesMax: number;
};

/** A step of a sequence. */
export interface LoweredStep {
  readonly eventType: TagTypeDefinition;
  readonly where: readonly LoweredRowTest[];
}

export type LoweredSequence = Pick<SequenceScanNode, 'withinMs' | 'interval' | 'rowsBeforeMs'> & {
  readonly steps: readonly LoweredStep[];
};

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
    | (LoweredStep & { readonly kind: 'events'; readonly interval: Interval; readonly goal: LoweredGoal })
    | { readonly kind: 'sequence'; readonly sequence: LoweredSequence }
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
