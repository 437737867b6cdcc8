import type { UserSet } from '@tessera/audience';
import type { RoaringBitmap32 } from '@tessera/bitmap';
import type { Guid } from '@tessera/tag-catalog';
import { guidAt, localOf, SHARD_SIZE, shardOf } from '../shard';

/** A fixed set of users: a bitmap of local positions for each shard that has any. Owns its bitmaps. */
export class ShardedSet implements UserSet {
  readonly size: number;

  constructor(private readonly shards: readonly (RoaringBitmap32 | undefined)[]) {
    this.size = shards.reduce((sum, shard) => sum + (shard?.size ?? 0), 0);
  }

  get bytes(): number {
    return this.shards.reduce((sum, shard) => sum + (shard?.getSerializationSizeInBytes('portable') ?? 0) + 100, 0);
  }

  shard(index: number): RoaringBitmap32 | undefined {
    return this.shards[index];
  }

  has(guid: Guid): boolean {
    return this.shards[shardOf(guid)]?.has(localOf(guid)) ?? false;
  }

  page(after: number, limit: number): Uint32Array {
    const guids = new Uint32Array(Math.min(limit, this.size));
    let filled = 0;
    const next = after + 1;
    for (let index = Math.floor(next / SHARD_SIZE); index < this.shards.length && filled < guids.length; index++) {
      const shard = this.shards[index];
      if (shard === undefined) {
        continue;
      }
      const first = index * SHARD_SIZE < next ? localOf(next) : 0;
      const skip = first === 0 ? 0 : shard.rank(first - 1);
      // Takes an offset and a limit, whatever its types call them.
      for (const local of shard.rangeUint32Array(skip, guids.length - filled)) {
        guids[filled++] = guidAt(index, local);
      }
    }
    return guids.subarray(0, filled);
  }
}
