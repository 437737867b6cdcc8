import type { RoaringBitmap32 } from '@tessera/bitmap';

/** A set of local positions during evaluation. `owned`: nobody else holds it, so it may be changed in place. */
export interface Operand {
  readonly bitmap: RoaringBitmap32;
  readonly owned: boolean;
}

export function owned(bitmap: RoaringBitmap32): Operand {
  return { bitmap, owned: true };
}

export function borrowed(bitmap: RoaringBitmap32): Operand {
  return { bitmap, owned: false };
}
