import type { UserSet } from '@tessera/audience';
import type { RoaringBitmap32 } from '@tessera/bitmap';
import type { Guid } from '@tessera/tag-catalog';

/** A fixed set of users. Owns its bitmap. */
export class BitmapUserSet implements UserSet {
  readonly size: number;
  readonly bytes: number;

  constructor(private readonly guids: RoaringBitmap32) {
    this.size = guids.size;
    this.bytes = guids.getSerializationSizeInBytes('portable');
  }

  has(guid: Guid): boolean {
    return this.guids.has(guid);
  }

  page(after: number, limit: number): Uint32Array {
    const skip = after === 0 ? 0 : this.guids.rank(after);
    // Takes an offset and a limit, whatever its types call them.
    return this.guids.rangeUint32Array(skip, Math.min(limit, this.size - skip));
  }
}
