import { SHARD_SIZE } from '../shard';
import type { ByteReader, ByteWriter } from '../storage/bytes';

type CodeArray = Uint8Array | Uint16Array | Uint32Array;

/** By width: 0, 1, 2 → 1, 2, 4 bytes a code. */
const WIDTHS = [
  { make: (length: number): CodeArray => new Uint8Array(length), greatest: 0xff },
  { make: (length: number): CodeArray => new Uint16Array(length), greatest: 0xffff },
  { make: (length: number): CodeArray => new Uint32Array(length), greatest: 0xffffffff },
] as const;
const LENGTH_MIN = 64;
/** Sets have at most 1,000 elements, so that a size + 1 fits. */
const SIZE_RANGE = 2048;
/** A place that holds no set; see `placeOf`. */
export const NO_PLACE = -1;
/** So many codes are worth a copy in bulk. */
const RUN_MIN = 32;

/**
 * A set of codes (ascending) for each user of a shard, or none: all codes one behind the other in the narrowest array that holds them, and
 * where each set begins. A set that changes is put at the end; what it was stays where it is until `compact`, so that a place seen before
 * can still be read.
 */
export class SetColumn {
  #starts = new Uint32Array(0);
  /** Size + 1; 0 for no set. */
  #sizes = new Uint16Array(0);
  #length = 0;
  #width = 0;
  #codes: CodeArray = new Uint8Array(0);
  #end = 0;
  /** Codes of sets that are held now. */
  #held = 0;

  /** No user at or past it has a set. */
  get length(): number {
    return this.#length;
  }

  /** Codes of sets that are held. */
  get elements(): number {
    return this.#held;
  }

  get bytes(): number {
    return this.#starts.byteLength + this.#sizes.byteLength + this.#codes.byteLength;
  }

  /** More than half of what is kept are sets of before. */
  get isSparse(): boolean {
    return this.#end > 2 * this.#held + LENGTH_MIN;
  }

  has(local: number): boolean {
    return local < this.#length && this.#sizes[local] !== 0;
  }

  /** A copy of the set's codes. */
  get(local: number): Uint32Array | undefined {
    return this.at(this.placeOf(local));
  }

  /** Where the user's set is, for `at`, until `compact`; {@link NO_PLACE} for none. */
  placeOf(local: number): number {
    return this.has(local) ? this.#starts[local]! * SIZE_RANGE + this.#sizes[local]! - 1 : NO_PLACE;
  }

  at(place: number): Uint32Array | undefined {
    if (place === NO_PLACE) {
      return undefined;
    }
    const size = place % SIZE_RANGE;
    const start = (place - size) / SIZE_RANGE;
    return Uint32Array.from(this.#codes.subarray(start, start + size));
  }

  /** Gives the user the set at a place. */
  setPlace(local: number, place: number): void {
    this.#reserve(local + 1);
    this.#held -= Math.max(0, this.#sizes[local]! - 1);
    if (place === NO_PLACE) {
      this.#sizes[local] = 0;
      return;
    }
    const size = place % SIZE_RANGE;
    this.#starts[local] = (place - size) / SIZE_RANGE;
    this.#sizes[local] = size + 1;
    this.#held += size;
  }

  /** @param codes distinct and ascending. */
  set(local: number, codes: Uint32Array): void {
    const greatest = codes.at(-1) ?? 0;
    while (greatest > WIDTHS[this.#width]!.greatest) {
      this.#widen();
    }
    if (this.#end + codes.length > this.#codes.length) {
      this.#resize(Math.max(LENGTH_MIN, this.#codes.length * 1.5, this.#end + codes.length));
    }
    const start = this.#end;
    for (let index = 0; index < codes.length; index++) {
      this.#codes[start + index] = codes[index]!;
    }
    this.#end += codes.length;
    this.setPlace(local, start * SIZE_RANGE + codes.length);
  }

  clear(local: number): void {
    if (local < this.#length) {
      this.setPlace(local, NO_PLACE);
    }
  }

  /** Drops sets of before: places known until now mean nothing any more. */
  compact(): void {
    const codes = WIDTHS[this.#width]!.make(this.#held);
    this.#gather(codes);
    let start = 0;
    for (let local = 0; local < this.#length; local++) {
      this.#starts[local] = start;
      start += Math.max(0, this.#sizes[local]! - 1);
    }
    this.#codes = codes;
    this.#end = start;
  }

  /** Calls `visit` with each code of every set, users ascending, until it answers false; false if it did. */
  each(visit: (code: number, local: number) => boolean): boolean {
    for (let local = 0; local < this.#length; local++) {
      const start = this.#starts[local]!;
      const end = start + this.#sizes[local]! - 1;
      for (let index = start; index < end; index++) {
        if (!visit(this.#codes[index]!, local)) {
          return false;
        }
      }
    }
    return true;
  }

  /** Shape: docs/formats/embedded-engine.md, set column. */
  write(writer: ByteWriter): void {
    const codes = WIDTHS[this.#width]!.make(this.#held);
    this.#gather(codes);
    writer.u32(this.#length);
    writer.u8(this.#width);
    writer.u32(codes.length);
    writer.raw(new Uint8Array(this.#sizes.buffer, 0, this.#length * 2));
    writer.raw(new Uint8Array(codes.buffer));
  }

  static read(reader: ByteReader): SetColumn {
    const column = new SetColumn();
    const length = reader.u32();
    const width = reader.u8();
    const kind = WIDTHS[width];
    const count = reader.u32();
    if (kind === undefined || length > SHARD_SIZE) {
      throw new RangeError(`Set column of width ${width} and length ${length}: damaged.`);
    }
    const sizes = reader.raw(length * 2);
    const codes = reader.raw(count << width);
    column.#reserve(length);
    new Uint8Array(column.#sizes.buffer).set(sizes);
    column.#width = width;
    column.#codes = kind.make(count);
    new Uint8Array(column.#codes.buffer).set(codes);
    for (let local = 0; local < length; local++) {
      column.#starts[local] = column.#end;
      column.#end += Math.max(0, column.#sizes[local]! - 1);
    }
    if (column.#end !== count) {
      throw new RangeError(`Set column of ${count} codes with sizes that add up to ${column.#end}: damaged.`);
    }
    column.#held = count;
    return column;
  }

  /** Copies the codes of all sets in order of the users. */
  #gather(out: CodeArray): void {
    const codes = this.#codes;
    let filled = 0;
    let runStart = 0;
    let runEnd = 0;
    const flush = (): void => {
      if (runEnd - runStart >= RUN_MIN) {
        out.set(codes.subarray(runStart, runEnd), filled);
        filled += runEnd - runStart;
      } else {
        for (let index = runStart; index < runEnd; index++) {
          out[filled++] = codes[index]!;
        }
      }
    };
    for (let local = 0; local < this.#length; local++) {
      const size = this.#sizes[local]! - 1;
      if (size > 0) {
        const start = this.#starts[local]!;
        if (start !== runEnd) {
          flush();
          runStart = start;
        }
        runEnd = start + size;
      }
    }
    flush();
  }

  #reserve(length: number): void {
    if (length > this.#sizes.length) {
      const capacity = Math.min(SHARD_SIZE, Math.max(LENGTH_MIN, this.#sizes.length * 2, length));
      if (length > capacity) {
        throw new RangeError(`Position ${length - 1} is past the shard's ${SHARD_SIZE}.`);
      }
      const starts = new Uint32Array(capacity);
      starts.set(this.#starts);
      this.#starts = starts;
      const sizes = new Uint16Array(capacity);
      sizes.set(this.#sizes);
      this.#sizes = sizes;
    }
    this.#length = Math.max(this.#length, length);
  }

  #widen(): void {
    this.#width++;
    this.#resize(this.#codes.length);
  }

  #resize(length: number): void {
    const codes = WIDTHS[this.#width]!.make(Math.ceil(length));
    codes.set(this.#codes.subarray(0, this.#end));
    this.#codes = codes;
  }
}
