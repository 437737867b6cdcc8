import { RoaringBitmap32 } from 'roaring';
import { BitmapBytes } from './check/bitmap-bytes';
import { checkPortableFormat } from './check/check-portable-format';

/**
 * The bitmap in the portable roaring format (RoaringFormatSpec), read by every roaring library. Containers are written as runs
 * where that is smaller. The bitmap itself stays as it is: run containers are slow to add to.
 */
export function serializeBitmap(bitmap: RoaringBitmap32): Buffer {
  return serializeBitmapBehind(bitmap, 0);
}

/** The same behind `room` bytes, which are the caller's to fill. */
export function serializeBitmapBehind(bitmap: RoaringBitmap32, room: number): Buffer {
  const copy = bitmap.clone();
  copy.runOptimize();
  const bytes = Buffer.allocUnsafe(room + copy.getSerializationSizeInBytes('portable'));
  copy.serialize('portable', bytes.subarray(room));
  return bytes;
}

/**
 * Reads what {@link serializeBitmap} wrote, or any bitmap in the portable roaring format.
 * @throws MalformedBitmapError unless every byte is as the format demands.
 */
export function deserializeBitmap(bytes: Buffer): RoaringBitmap32 {
  checkPortableFormat(BitmapBytes.of(bytes), 0);
  return RoaringBitmap32.deserialize(bytes, 'portable');
}
