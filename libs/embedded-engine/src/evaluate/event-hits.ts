import { RANGE_MASK, type RowBlock } from './row-scan';

const ROOM_MIN = 65_536;
/** Hits for which room is kept between questions (20 bytes each). */
const ROOM_KEPT_MAX = 1_048_576;
/** A user's hits up to this many are sorted by insertion. */
const INSERTED_MAX = 24;
/** A hit is its time × this + its step, so hits sort by time, then step. */
export const STEPS_ROOM = 16;

/** Rows of one range of users that can serve a step of a sequence, at first in order of scanning, then grouped by user. */
export class Hits {
  #count = 0;
  #places = new Int32Array(ROOM_MIN);
  #keys = new Float64Array(ROOM_MIN);
  #byUser = new Float64Array(ROOM_MIN);

  get room(): number {
    return this.#places.length;
  }

  clear(): void {
    this.#count = 0;
  }

  /**
   * Takes in the rows that serve a step, of the users that have rows for all later steps.
   * @param reached by place in the range: steps from the last one on that it has rows for; raised here.
   * @param before how many steps come after this one.
   */
  add({ locals, times, startMs, count }: RowBlock, step: number, reached: Uint8Array, before: number): void {
    this.#reserve(this.#count + count);
    const [heldPlaces, keys] = [this.#places, this.#keys];
    const after = before + 1;
    let held = this.#count;
    for (let row = 0; row < count; row++) {
      const place = locals[row]! & RANGE_MASK;
      const steps = reached[place]!;
      if (steps === before || steps === after) {
        reached[place] = after;
        heldPlaces[held] = place;
        keys[held++] = (startMs + times[row]!) * STEPS_ROOM + step;
      }
    }
    this.#count = held;
  }

  /**
   * Calls `visit` with each user (place in the range) that has reached all steps, and where in `keys` its hits stand, ascending.
   * @param counts all 0; left full.
   */
  eachUser(
    reached: Uint8Array,
    steps: number,
    counts: Uint32Array,
    visit: (place: number, keys: Float64Array, from: number, to: number) => void,
  ): void {
    const end = this.#endOfPlaces();
    const total = this.#groupByUser(reached, steps, counts, end);
    if (total === 0) {
      return;
    }
    const byUser = this.#byUser;
    for (let place = 0; place < end; place++) {
      const from = counts[place]!;
      const to = place + 1 < end ? counts[place + 1]! : total;
      if (to > from) {
        sortKeys(byUser, from, to);
        visit(place, byUser, from, to);
      }
    }
  }

  /** No hit is of a user at or after it. */
  #endOfPlaces(): number {
    const places = this.#places;
    let last = -1;
    for (let held = 0; held < this.#count; held++) {
      const place = places[held]!;
      last = place > last ? place : last;
    }
    return last + 1;
  }

  /** Leaves where each user's hits begin in the counts. @returns how many hits are left. */
  #groupByUser(reached: Uint8Array, steps: number, counts: Uint32Array, end: number): number {
    const [places, keys, byUser] = [this.#places, this.#keys, this.#byUser];
    for (let held = 0; held < this.#count; held++) {
      const place = places[held]!;
      if (reached[place] === steps) {
        counts[place]!++;
      }
    }
    let total = 0;
    for (let place = 0; place < end; place++) {
      total += counts[place]!;
      counts[place] = total;
    }
    for (let held = this.#count - 1; held >= 0; held--) {
      const place = places[held]!;
      if (reached[place] === steps) {
        const at = --counts[place]!;
        byUser[at] = keys[held]!;
      }
    }
    return total;
  }

  #reserve(count: number): void {
    if (count > this.room) {
      const room = Math.max(count, this.room * 2);
      const [places, keys] = [this.#places, this.#keys];
      this.#places = new Int32Array(room);
      this.#keys = new Float64Array(room);
      this.#byUser = new Float64Array(room);
      this.#places.set(places);
      this.#keys.set(keys);
    }
  }
}

function sortKeys(keys: Float64Array, from: number, to: number): void {
  if (to - from > INSERTED_MAX) {
    keys.subarray(from, to).sort();
    return;
  }
  for (let place = from + 1; place < to; place++) {
    const key = keys[place]!;
    let hole = place;
    while (hole > from && keys[hole - 1]! > key) {
      keys[hole] = keys[hole - 1]!;
      hole--;
    }
    keys[hole] = key;
  }
}

let idle: Hits | null = null;

/** Lends room for hits, empty: scans are synchronous, so one set serves them all. */
export function withHits<T>(use: (hits: Hits) => T): T {
  const hits = idle ?? new Hits();
  idle = null;
  hits.clear();
  const result = use(hits);
  idle = hits.room <= ROOM_KEPT_MAX ? hits : null;
  return result;
}
