export { RoaringBitmap32 } from 'roaring';
export { MalformedBitmapError } from './malformed-bitmap-error';
export { deserializeBitmap, serializeBitmap } from './serialize-bitmap';
