export { RoaringBitmap32 } from 'roaring';
export { MalformedBitmapError } from './malformed-bitmap-error';
export { BitmapPacker, PackedBitmaps } from './packed-bitmaps';
export type { PackedParts } from './packed-bitmaps';
export { deserializeBitmap, serializeBitmap } from './serialize-bitmap';
export { decodeStarrocksBitmap } from './starrocks/decode-starrocks-bitmap';
export { encodeStarrocksBitmap, starrocksBitmapText } from './starrocks/encode-starrocks-bitmap';
