import { deserializeBitmap, RoaringBitmap32, serializeBitmap } from '@tessera/bitmap';
import type { NumberVector } from '../columns/number-vector';
import type { ByteReader, ByteWriter } from '../storage/bytes';

const HALF = 2 ** 32;

/** Bit `bit` (0 to 52) of a non-negative safe integer. */
function bitOf(value: number, bit: number): boolean {
  return bit < 32 ? ((value >>> bit) & 1) === 1 : (((value / HALF) >>> (bit - 32)) & 1) === 1;
}

function bitLength(value: number): number {
  return value < HALF ? 32 - Math.clz32(value) : 64 - Math.clz32(value / HALF);
}

function sliceOf(data: ArrayLike<number>, members: Uint32Array, base: number, bit: number): RoaringBitmap32 {
  const found = new Uint32Array(members.length);
  let count = 0;
  for (const position of members) {
    if (bitOf(data[position]! - base, bit)) {
      found[count++] = position;
    }
  }
  return new RoaringBitmap32(found.subarray(0, count));
}

/**
 * A bit-sliced index of ordinals (O'Neil and Quass, "Improved Query Performance with Variant Indexes", 1997): bitmap k holds the users
 * whose value − base has bit k set, so a range over any number of distinct values costs at most one bitmap operation a bit.
 */
export class BitSlices {
  #base: number;
  #slices: RoaringBitmap32[];
  #present: RoaringBitmap32;

  private constructor(base: number, slices: RoaringBitmap32[], present: RoaringBitmap32) {
    this.#base = base;
    this.#slices = slices;
    this.#present = present;
  }

  /** Users with a value; not to be changed. */
  get present(): RoaringBitmap32 {
    return this.#present;
  }

  get bytes(): number {
    return [this.#present, ...this.#slices].reduce(
      (sum, slice) => sum + slice.getSerializationSizeInBytes('portable') + 200,
      0,
    );
  }

  /** Null if the values span more than a safe integer: such a column is scanned instead. */
  static build(vector: NumberVector): BitSlices | null {
    const { data, missing, length } = vector;
    let base = Infinity;
    let greatest = -Infinity;
    const positions = new Uint32Array(length);
    let count = 0;
    for (let position = 0; position < length; position++) {
      const value = data[position]!;
      if (value !== missing) {
        positions[count++] = position;
        base = Math.min(base, value);
        greatest = Math.max(greatest, value);
      }
    }
    if (count === 0) {
      return new BitSlices(0, [], new RoaringBitmap32());
    }
    if (greatest - base > Number.MAX_SAFE_INTEGER) {
      return null;
    }
    const members = positions.subarray(0, count);
    const slices: RoaringBitmap32[] = [];
    for (let bit = 0; bit < bitLength(greatest - base); bit++) {
      slices.push(sliceOf(data, members, base, bit));
    }
    return new BitSlices(base, slices, new RoaringBitmap32(members));
  }

  /** Users whose value is at least `low` and at most `high` (either may be infinite). */
  between(low: number, high: number): RoaringBitmap32 {
    if (low > high) {
      return new RoaringBitmap32();
    }
    if (low === high) {
      return this.#equalTo(low);
    }
    if (high === Infinity) {
      return this.#atLeast(low);
    }
    const above = this.#atLeast(high + 1);
    return low <= this.#base ? RoaringBitmap32.andNot(this.#present, above) : this.#atLeast(low).andNotInPlace(above);
  }

  /** Brings the index up to date with changes; false if it has to be built anew (a value below the base). */
  update(
    changes: Iterable<readonly [position: number, before: number | undefined, after: number | undefined]>,
  ): boolean {
    const added: number[][] = [];
    const removed: number[][] = [];
    const appeared: number[] = [];
    const vanished: number[] = [];
    for (const [position, before, after] of changes) {
      if (after !== undefined && (after < this.#base || after - this.#base > Number.MAX_SAFE_INTEGER)) {
        return false;
      }
      if (before === undefined && after !== undefined) {
        appeared.push(position);
      } else if (before !== undefined && after === undefined) {
        vanished.push(position);
      }
      const old = before === undefined ? 0 : before - this.#base;
      const now = after === undefined ? 0 : after - this.#base;
      for (let bit = Math.max(bitLength(old), bitLength(now)) - 1; bit >= 0; bit--) {
        const isSet = bitOf(now, bit);
        if (isSet !== bitOf(old, bit)) {
          const target = isSet ? added : removed;
          (target[bit] ??= []).push(position);
        }
      }
    }
    this.#present.addMany(appeared);
    this.#present.removeMany(vanished);
    for (let bit = 0; bit < Math.max(added.length, removed.length); bit++) {
      const slice = (this.#slices[bit] ??= new RoaringBitmap32());
      slice.addMany(added[bit] ?? []);
      slice.removeMany(removed[bit] ?? []);
    }
    return true;
  }

  write(writer: ByteWriter): void {
    writer.f64(this.#base);
    writer.block(serializeBitmap(this.#present));
    writer.u8(this.#slices.length);
    for (const slice of this.#slices) {
      writer.block(serializeBitmap(slice));
    }
  }

  static read(reader: ByteReader): BitSlices {
    const base = reader.f64();
    const present = deserializeBitmap(reader.block());
    const slices: RoaringBitmap32[] = [];
    for (let count = reader.u8(); count > 0; count--) {
      slices.push(deserializeBitmap(reader.block()));
    }
    return new BitSlices(base, slices, present);
  }

  /** Position → the value the slices hold, NaN for none; for `verify`. */
  values(length: number): Float64Array {
    const values = new Float64Array(length).fill(NaN);
    for (const position of this.#present.toUint32Array()) {
      values[position] = this.#base;
    }
    this.#slices.forEach((slice, bit) => {
      for (const position of slice.toUint32Array()) {
        values[position]! += 2 ** bit;
      }
    });
    return values;
  }

  /** Users with this value, as a new bitmap: those who have every bit of it and no other. */
  #equalTo(value: number): RoaringBitmap32 {
    const offset = value - this.#base;
    const bits = this.#slices.length;
    if (offset < 0 || offset >= 2 ** bits) {
      return new RoaringBitmap32();
    }
    let result = this.#present;
    for (let bit = bits - 1; bit >= 0 && !result.isEmpty; bit--) {
      const slice = this.#slices[bit]!;
      result = bitOf(offset, bit) ? RoaringBitmap32.and(result, slice) : RoaringBitmap32.andNot(result, slice);
    }
    return result === this.#present ? result.clone() : result;
  }

  /** Users with value ≥ low, as a new bitmap: from the lowest set bit of the threshold up, a set bit intersects, a clear one unites. */
  #atLeast(low: number): RoaringBitmap32 {
    const threshold = low - this.#base;
    if (threshold <= 0) {
      return this.#present.clone();
    }
    const bits = this.#slices.length;
    if (threshold >= 2 ** bits) {
      return new RoaringBitmap32();
    }
    let bit = 0;
    while (!bitOf(threshold, bit)) {
      bit++;
    }
    const result = this.#slices[bit]!.clone();
    for (bit++; bit < bits; bit++) {
      if (bitOf(threshold, bit)) {
        result.andInPlace(this.#slices[bit]!);
      } else {
        result.orInPlace(this.#slices[bit]!);
      }
    }
    return result;
  }
}
