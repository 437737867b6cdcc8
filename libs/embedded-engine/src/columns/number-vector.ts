import { finish } from '../finish';
import type { ByteReader, ByteWriter } from '../storage/bytes';
import { columnMemory } from './column-memory';

export type NumberArray = Uint8Array | Uint16Array | Int32Array | Float64Array;

interface Width {
  readonly make: (length: number) => NumberArray;
  /** Marks a position with no value; never a value of this width. */
  readonly missing: number;
  readonly least: number;
  readonly greatest: number;
}

/** Narrowest first; a vector moves to a wider one when a value does not fit. */
const WIDTHS: readonly Width[] = [
  { make: (length) => new Uint8Array(columnMemory(length)), missing: 0xff, least: 0, greatest: 0xfe },
  { make: (length) => new Uint16Array(columnMemory(2 * length)), missing: 0xffff, least: 0, greatest: 0xfffe },
  {
    make: (length) => new Int32Array(columnMemory(4 * length)),
    missing: -0x80000000,
    least: -0x7fffffff,
    greatest: 0x7fffffff,
  },
  {
    make: (length) => new Float64Array(columnMemory(8 * length)),
    missing: Infinity,
    least: -Number.MAX_SAFE_INTEGER,
    greatest: Number.MAX_SAFE_INTEGER,
  },
];

const LENGTH_MIN = 64;
/** Positions copied between two pauses. */
const MOVED_A_STEP = 2 ** 16;

/** What a scan reads of a vector: `data[i] === missing`, or i ≥ `length`, means no value. */
export interface NumberColumn {
  readonly data: NumberArray;
  readonly missing: number;
  readonly length: number;
}

/**
 * Safe integers by position, some of them missing, in the narrowest typed array that holds them all: 1, 2, 4 or 8 bytes a position.
 * Hot loops read `data` and `missing` directly (`data[i] === missing` means no value) and must fetch both anew after any `set`.
 */
export class NumberVector implements NumberColumn {
  #width = 0;
  #data: NumberArray;
  #length = 0;

  constructor(readonly capacityMax: number) {
    this.#data = WIDTHS[0]!.make(0);
  }

  /** Positions at or after it have no value. */
  get length(): number {
    return this.#length;
  }

  get data(): NumberArray {
    return this.#data;
  }

  get missing(): number {
    return WIDTHS[this.#width]!.missing;
  }

  get bytes(): number {
    return this.#data.byteLength;
  }

  /** The value at a position, undefined where there is none. */
  get(position: number): number | undefined {
    if (position >= this.#length) {
      return undefined;
    }
    const value = this.#data[position]!;
    return value === this.missing ? undefined : value;
  }

  /** A value can be set there without anything being moved. */
  hasRoom(position: number, value: number): boolean {
    const { least, greatest } = WIDTHS[this.#width]!;
    return position < this.#data.length && value >= least && value <= greatest;
  }

  /**
   * Moves all to a longer or wider array if it has to be so that a value can be set there; changes none. In steps of some tenths of a
   * millisecond, most of it the system's work to provide the memory; nothing may be set or cleared before the last one.
   */
  *roomSteps(position: number, value: number): Generator<void> {
    yield* this.#moveSteps(this.#capacityFor(position + 1), widthFor(value, this.#width));
  }

  set(position: number, value: number): void {
    if (!this.hasRoom(position, value)) {
      finish(this.roomSteps(position, value));
    }
    if (position >= this.#length) {
      this.#length = position + 1;
    }
    this.#data[position] = value;
  }

  clear(position: number): void {
    if (position < this.#length) {
      this.#data[position] = this.missing;
    }
  }

  /** Appends one position; undefined leaves it without a value. */
  push(value: number | undefined): void {
    if (value === undefined) {
      finish(this.#moveSteps(this.#capacityFor(this.#length + 1), this.#width));
      this.#length++;
    } else {
      this.set(this.#length, value);
    }
  }

  /** Position i takes the value of position order[i], or none; what `order` does not name is gone. Leaves no room to spare. */
  reorder(order: Uint32Array): void {
    const { missing } = this;
    const data = this.#data;
    const length = this.#length;
    const reordered = WIDTHS[this.#width]!.make(order.length);
    for (let place = 0; place < order.length; place++) {
      const from = order[place]!;
      reordered[place] = from < length ? data[from]! : missing;
    }
    this.#data = reordered;
    this.#length = order.length;
  }

  /** Shape: docs/formats/embedded-engine.md, number vector. */
  write(writer: ByteWriter): void {
    const used = this.#data.subarray(0, this.#length);
    writer.u8(this.#width);
    writer.u32(this.#length);
    writer.align(8);
    writer.raw(new Uint8Array(used.buffer, used.byteOffset, used.byteLength));
  }

  static read(reader: ByteReader, capacityMax: number): NumberVector {
    const vector = new NumberVector(capacityMax);
    const width = reader.u8();
    const kind = WIDTHS[width];
    const length = reader.u32();
    if (kind === undefined || length > capacityMax) {
      throw new RangeError(`Number vector of width ${width} and length ${length}: damaged.`);
    }
    reader.align(8);
    const data = kind.make(length);
    new Uint8Array(data.buffer).set(reader.raw(data.byteLength));
    vector.#width = width;
    vector.#data = data;
    vector.#length = length;
    return vector;
  }

  #capacityFor(length: number): number {
    if (length <= this.#data.length) {
      return this.#data.length;
    }
    const capacity = Math.min(this.capacityMax, Math.max(LENGTH_MIN, this.#data.length * 2, length));
    if (length > capacity) {
      throw new RangeError(`Position ${length - 1} is past the vector's capacity of ${this.capacityMax}.`);
    }
    return capacity;
  }

  *#moveSteps(capacity: number, width: number): Generator<void> {
    if (capacity === this.#data.length && width === this.#width) {
      return;
    }
    const [data, length] = [this.#data, this.#length];
    const from = WIDTHS[this.#width]!;
    const to = WIDTHS[width]!;
    const moved = to.make(capacity);
    for (let start = 0; start < capacity; start += MOVED_A_STEP) {
      if (start > 0) {
        yield;
      }
      const end = Math.min(start + MOVED_A_STEP, capacity);
      const used = Math.max(start, Math.min(end, length));
      moved.set(data.subarray(start, used), start);
      moved.fill(to.missing, used, end);
      for (let index = start; to !== from && index < used; index++) {
        if (data[index] === from.missing) {
          moved[index] = to.missing;
        }
      }
    }
    this.#data = moved;
    this.#width = width;
  }
}

/** The narrowest from one width on that holds the value. */
function widthFor(value: number, narrowest: number): number {
  for (let width = narrowest; width < WIDTHS.length; width++) {
    const { least, greatest } = WIDTHS[width]!;
    if (value >= least && value <= greatest) {
      return width;
    }
  }
  throw new RangeError(`${value} is no safe integer.`);
}
