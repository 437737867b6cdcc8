import { RoaringBitmap32 } from 'roaring';
import { checkPortableBitmap, checkPortableFormat } from '../check-portable-format';
import { MalformedBitmapError } from '../malformed-bitmap-error';
import { BITMAP_TYPE, NATIVE_FORM } from './bitmap-type';

/** Bytes of a text are put here, not into memory of their own each time: fresh memory costs more than the decoding. */
const scratch = Buffer.allocUnsafeSlow(1024 * 1024);
const VALUES_MAX = 2 ** 32;
const VARINT_BYTES_MAX = 5;
/** Of an empty bitmap in the portable format: the cookie, and no containers. */
const EMPTY_BYTES = 8;

/**
 * Reads a bitmap of guids from StarRocks, in all of its eight forms. Every byte is checked before native code, which trusts them,
 * gets to see them.
 * @param source the bytes, or them in base64 as `bitmap_to_base64` gives them.
 * @throws MalformedBitmapError unless every byte is as the format demands and all values are below 2^32.
 */
export function decodeStarrocksBitmap(source: Uint8Array | string): RoaringBitmap32 {
  const bytes = typeof source === 'string' ? bytesOfText(source) : source;
  const type = bytes[0];
  switch (type) {
    case BITMAP_TYPE.empty:
      demandLength(bytes, 1);
      return new RoaringBitmap32();
    case BITMAP_TYPE.single32:
      demandLength(bytes, 5);
      return new RoaringBitmap32([viewOf(bytes).getUint32(1, true)]);
    case BITMAP_TYPE.single64:
      demandLength(bytes, 9);
      return new RoaringBitmap32([guidAt(viewOf(bytes), 1)]);
    case BITMAP_TYPE.bitmap32:
      checkPortableFormat(bytes, 1);
      return RoaringBitmap32.deserialize(bytes.subarray(1), 'portable');
    case BITMAP_TYPE.set:
      return readSet(bytes);
    case BITMAP_TYPE.bitmap64:
      return readHalves(bytes, readPortable);
    case BITMAP_TYPE.nativeBitmap32: {
      const { end, bitmap } = readNative(bytes, 1);
      demandLength(bytes, end);
      return bitmap();
    }
    case BITMAP_TYPE.nativeBitmap64:
      return readHalves(bytes, readNative);
    default:
      throw new MalformedBitmapError(type === undefined ? 'no bytes' : `unknown type ${type}`, 0);
  }
}

/** The bytes are good until the next call. */
function bytesOfText(text: string): Uint8Array {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const length = (text.length / 4) * 3 - padding;
  const room = length <= scratch.length ? scratch : Buffer.allocUnsafeSlow(Math.ceil(length));
  // Characters that don't belong into base64 are left out, or end it: then there are fewer bytes.
  const written = room.write(text, 'base64');
  if (written !== length)
    throw new MalformedBitmapError(`${text.length} characters are no base64: ${written} bytes`, written);
  return room.subarray(0, written);
}

/** A bitmap whose bytes have been checked. */
interface Checked {
  /** Offset behind it. */
  readonly end: number;
  readonly isEmpty: boolean;
  readonly bitmap: () => RoaringBitmap32;
}

function readPortable(bytes: Uint8Array, at: number): Checked {
  const end = checkPortableBitmap(bytes, at);
  return {
    end,
    isEmpty: end - at === EMPTY_BYTES,
    bitmap: () => RoaringBitmap32.deserialize(bytes.subarray(at, end), 'portable'),
  };
}

function readNative(bytes: Uint8Array, at: number): Checked {
  const form = bytes[at];
  if (form === NATIVE_FORM.portable) return readPortable(bytes, at + 1);
  if (form !== NATIVE_FORM.values)
    throw new MalformedBitmapError(form === undefined ? 'cut off at its form' : `unknown native form ${form}`, at);
  const view = viewOf(bytes);
  const count = countAt(view, at + 1, 4);
  const values = new Uint32Array(count);
  const start = at + 5;
  let previous = -1;
  for (let index = 0; index < count; index++) {
    const value = view.getUint32(start + 4 * index, true);
    if (value <= previous) throw new MalformedBitmapError(`value ${value} after ${previous}`, start + 4 * index);
    values[index] = previous = value;
  }
  return { end: start + 4 * count, isEmpty: count === 0, bitmap: () => new RoaringBitmap32(values) };
}

/** Bitmaps of lower halves, by upper halves; only the one of upper half 0 may hold anything. */
function readHalves(bytes: Uint8Array, read: (bytes: Uint8Array, at: number) => Checked): RoaringBitmap32 {
  const view = viewOf(bytes);
  let at = 1;
  let count = 0;
  for (let shift = 0; ; shift++) {
    if (shift === VARINT_BYTES_MAX || at === bytes.length) throw new MalformedBitmapError('no count of bitmaps', 1);
    const byte = view.getUint8(at++);
    count += (byte & 0x7f) * 2 ** (7 * shift);
    if (byte < 0x80) break;
  }
  let bitmap = new RoaringBitmap32();
  let previous = -1;
  for (; count > 0; count--) {
    if (at + 4 > bytes.length) throw new MalformedBitmapError(`cut off before ${count} bitmaps`, at);
    const upper = view.getUint32(at, true);
    if (upper <= previous) throw new MalformedBitmapError(`upper half ${upper} after ${previous}`, at);
    previous = upper;
    const half = read(bytes, at + 4);
    if (upper === 0) bitmap = half.bitmap();
    else if (!half.isEmpty)
      throw new MalformedBitmapError(`values from ${BigInt(upper) << 32n} on, guids are below ${VALUES_MAX}`, at);
    at = half.end;
  }
  demandLength(bytes, at);
  return bitmap;
}

function readSet(bytes: Uint8Array): RoaringBitmap32 {
  const view = viewOf(bytes);
  const count = countAt(view, 1, 8);
  demandLength(bytes, 5 + 8 * count);
  const values = new Uint32Array(count);
  for (let index = 0; index < count; index++) values[index] = guidAt(view, 5 + 8 * index);
  const bitmap = new RoaringBitmap32(values);
  if (bitmap.size !== count)
    throw new MalformedBitmapError(`a set of ${count} values, ${bitmap.size} different ones`, 5);
  return bitmap;
}

/** A u32 that tells how many values of so many bytes each come behind it: they are there. */
function countAt(view: DataView, at: number, valueBytes: number): number {
  if (at + 4 > view.byteLength) throw new MalformedBitmapError('cut off at the count of values', at);
  const count = view.getUint32(at, true);
  if (at + 4 + valueBytes * count > view.byteLength)
    throw new MalformedBitmapError(`cut off before the end of ${count} values, ${view.byteLength} bytes`, at);
  return count;
}

/** A u64. */
function guidAt(view: DataView, at: number): number {
  if (view.getUint32(at + 4, true) !== 0)
    throw new MalformedBitmapError(`value ${view.getBigUint64(at, true)}, guids are below ${VALUES_MAX}`, at);
  return view.getUint32(at, true);
}

function demandLength(bytes: Uint8Array, length: number): void {
  if (bytes.length < length) throw new MalformedBitmapError(`cut off: ${bytes.length} bytes instead of ${length}`, 1);
  if (bytes.length > length)
    throw new MalformedBitmapError(`${bytes.length - length} bytes behind the end of the bitmap`, length);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
