export { RoaringBitmap32 } from 'roaring';
export { MalformedBitmapError } from './malformed-bitmap-error';
export { BitmapPacker, PackedBitmaps } from './packed-bitmaps';
export type { PackedParts } from './packed-bitmaps';
export { deserializeBitmap, serializeBitmap } from './serialize-bitmap';
