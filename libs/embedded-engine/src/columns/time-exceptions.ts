import { SHARD_SIZE } from '../shard';
import type { ByteReader, ByteWriter } from '../storage/bytes';
import { NO_TIME, TimeVector } from './time-vector';

// Taken once: a look-up of a global a time is measurable.
const { imul } = Math;
const SLOTS_MIN = 16;
/** Past so many, a column (6 bytes for each of 2^20 users) is cheaper than a table (12 bytes a slot, half of them free). */
const TABLE_MAX = SHARD_SIZE >>> 3;

/** Times of the users of a shard who have one, as long as they are few in a table, then in a column. */
export class TimeExceptions {
  /** Position + 1, 0 for free; linear probing. */
  #keys = new Uint32Array(0);
  #times = new Float64Array(0);
  #size = 0;
  #column: TimeVector | null = null;

  /** There never was one since this was made, or the last one has gone. */
  get isEmpty(): boolean {
    return this.#size === 0 && this.#column === null;
  }

  get bytes(): number {
    return this.#keys.byteLength + this.#times.byteLength + (this.#column?.bytes ?? 0);
  }

  /** {@link NO_TIME} where there is none. */
  get(position: number): number {
    if (this.#column !== null) {
      return this.#column.get(position);
    }
    if (this.#size === 0) {
      return NO_TIME;
    }
    const slot = this.#slotOf(position);
    return this.#keys[slot] === 0 ? NO_TIME : this.#times[slot]!;
  }

  set(position: number, timeMs: number): void {
    if (this.#column === null && this.#size >= TABLE_MAX) {
      this.#toColumn();
    }
    if (this.#column !== null) {
      this.#column.set(position, timeMs);
      return;
    }
    if ((this.#size + 1) * 2 > this.#keys.length) {
      this.#resize(Math.max(SLOTS_MIN, this.#keys.length * 2));
    }
    const slot = this.#slotOf(position);
    if (this.#keys[slot] === 0) {
      this.#keys[slot] = position + 1;
      this.#size++;
    }
    this.#times[slot] = timeMs;
  }

  delete(position: number): void {
    if (this.#column !== null) {
      this.#column.clear(position);
      return;
    }
    if (this.#size === 0) {
      return;
    }
    let free = this.#slotOf(position);
    if (this.#keys[free] === 0) {
      return;
    }
    // Whatever follows without a gap and was kept from its place by the one that goes moves up.
    const mask = this.#keys.length - 1;
    for (let slot = (free + 1) & mask; this.#keys[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#home(this.#keys[slot]! - 1);
      if (((slot - home) & mask) >= ((slot - free) & mask)) {
        this.#keys[free] = this.#keys[slot]!;
        this.#times[free] = this.#times[slot]!;
        free = slot;
      }
    }
    this.#keys[free] = 0;
    this.#size--;
  }

  write(writer: ByteWriter): void {
    if (this.#column !== null) {
      writer.u8(1);
      this.#column.write(writer);
      return;
    }
    const positions = new Uint32Array(this.#size);
    const times = new Float64Array(this.#size);
    let count = 0;
    for (let slot = 0; slot < this.#keys.length; slot++) {
      if (this.#keys[slot] !== 0) {
        positions[count] = this.#keys[slot]! - 1;
        times[count++] = this.#times[slot]!;
      }
    }
    writer.u8(0);
    writer.u32(count);
    writer.raw(new Uint8Array(positions.buffer));
    writer.raw(new Uint8Array(times.buffer));
  }

  static read(reader: ByteReader): TimeExceptions {
    const exceptions = new TimeExceptions();
    if (reader.u8() === 1) {
      exceptions.#column = TimeVector.read(reader, SHARD_SIZE);
      return exceptions;
    }
    const count = reader.u32();
    const storedPositions = reader.raw(count * 4);
    const storedTimes = reader.raw(count * 8);
    const positions = new Uint32Array(count);
    const times = new Float64Array(count);
    new Uint8Array(positions.buffer).set(storedPositions);
    new Uint8Array(times.buffer).set(storedTimes);
    for (let index = 0; index < count; index++) {
      exceptions.set(positions[index]!, times[index]!);
    }
    return exceptions;
  }

  #home(position: number): number {
    return (imul(position, 0x9e3779b1) >>> 7) & (this.#keys.length - 1);
  }

  /** Of the position, or the free one where it would come. */
  #slotOf(position: number): number {
    const keys = this.#keys;
    const mask = keys.length - 1;
    let slot = this.#home(position);
    while (keys[slot] !== 0 && keys[slot] !== position + 1) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #resize(slots: number): void {
    const [keys, times] = [this.#keys, this.#times];
    this.#keys = new Uint32Array(slots);
    this.#times = new Float64Array(slots);
    for (let old = 0; old < keys.length; old++) {
      if (keys[old] !== 0) {
        const slot = this.#slotOf(keys[old]! - 1);
        this.#keys[slot] = keys[old]!;
        this.#times[slot] = times[old]!;
      }
    }
  }

  #toColumn(): void {
    const column = new TimeVector(SHARD_SIZE);
    for (let slot = 0; slot < this.#keys.length; slot++) {
      if (this.#keys[slot] !== 0) {
        column.set(this.#keys[slot]! - 1, this.#times[slot]!);
      }
    }
    this.#column = column;
    this.#keys = new Uint32Array(0);
    this.#times = new Float64Array(0);
    this.#size = 0;
  }
}
