/**
 * The first byte of a bitmap as StarRocks stores and sends it (be/src/types/bitmap_value_detail.h there); everything behind is
 * little-endian.
 */
export const BITMAP_TYPE = {
  /** Nothing. */
  empty: 0,
  /** u32. */
  single32: 1,
  /** The portable roaring format. */
  bitmap32: 2,
  /** u64. */
  single64: 3,
  /** varint count, then for each: u32 upper halves of its values, the portable roaring format of the lower halves. */
  bitmap64: 4,
  /** u32 count, then so many u64 in no order. */
  set: 10,
  /** Like bitmap32, in CRoaring's own format; a setting of the storage nodes makes them write it. */
  nativeBitmap32: 12,
  /** Like bitmap64, in CRoaring's own format. */
  nativeBitmap64: 13,
} as const;

/** The first byte of CRoaring's own format. */
export const NATIVE_FORM = {
  /** u32 count, then so many u32 in ascending order. */
  values: 1,
  /** The portable roaring format. */
  portable: 2,
} as const;
