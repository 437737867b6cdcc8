import { RoaringBitmap32 } from '@tessera/bitmap';
import { SHARD_SIZE } from '../shard';

const positions = new Uint32Array(SHARD_SIZE);

/**
 * The positions 0 … length − 1 that pass a test, as a bitmap. Not reentrant: the test must not call it (one buffer serves all scans;
 * a sorted typed array becomes a bitmap at some 180 M/s, DESIGN section 7).
 */
export function bitmapWhere(length: number, passes: (position: number) => boolean): RoaringBitmap32 {
  let count = 0;
  for (let position = 0; position < length; position++) {
    if (passes(position)) {
      positions[count++] = position;
    }
  }
  return new RoaringBitmap32(positions.subarray(0, count));
}

/** The members of a bitmap that pass a test, as a bitmap. Not reentrant, as above. */
export function filterBitmap(bitmap: RoaringBitmap32, passes: (position: number) => boolean): RoaringBitmap32 {
  const members = bitmap.toUint32Array();
  let count = 0;
  for (const member of members) {
    if (passes(member)) {
      members[count++] = member;
    }
  }
  return new RoaringBitmap32(members.subarray(0, count));
}
