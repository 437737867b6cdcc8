import { NumberVector } from '../columns/number-vector';
import type { ByteReader, ByteWriter } from '../storage/bytes';

const LENGTH_MIN = 64;
/** Stored as a number vector of this width (docs/formats/embedded-engine.md). */
const WIDTH_I32 = 2;

/** In memory that every thread of the process can read in place. */
function shared(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * length));
}

/**
 * One whole number (−2^31 < n < 2^31) for each row of a bucket, none missing, always 4 bytes wide: so the loops over rows meet one kind of
 * array alone. Grows by half; `reorder` and `read` leave no room to spare.
 */
export class RowColumn {
  #data: Int32Array;
  #length: number;

  constructor(data = shared(0)) {
    this.#data = data;
    this.#length = data.length;
  }

  get length(): number {
    return this.#length;
  }

  /** May be longer than `length`. Fetch anew after any change. */
  get data(): Int32Array {
    return this.#data;
  }

  get bytes(): number {
    return this.#data.byteLength;
  }

  push(value: number): void {
    if (this.#length === this.#data.length) {
      const grown = shared(Math.max(LENGTH_MIN, Math.ceil(this.#length * 1.5)));
      grown.set(this.#data);
      this.#data = grown;
    }
    this.#data[this.#length++] = value;
  }

  /** Position i takes the value of position order[i]; what `order` does not name is gone. */
  reorder(order: Uint32Array): void {
    const data = this.#data;
    const reordered = shared(order.length);
    for (let place = 0; place < order.length; place++) {
      reordered[place] = data[order[place]!]!;
    }
    this.#data = reordered;
    this.#length = order.length;
  }

  write(writer: ByteWriter): void {
    writer.u8(WIDTH_I32);
    writer.u32(this.#length);
    writer.align(8);
    writer.raw(new Uint8Array(this.#data.buffer, this.#data.byteOffset, this.#length * 4));
  }

  /** @throws RangeError if the stored numbers are not whole numbers of 32 bits, or one is missing. */
  static read(reader: ByteReader, rowsMax: number): RowColumn {
    const vector = NumberVector.read(reader, rowsMax);
    if (vector.data instanceof Int32Array) {
      return new RowColumn(vector.data);
    }
    if (vector.data instanceof Float64Array) {
      throw new RangeError('A column of rows is wider than 32 bits: damaged.');
    }
    const data = shared(vector.length);
    data.set(vector.data.subarray(0, vector.length));
    return new RowColumn(data);
  }
}
