import { bitsOf } from '../bitmaps/bitmap-from-words';
import type { CountRange } from './event-counters';
import { RANGE_MASK, type RowBlock } from './row-scan';

/** Properties of up to this many different values: one bit each in a user's counter. */
const BITS_MAX = 32;
const ROOM_MIN = 65_536;
/** Rows for which room is kept between questions (20 bytes each). */
const ROOM_KEPT_MAX = 1_048_576;
/** A user's values up to this many are compared with one another; more are sorted. */
const COMPARED_MAX = 24;

/**
 * Counts the different values that each user of a range has in the matching rows.
 * @param valuesMax how many stored numbers from 0 on they can be.
 */
export function countDistinct(valuesMax: number): CountRange {
  return valuesMax <= BITS_MAX ? countBitByBit : countInPairs;
}

const countBitByBit: CountRange = (rows, range, end, { counts }) => {
  rows.visitRange(range, ({ locals, values, missing, count }) => {
    for (let row = 0; row < count; row++) {
      const value = values[row]!;
      if (value !== missing) {
        counts[locals[row]! & RANGE_MASK]! |= 1 << value;
      }
    }
  });
  for (let place = 0; place < end; place++) {
    if (counts[place] !== 0) {
      counts[place] = bitsOf(counts[place]!);
    }
  }
};

const countInPairs: CountRange = (rows, range, end, { counts }) => {
  const pairs = idle ?? new Pairs();
  idle = null;
  pairs.clear();
  rows.visitRange(range, (block) => {
    pairs.add(block);
  });
  pairs.countDistinct(counts, end);
  idle = pairs.room <= ROOM_KEPT_MAX ? pairs : null;
};

/** Users and values of the rows of one range. */
class Pairs {
  #count = 0;
  #places = new Int32Array(ROOM_MIN);
  #values = new Float64Array(ROOM_MIN);
  #byUser = new Float64Array(ROOM_MIN);

  get room(): number {
    return this.#places.length;
  }

  clear(): void {
    this.#count = 0;
  }

  add({ locals, values, missing, count }: RowBlock): void {
    this.#reserve(this.#count + count);
    const [heldPlaces, heldValues] = [this.#places, this.#values];
    let held = this.#count;
    for (let row = 0; row < count; row++) {
      const value = values[row]!;
      if (value !== missing) {
        heldPlaces[held] = locals[row]! & RANGE_MASK;
        heldValues[held++] = value;
      }
    }
    this.#count = held;
  }

  /** Groups the values by user (a counting sort), then counts each user's. @param counts all 0 at first. @param end no value is of a place from it on. */
  countDistinct(counts: Uint32Array, end: number): void {
    const [places, values, byUser] = [this.#places, this.#values, this.#byUser];
    for (let held = 0; held < this.#count; held++) {
      counts[places[held]!]!++;
    }
    // The counts become the ends of the users' values in turn, which then move to their starts.
    let total = 0;
    for (let place = 0; place < end; place++) {
      total += counts[place]!;
      counts[place] = total;
    }
    for (let held = this.#count - 1; held >= 0; held--) {
      const at = --counts[places[held]!]!;
      byUser[at] = values[held]!;
    }
    for (let place = 0; place < end; place++) {
      const from = counts[place]!;
      const to = place + 1 < end ? counts[place + 1]! : total;
      counts[place] = to - from < 2 ? to - from : distinctIn(byUser, from, to);
    }
  }

  #reserve(count: number): void {
    if (count > this.room) {
      const room = Math.max(count, this.room * 2);
      const [places, values] = [this.#places, this.#values];
      this.#places = new Int32Array(room);
      this.#values = new Float64Array(room);
      this.#byUser = new Float64Array(room);
      this.#places.set(places);
      this.#values.set(values);
    }
  }
}

function distinctIn(values: Float64Array, from: number, to: number): number {
  if (to - from > COMPARED_MAX) {
    values.subarray(from, to).sort();
    let distinct = 1;
    for (let place = from + 1; place < to; place++) {
      distinct += values[place] === values[place - 1] ? 0 : 1;
    }
    return distinct;
  }
  let distinct = 1;
  for (let place = from + 1; place < to; place++) {
    const value = values[place]!;
    let other = from;
    while (values[other] !== value) {
      other++;
    }
    distinct += other === place ? 1 : 0;
  }
  return distinct;
}

/** Kept between questions: scans are synchronous, so one set serves them all. */
let idle: Pairs | null = null;
