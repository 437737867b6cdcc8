import type { RoaringBitmap32 } from '@tessera/bitmap';
import { FieldTimes, type SharedTimes } from '../columns/write-times';
import { ByteWriter } from '../storage/bytes';
import { Chunk, type ChunkTracker } from '../storage/chunk-tracker';

/**
 * The values and write times of one tag for the users of one shard. The forward column is the truth; the index over it follows when it
 * is next read, in batches sorted by value (roaring takes sorted batches several times faster than single changes, DESIGN section 7).
 */
export abstract class TagShard extends Chunk {
  readonly times: FieldTimes;
  /** Values overwritten or taken away since it was last set to 0. */
  replaced = 0;

  protected constructor(tagId: number, shard: number, tracker: ChunkTracker, shared: SharedTimes) {
    super(TagShard.key(tagId, shard), tracker);
    this.times = new FieldTimes(shared);
  }

  static keyPrefix(tagId: number): string {
    return `t/${tagId}/`;
  }

  static key(tagId: number, shard: number): string {
    return `${TagShard.keyPrefix(tagId)}${shard.toString().padStart(5, '0')}`;
  }

  timeOf(local: number): number | undefined {
    return this.times.get(local);
  }

  /** Users with a value (TTL not judged), index up to date; not to be changed. */
  abstract readonly present: RoaringBitmap32;
  abstract readonly bytes: number;
  /** False while its index is being built. */
  get mayLeave(): boolean {
    return true;
  }

  abstract hasValue(local: number): boolean;
  /** Takes the value away; the caller has called `beforeWrite`. */
  abstract clear(local: number): void;
  /** Calls `mark` with the stored numbers of all values until it answers false; false if it did. */
  abstract eachCode(mark: (code: number) => boolean): boolean;
  /** Compares index and column; one line a difference. */
  abstract verify(): string[];

  protected abstract writeColumn(writer: ByteWriter): void;

  serialize(): Buffer {
    const writer = new ByteWriter();
    this.writeColumn(writer);
    this.times.write(writer);
    this.writeIndex(writer);
    return writer.finish();
  }

  /** Nothing where it is built from the column. */
  protected abstract writeIndex(writer: ByteWriter): void;
}
