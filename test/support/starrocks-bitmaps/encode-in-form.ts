import { RoaringBitmap32 } from '@tessera/bitmap';

// First bytes, as StarRocks has them; written down once more, so that a wrong one in the codec shows.
const BITMAP_TYPE = {
  empty: 0,
  single32: 1,
  bitmap32: 2,
  single64: 3,
  bitmap64: 4,
  set: 10,
  nativeBitmap32: 12,
  nativeBitmap64: 13,
};
const NATIVE_FORM = { values: 1, portable: 2 };

/** Forms that list their values one by one are for few. */
const LISTED_MAX = 20_000;

/** The forms that a bitmap of so many values can have. `native` is as CRoaring chooses; what it may choose from is below it. */
export function formsFor(size: number): readonly Form[] {
  return FORMS.filter((form) => {
    if (form === 'empty') return size === 0;
    if (form === 'single32' || form === 'single64') return size === 1;
    return size <= LISTED_MAX || !LISTING.includes(form);
  });
}

export const FORMS = [
  'empty',
  'single32',
  'single64',
  'bitmap32',
  'bitmap32 with runs',
  'bitmap64',
  'bitmap64 with empty halves',
  'set',
  'native',
  'native values',
  'native containers',
  'native bitmap64 of values',
  'native bitmap64 of containers',
] as const;

export type Form = (typeof FORMS)[number];

const LISTING: readonly Form[] = ['set', 'native values', 'native bitmap64 of values'];

/**
 * The bitmap in a form that we may never write ourselves.
 * @param order of the values of a set.
 */
export function encodeInForm(form: Form, bitmap: RoaringBitmap32, order: (values: number[]) => number[]): Buffer {
  switch (form) {
    case 'empty':
      return Buffer.of(BITMAP_TYPE.empty);
    case 'single32':
      return Buffer.of(BITMAP_TYPE.single32, ...u32(bitmap.minimum()));
    case 'single64':
      return Buffer.of(BITMAP_TYPE.single64, ...u64(bitmap.minimum()));
    case 'bitmap32':
      return Buffer.concat([Buffer.of(BITMAP_TYPE.bitmap32), portable(bitmap, false)]);
    case 'bitmap32 with runs':
      return Buffer.concat([Buffer.of(BITMAP_TYPE.bitmap32), portable(bitmap, true)]);
    case 'bitmap64':
      return Buffer.concat([Buffer.of(BITMAP_TYPE.bitmap64, 1), u32(0), portable(bitmap, true)]);
    case 'bitmap64 with empty halves':
      return Buffer.concat([Buffer.of(BITMAP_TYPE.bitmap64, 3), ...halves(bitmap, (half) => portable(half, false))]);
    case 'set':
      return Buffer.concat([Buffer.of(BITMAP_TYPE.set), u32(bitmap.size), ...order(bitmap.toArray()).map(u64)]);
    case 'native':
      return Buffer.concat([Buffer.of(BITMAP_TYPE.nativeBitmap32), bitmap.serialize('croaring')]);
    case 'native values':
      return Buffer.concat([Buffer.of(BITMAP_TYPE.nativeBitmap32), nativeValues(bitmap)]);
    case 'native containers':
      return Buffer.concat([Buffer.of(BITMAP_TYPE.nativeBitmap32), nativeContainers(bitmap)]);
    case 'native bitmap64 of values':
      return Buffer.concat([Buffer.of(BITMAP_TYPE.nativeBitmap64, 3), ...halves(bitmap, nativeValues)]);
    case 'native bitmap64 of containers':
      return Buffer.concat([Buffer.of(BITMAP_TYPE.nativeBitmap64, 3), ...halves(bitmap, nativeContainers)]);
  }
}

/** Upper half 0 with the values, and two more that once had some. */
function halves(bitmap: RoaringBitmap32, write: (half: RoaringBitmap32) => Uint8Array): Uint8Array[] {
  const nothing = new RoaringBitmap32();
  return [u32(0), write(bitmap), u32(1), write(nothing), u32(0xffff_ffff), write(nothing)];
}

function nativeValues(bitmap: RoaringBitmap32): Buffer {
  return Buffer.concat([Buffer.of(NATIVE_FORM.values), u32(bitmap.size), ...bitmap.toArray().map(u32)]);
}

function nativeContainers(bitmap: RoaringBitmap32): Buffer {
  return Buffer.concat([Buffer.of(NATIVE_FORM.portable), portable(bitmap, true)]);
}

function portable(bitmap: RoaringBitmap32, withRuns: boolean): Uint8Array {
  const copy = bitmap.clone();
  if (withRuns) copy.runOptimize();
  else copy.removeRunCompression();
  return copy.serialize('portable');
}

export function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: number | bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
