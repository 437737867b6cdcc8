import type { NumberColumn } from '../columns/number-vector';
import type { ScalarIndex } from './scalar-index';

/** What a builder needs of a shard. */
export interface IndexedShard {
  readonly tagId: number;
  readonly shard: number;
  readonly ordinal: boolean;
  readonly column: NumberColumn;
  readonly index: ScalarIndex | null;
  /** Users whose value changed since the index was built. */
  readonly changedSinceIndex: { readonly count: number };
  readonly isBeingBuilt: boolean;
  buildIndex(): void;
  beginBuild(): void;
  finishBuild(index: ScalarIndex): void;
}

/** Decides when the index of a shard is built anew, and sees to it. */
export interface IndexBuilder {
  /** Cheap: asked before every use of the index. */
  isDue(shard: IndexedShard): boolean;
  /** Has it built, at once or later. */
  build(shard: IndexedShard): void;
}

/** Changed users up to which a shard's index is used as it is: of each of them the column is asked. */
export const CHANGED_MAX = 16_384;

/** Builds where it is asked: for tools and tests, and where there is no other thread. */
export class ImmediateIndexBuilder implements IndexBuilder {
  isDue(shard: IndexedShard): boolean {
    return shard.index === null || shard.changedSinceIndex.count > CHANGED_MAX;
  }

  build(shard: IndexedShard): void {
    shard.buildIndex();
  }
}
