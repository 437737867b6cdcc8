import { RoaringBitmap32 } from 'roaring';
import { BitmapBytes } from '../check/bitmap-bytes';
import { checkPortableBitmap, checkPortableFormat } from '../check/check-portable-format';
import { MalformedBitmapError } from '../malformed-bitmap-error';
import { BITMAP_TYPE, NATIVE_FORM } from './bitmap-type';

const GUIDS = 2 ** 32;
const VARINT_BYTES_MAX = 5;
/** StarRocks makes bitmaps of larger ones. */
const SMALL_SET = 32;
/** By how many values they have room for, all in the same place. */
const smallSets = views(new ArrayBuffer(4 * SMALL_SET));
/** Of an empty bitmap in the portable format: the cookie, and no containers. */
const EMPTY_BYTES = 8;

/**
 * Reads a bitmap of guids from StarRocks, in all of its eight forms. Every byte is checked before native code, which trusts them,
 * gets to see them.
 * @param source the bytes, or them in base64 as `bitmap_to_base64` gives them.
 * @throws MalformedBitmapError unless every byte is as the format demands and all values are below 2^32.
 */
export function decodeStarrocksBitmap(source: Uint8Array | string): RoaringBitmap32 {
  const bytes = typeof source === 'string' ? BitmapBytes.ofBase64(source) : BitmapBytes.of(source);
  bytes.demand(0, 1, 'type');
  const type = bytes.view.getUint8(0);
  switch (type) {
    case BITMAP_TYPE.empty:
      demandEnd(bytes, 1);
      return new RoaringBitmap32();
    case BITMAP_TYPE.single32:
      bytes.demand(1, 4, 'value');
      demandEnd(bytes, 5);
      return single(bytes.view.getUint32(1, true));
    case BITMAP_TYPE.single64:
      bytes.demand(1, 8, 'value');
      demandEnd(bytes, 9);
      return single(guidAt(bytes.view, 1));
    case BITMAP_TYPE.bitmap32:
      checkPortableFormat(bytes, 1);
      return RoaringBitmap32.deserialize(bytes.bytes.subarray(1, bytes.end), 'portable');
    case BITMAP_TYPE.set:
      return readSet(bytes);
    case BITMAP_TYPE.bitmap64:
      return readHalves(bytes, readPortable);
    case BITMAP_TYPE.nativeBitmap32: {
      const { end, bitmap } = readNative(bytes, 1);
      demandEnd(bytes, end);
      return bitmap();
    }
    case BITMAP_TYPE.nativeBitmap64:
      return readHalves(bytes, readNative);
    default:
      throw new MalformedBitmapError(`unknown type ${type}`, 0);
  }
}

/** A bitmap whose bytes have been checked. */
interface Checked {
  /** Offset behind it. */
  readonly end: number;
  readonly isEmpty: boolean;
  readonly bitmap: () => RoaringBitmap32;
}

function readPortable(bytes: BitmapBytes, at: number): Checked {
  const end = checkPortableBitmap(bytes, at);
  return {
    end,
    isEmpty: end - at === EMPTY_BYTES,
    bitmap: () => RoaringBitmap32.deserialize(bytes.bytes.subarray(at, end), 'portable'),
  };
}

function readNative(bytes: BitmapBytes, at: number): Checked {
  bytes.demand(at, 1, 'form');
  const form = bytes.view.getUint8(at);
  if (form === NATIVE_FORM.portable) return readPortable(bytes, at + 1);
  if (form !== NATIVE_FORM.values) throw new MalformedBitmapError(`unknown native form ${form}`, at);
  const count = countAt(bytes, at + 1, 4);
  const values = new Uint32Array(count);
  const start = at + 5;
  let previous = -1;
  for (let index = 0; index < count; index++) {
    const value = bytes.view.getUint32(start + 4 * index, true);
    if (value <= previous) throw new MalformedBitmapError(`value ${value} after ${previous}`, start + 4 * index);
    values[index] = previous = value;
  }
  return { end: start + 4 * count, isEmpty: count === 0, bitmap: () => new RoaringBitmap32(values) };
}

/** Bitmaps of lower halves, by upper halves; only the one of upper half 0 may hold anything. */
function readHalves(bytes: BitmapBytes, read: (bytes: BitmapBytes, at: number) => Checked): RoaringBitmap32 {
  let at = 1;
  let count = 0;
  for (let shift = 0; ; shift++) {
    if (shift === VARINT_BYTES_MAX) throw new MalformedBitmapError('a count of more than five bytes', 1);
    bytes.demand(at, 1, 'count of bitmaps');
    const byte = bytes.view.getUint8(at++);
    count += (byte & 0x7f) * 2 ** (7 * shift);
    if (byte < 0x80) break;
  }
  let bitmap: RoaringBitmap32 | null = null;
  let previous = -1;
  for (; count > 0; count--) {
    bytes.demand(at, 4, 'upper half');
    const upper = bytes.view.getUint32(at, true);
    if (upper <= previous) throw new MalformedBitmapError(`upper half ${upper} after ${previous}`, at);
    previous = upper;
    const half = read(bytes, at + 4);
    if (upper === 0) bitmap = half.bitmap();
    else if (!half.isEmpty)
      throw new MalformedBitmapError(`values from ${BigInt(upper) << 32n} on, guids are below ${GUIDS}`, at);
    at = half.end;
  }
  demandEnd(bytes, at);
  return bitmap ?? new RoaringBitmap32();
}

function views(memory: ArrayBuffer): Uint32Array[] {
  return Array.from({ length: SMALL_SET + 1 }, (_, length) => new Uint32Array(memory, 0, length));
}

function single(value: number): RoaringBitmap32 {
  const values = smallSets[1]!;
  values[0] = value;
  return new RoaringBitmap32(values);
}

function readSet(bytes: BitmapBytes): RoaringBitmap32 {
  const count = countAt(bytes, 1, 8);
  demandEnd(bytes, 5 + 8 * count);
  const values = smallSets[count] ?? new Uint32Array(count);
  for (let index = 0; index < count; index++) values[index] = guidAt(bytes.view, 5 + 8 * index);
  sort(values);
  for (let index = 1; index < count; index++) {
    if (values[index - 1] === values[index]) throw new MalformedBitmapError(`a set with ${values[index]} twice`, 5);
  }
  // With room for as many containers from the start.
  const bitmap = new RoaringBitmap32(Math.min(count, SMALL_SET));
  bitmap.addMany(values);
  return bitmap;
}

/** Bitmaps are made of sorted values faster, by more than it takes to sort a few. */
function sort(values: Uint32Array): void {
  if (values.length > SMALL_SET) {
    values.sort();
    return;
  }
  for (let index = 1; index < values.length; index++) {
    const value = values[index]!;
    let place = index;
    for (; place > 0 && values[place - 1]! > value; place--) values[place] = values[place - 1]!;
    values[place] = value;
  }
}

/** A u32 that tells how many values of so many bytes each come behind it: they are there. */
function countAt(bytes: BitmapBytes, at: number, valueBytes: number): number {
  bytes.demand(at, 4, 'count of values');
  const count = bytes.view.getUint32(at, true);
  bytes.demand(at + 4, valueBytes * count, 'values');
  return count;
}

/** A u64. */
function guidAt(view: DataView, at: number): number {
  if (view.getUint32(at + 4, true) !== 0)
    throw new MalformedBitmapError(`value ${view.getBigUint64(at, true)}, guids are below ${GUIDS}`, at);
  return view.getUint32(at, true);
}

function demandEnd(bytes: BitmapBytes, end: number): void {
  if (end !== bytes.end) throw new MalformedBitmapError(`${bytes.end - end} bytes behind the end of the bitmap`, end);
}
