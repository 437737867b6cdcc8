import type { RoaringBitmap32 } from '@tessera/bitmap';
import { FieldTimes, type SharedTimes } from '../columns/write-times';
import { ByteWriter } from '../storage/bytes';
import type { ChunkTracker } from '../storage/chunk-tracker';
import { JournaledChunk } from '../storage/journaled-chunk';

/**
 * The values and write times of one tag for the users of one shard. The forward column is the truth; the index over it follows when it
 * is next read, in batches sorted by value (roaring takes sorted batches several times faster than single changes, DESIGN section 7).
 */
export abstract class TagShard extends JournaledChunk {
  protected readonly cells = 2;
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

  /** About what `writeColumn` writes. */
  protected abstract readonly columnBytes: number;
  protected abstract writeColumn(writer: ByteWriter): void;
  /** What is kept of the user's value, as a number. */
  protected abstract cellAt(local: number): number;
  /** Puts back what `cellAt` gave, past the index. */
  protected abstract setCell(local: number, cell: number): void;

  protected readCells(local: number, out: Float64Array, at: number): void {
    out[at] = this.cellAt(local);
    out[at + 1] = this.times.own(local);
  }

  protected writeCells(local: number, from: Float64Array, at: number): void {
    this.setCell(local, from[at]!);
    this.times.setOwn(local, from[at + 1]!);
  }

  /** Indexes are not stored: they are built from the column. */
  serialize(): Buffer {
    const writer = new ByteWriter(this.columnBytes + this.times.bytes + 1024);
    this.writeColumn(writer);
    this.times.write(writer);
    return writer.finish();
  }
}
