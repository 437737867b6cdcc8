import { RoaringBitmap32 } from '@tessera/bitmap';

/** Bitmaps kept for the next evaluation, each up to 128 KiB: a rule of 20 leaves with thresholds uses more than 32. */
const KEPT_MAX = 128;

/** Null: intermediate bitmaps are made anew and left to the garbage collector. */
let used: RoaringBitmap32[] | null = null;
const free: RoaringBitmap32[] = [];

/**
 * Runs a synchronous piece of work whose intermediate bitmaps are of no use afterwards: they are used again by the next one. A new bitmap of a full shard
 * takes 15 to 27 µs and brings the garbage collector nearer, copying into an old one and intersecting there 9 µs.
 */
export function inArena<T>(work: () => T): T {
  if (used !== null) {
    return work();
  }
  used = [];
  try {
    return work();
  } finally {
    free.push(...used.slice(0, KEPT_MAX - free.length));
    used = null;
  }
}

/** Runs a part of such work whose result is to be kept. */
export function outsideArena<T>(work: () => T): T {
  const suspended = used;
  used = null;
  try {
    return work();
  } finally {
    used = suspended;
  }
}

/** A bitmap of the caller's to change, good until the work in the arena ends. */
export function copyOf(bitmap: RoaringBitmap32): RoaringBitmap32 {
  if (used === null) {
    return bitmap.clone();
  }
  const copy = free.pop() ?? new RoaringBitmap32();
  used.push(copy);
  return copy.copyFrom(bitmap);
}

/** As `copyOf`; `a` should be the smaller one. */
export function intersectionOf(a: RoaringBitmap32, b: RoaringBitmap32): RoaringBitmap32 {
  return used === null ? RoaringBitmap32.and(a, b) : copyOf(a).andInPlace(b);
}

/** As `copyOf`: the members of `a` that are not in `b`. */
export function differenceOf(a: RoaringBitmap32, b: RoaringBitmap32): RoaringBitmap32 {
  return used === null ? RoaringBitmap32.andNot(a, b) : copyOf(a).andNotInPlace(b);
}

/** As `copyOf`; `a` should be the larger one. */
export function unionOf(a: RoaringBitmap32, b: RoaringBitmap32): RoaringBitmap32 {
  return used === null ? RoaringBitmap32.or(a, b) : copyOf(a).orInPlace(b);
}
