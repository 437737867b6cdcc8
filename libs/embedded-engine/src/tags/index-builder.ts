import type { ScalarShard } from './scalar-shard';

/** Decides when the index of a shard is built anew, and sees to it. */
export interface IndexBuilder {
  /** Cheap: asked before every use of the index. */
  isDue(shard: ScalarShard): boolean;
  /** Has it built, at once or later. */
  build(shard: ScalarShard): void;
}

/** Changed users up to which a shard's index is used as it is: of each of them the column is asked. */
export const CHANGED_MAX = 16_384;

/** Builds where it is asked: for tools and tests, and where there is no other thread. */
export class ImmediateIndexBuilder implements IndexBuilder {
  isDue(shard: ScalarShard): boolean {
    return shard.index === null || shard.changedSinceIndex.count > CHANGED_MAX;
  }

  build(shard: ScalarShard): void {
    shard.buildIndex();
  }
}
