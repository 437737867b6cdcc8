import type { PackedParts } from '@tessera/bitmap';
import type { NumberColumn } from '../columns/number-vector';
import type { LoweredNode } from '../evaluate/lowered-plan';
import type { ScalarIndexParts } from '../tags/scalar-index';

/** One tag in one shard, as the engine's thread has it now; all arrays are shared memory. */
export interface ScalarUpdate {
  readonly typeId: number;
  readonly tagId: number;
  readonly shard: number;
  readonly column: NumberColumn;
  /** Null: there is no index. `same`: the one sent last. */
  readonly index: ScalarIndexParts | 'same' | null;
  /** Who has changed since the index was built: one bit a position; null: nobody. */
  readonly changed: { readonly words: Uint32Array; readonly count: number; readonly end: number } | null;
}

export interface UniverseUpdate {
  readonly shard: number;
  /** One bitmap. */
  readonly users: PackedParts;
}

/** What the engine's thread asks of another; tasks of one thread are done one after the other. */
export type ThreadTask =
  | {
      readonly kind: 'count';
      readonly id: number;
      readonly nodes: readonly LoweredNode[];
      readonly shards: readonly number[];
      /** By shard, shared: who sets its place from 0 to 1 counts it. */
      readonly claims: Int32Array;
      readonly scalars: readonly ScalarUpdate[];
      readonly universes: readonly UniverseUpdate[];
    }
  /** Nothing is to be kept of this shard; not answered. */
  | { readonly kind: 'forget'; readonly id: number; readonly tagId: number; readonly shard: number }
  | { readonly kind: 'build'; readonly id: number; readonly column: NumberColumn; readonly ordinal: boolean };

export type ThreadAnswer =
  /** For each shard asked, one count a node; −1 where somebody else had claimed the shard. */
  | { readonly kind: 'counted'; readonly id: number; readonly counts: Float64Array }
  | { readonly kind: 'built'; readonly id: number; readonly index: ScalarIndexParts }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string };
