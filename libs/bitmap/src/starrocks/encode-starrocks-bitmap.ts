import type { RoaringBitmap32 } from 'roaring';
import { serializeBitmapBehind } from '../serialize-bitmap';
import { BITMAP_TYPE } from './bitmap-type';

/** The bitmap as StarRocks reads it, in one of the three forms that all of its versions know. */
export function encodeStarrocksBitmap(bitmap: RoaringBitmap32): Buffer {
  switch (bitmap.size) {
    case 0:
      return Buffer.of(BITMAP_TYPE.empty);
    case 1: {
      const bytes = Buffer.allocUnsafe(5);
      bytes[0] = BITMAP_TYPE.single32;
      bytes.writeUInt32LE(bitmap.minimum(), 1);
      return bytes;
    }
    default: {
      const bytes = serializeBitmapBehind(bitmap, 1);
      bytes[0] = BITMAP_TYPE.bitmap32;
      return bytes;
    }
  }
}

/** The same as an argument of `base64_to_bitmap`. */
export function starrocksBitmapText(bitmap: RoaringBitmap32): string {
  return encodeStarrocksBitmap(bitmap).toString('base64');
}
