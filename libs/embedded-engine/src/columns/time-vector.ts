import { finish } from '../finish';
import type { ByteReader, ByteWriter } from '../storage/bytes';
import { columnMemory } from './column-memory';

// Taken once: a look-up of a global a time is measurable.
const { floor } = Math;

/** No time; what `get` answers. Times are milliseconds since the epoch, at least 0. */
export const NO_TIME = -1;

const LOW = 2 ** 32;
/** Marks a position with no time: in `#lows` as long as there are no `#highs`, else in `#highs`. */
const MISSING_LOW = 0xffffffff;
const MISSING_HIGH = 0xffff;
const LENGTH_MIN = 64;
/** Positions copied between two pauses. */
const MOVED_A_STEP = 2 ** 16;

/**
 * Instants by position, exact to the millisecond, some of them missing. A time is kept as its lower 32 bits and the 16 above them: 4 bytes
 * a position while all times lie in the same 2^32 ms (49.7 days, counted from the epoch), else 6.
 */
export class TimeVector {
  #lows: Uint32Array = newLows(0);
  /** Null: `#high` holds for all of them. */
  #highs: Uint16Array | null = null;
  /** Undefined: no time was set yet. */
  #high: number | undefined;
  #length = 0;

  constructor(readonly capacityMax: number) {}

  get bytes(): number {
    return this.#lows.byteLength + (this.#highs?.byteLength ?? 0);
  }

  /** The time at a position, {@link NO_TIME} where there is none. */
  get(position: number): number {
    if (position >= this.#length) {
      return NO_TIME;
    }
    const low = this.#lows[position]!;
    const highs = this.#highs;
    if (highs === null) {
      return low === MISSING_LOW ? NO_TIME : this.#high! * LOW + low;
    }
    const high = highs[position]!;
    return high === MISSING_HIGH ? NO_TIME : high * LOW + low;
  }

  /** A time can be set there without anything being moved. */
  hasRoom(position: number, timeMs: number): boolean {
    return position < this.#lows.length && (this.#highs !== null || this.#isNarrow(timeMs));
  }

  /**
   * Moves what has to be so that a time can be set there; changes none. In steps of some tenths of a millisecond; nothing may be set or
   * cleared before the last one.
   */
  *roomSteps(position: number, timeMs: number): Generator<void> {
    if (position >= this.#lows.length) {
      yield* this.#growSteps(position + 1);
    }
    if (this.#highs === null && !this.#isNarrow(timeMs)) {
      yield* this.#widenSteps();
    }
  }

  set(position: number, timeMs: number): void {
    const high = floor(timeMs / LOW);
    this.#high ??= high;
    if (!this.hasRoom(position, timeMs)) {
      finish(this.roomSteps(position, timeMs));
    }
    if (position >= this.#length) {
      this.#length = position + 1;
    }
    this.#lows[position] = timeMs - high * LOW;
    if (this.#highs !== null) {
      this.#highs[position] = high;
    }
  }

  clear(position: number): void {
    if (position < this.#length) {
      this.#lows[position] = MISSING_LOW;
      if (this.#highs !== null) {
        this.#highs[position] = MISSING_HIGH;
      }
    }
  }

  /** Shape: docs/formats/embedded-engine.md, time vector. */
  write(writer: ByteWriter): void {
    const highs = this.#highs;
    writer.u8(highs === null ? 0 : 1);
    writer.u32(this.#length);
    writer.u32(this.#high ?? 0);
    writer.raw(new Uint8Array(this.#lows.buffer, 0, this.#length * 4));
    if (highs !== null) {
      writer.raw(new Uint8Array(highs.buffer, 0, this.#length * 2));
    }
  }

  /** Bytes that `write` writes. */
  get storedBytes(): number {
    return 9 + this.#length * (this.#highs === null ? 4 : 6);
  }

  static read(reader: ByteReader, capacityMax: number): TimeVector {
    const vector = new TimeVector(capacityMax);
    const layout = reader.u8();
    const length = reader.u32();
    if (layout > 1 || length > capacityMax) {
      throw new RangeError(`Time vector of layout ${layout} and length ${length}: damaged.`);
    }
    const high = reader.u32();
    vector.#high = length === 0 ? undefined : high;
    const lows = reader.raw(length * 4);
    vector.#lows = newLows(length);
    new Uint8Array(vector.#lows.buffer).set(lows);
    if (layout === 1) {
      const highs = reader.raw(length * 2);
      vector.#highs = newHighs(length);
      new Uint8Array(vector.#highs.buffer).set(highs);
    }
    vector.#length = length;
    return vector;
  }

  /** Its upper bits are those that hold for all. */
  #isNarrow(timeMs: number): boolean {
    const high = floor(timeMs / LOW);
    return high === (this.#high ?? high) && timeMs - high * LOW !== MISSING_LOW;
  }

  *#growSteps(length: number): Generator<void> {
    const capacity = Math.min(this.capacityMax, Math.max(LENGTH_MIN, this.#lows.length * 2, length));
    if (length > capacity) {
      throw new RangeError(`Position ${length - 1} is past the vector's capacity of ${this.capacityMax}.`);
    }
    const lows = newLows(capacity);
    yield* copySteps(this.#lows, lows, MISSING_LOW);
    const highs = this.#highs === null ? null : newHighs(capacity);
    if (highs !== null) {
      yield* copySteps(this.#highs!, highs, MISSING_HIGH);
    }
    this.#lows = lows;
    this.#highs = highs;
  }

  *#widenSteps(): Generator<void> {
    const lows = this.#lows;
    const high = this.#high ?? MISSING_HIGH;
    const highs = newHighs(lows.length);
    for (let position = 0; position < lows.length; position++) {
      highs[position] = lows[position] === MISSING_LOW ? MISSING_HIGH : high;
      if ((position + 1) % MOVED_A_STEP === 0) {
        yield;
      }
    }
    this.#highs = highs;
  }
}

function newLows(length: number): Uint32Array {
  return new Uint32Array(columnMemory(4 * length));
}

function newHighs(length: number): Uint16Array {
  return new Uint16Array(columnMemory(2 * length));
}

/** Fills what is longer in `to` with a number. */
function* copySteps<T extends Uint16Array | Uint32Array>(from: T, to: T, missing: number): Generator<void> {
  for (let start = 0; start < to.length; start += MOVED_A_STEP) {
    if (start > 0) {
      yield;
    }
    const end = Math.min(start + MOVED_A_STEP, to.length);
    const used = Math.max(start, Math.min(end, from.length));
    to.set(from.subarray(start, used), start);
    to.fill(missing, used, end);
  }
}
