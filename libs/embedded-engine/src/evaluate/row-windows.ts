import type { TagTypeDefinition } from '@tessera/tag-catalog';
import { stepIntervals } from './evaluate-sequence-scan';
import type { LoweredNode } from './lowered-plan';
import { keptPart } from './row-scan';

/** A leaf whose users are told by rows of events. */
export type EventLeaf = Extract<LoweredNode, { readonly kind: 'events' | 'sequence' }>;

/** Rows of one event type with fromMs ≤ t < toMs; null: open. */
export interface RowWindow {
  readonly eventType: TagTypeDefinition;
  readonly fromMs: number | null;
  readonly toMs: number;
}

/** All rows that a scan for the leaf may look at: in exactly these windows it asks for buckets. */
export function rowWindowsOf(leaf: EventLeaf, keptFrom: (type: TagTypeDefinition) => number): readonly RowWindow[] {
  const windowOf = (eventType: TagTypeDefinition, interval: { fromMs: number | null; toMs: number }): RowWindow[] => {
    const part = keptPart(interval, keptFrom(eventType));
    return part === null ? [] : [{ eventType, ...part }];
  };
  if (leaf.kind === 'events') {
    return windowOf(leaf.eventType, leaf.interval);
  }
  const intervals = stepIntervals(leaf.sequence);
  return leaf.sequence.steps.flatMap(({ eventType }, step) => windowOf(eventType, intervals[step]!));
}
