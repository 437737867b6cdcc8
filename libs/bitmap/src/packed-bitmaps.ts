import { bufferAlignedAllocShared, RoaringBitmap32 } from 'roaring';

const FORMAT = 'unsafe_frozen_croaring';
/** What native code wants of the address of a frozen bitmap. */
const ALIGNMENT = 32;

/** Packed bitmaps as they are handed to another thread: the memory is shared, not copied. */
export interface PackedParts {
  readonly memory: SharedArrayBuffer | ArrayBuffer;
  readonly offset: number;
  /** Where each bitmap begins, from `offset` on, and its bytes: the frozen format is read from its end. */
  readonly starts: Float64Array;
  readonly lengths: Uint32Array;
  readonly sizes: Uint32Array;
}

/**
 * Bitmaps that never change, side by side in one piece of shared memory: every thread reads them in place. Only memory that `BitmapPacker`
 * filled in this process is ever read so; stored bitmaps go through `deserializeBitmap`.
 */
export class PackedBitmaps {
  readonly #views: (RoaringBitmap32 | undefined)[] = [];

  constructor(readonly parts: PackedParts) {}

  get length(): number {
    return this.parts.sizes.length;
  }

  /** Of the shared memory. */
  get bytes(): number {
    const { starts, lengths } = this.parts;
    return this.length === 0 ? 0 : starts[this.length - 1]! + lengths[this.length - 1]! + 16 * this.length;
  }

  /** A bitmap that is looked up when it is needed, and its size, which is known without it. */
  piece(index: number): { readonly size: number; readonly bitmap: RoaringBitmap32 } {
    return new PackedPiece(this, index);
  }

  /** Members of a bitmap. */
  sizeOf(index: number): number {
    return this.parts.sizes[index]!;
  }

  /** Frozen: not to be changed. */
  at(index: number): RoaringBitmap32 {
    let view = this.#views[index];
    if (view === undefined) {
      const { memory, offset, starts, lengths } = this.parts;
      const bytes = Buffer.from(memory, offset + starts[index]!, lengths[index]);
      view = RoaringBitmap32.unsafeFrozenView(bytes, FORMAT);
      this.#views[index] = view;
    }
    return view;
  }
}

class PackedPiece {
  constructor(
    private readonly packed: PackedBitmaps,
    private readonly index: number,
  ) {}

  get size(): number {
    return this.packed.sizeOf(this.index);
  }

  get bitmap(): RoaringBitmap32 {
    return this.packed.at(this.index);
  }
}

/** Packs bitmaps one after the other; each may be changed again as soon as it is added. */
export class BitmapPacker {
  readonly #pieces: Uint8Array[] = [];
  readonly #sizes: number[] = [];

  add(bitmap: RoaringBitmap32): void {
    this.#pieces.push(bitmap.serialize(FORMAT));
    this.#sizes.push(bitmap.size);
  }

  finish(): PackedBitmaps {
    // Shared, so that handing the parts to another thread copies nothing.
    const starts = new Float64Array(new SharedArrayBuffer(8 * this.#pieces.length));
    const lengths = new Uint32Array(new SharedArrayBuffer(4 * this.#pieces.length));
    const sizes = new Uint32Array(new SharedArrayBuffer(4 * this.#pieces.length));
    let end = 0;
    this.#pieces.forEach((piece, index) => {
      starts[index] = end;
      lengths[index] = piece.length;
      sizes[index] = this.#sizes[index]!;
      end += Math.ceil(piece.length / ALIGNMENT) * ALIGNMENT;
    });
    const packed = bufferAlignedAllocShared(Math.max(ALIGNMENT, end), ALIGNMENT);
    this.#pieces.forEach((piece, index) => {
      packed.set(piece, starts[index]);
    });
    return new PackedBitmaps({
      memory: packed.buffer,
      offset: packed.byteOffset,
      starts,
      lengths,
      sizes,
    });
  }
}
