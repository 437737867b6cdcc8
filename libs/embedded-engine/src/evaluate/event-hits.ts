import { RANGE_MASK, RANGE_SIZE, type RowBlock } from './row-scan';

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
  readonly #users = new Int32Array(RANGE_SIZE);

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
   * Calls `visit` with each user (place in the range) that has reached all steps, and where in `keys` its hits stand, ascending. Takes
   * time by the hits alone: few users of a range have all steps.
   * @param counts all 0, and so afterwards.
   */
  eachUser(
    reached: Uint8Array,
    steps: number,
    counts: Uint32Array,
    visit: (place: number, keys: Float64Array, from: number, to: number) => void,
  ): void {
    this.#keepComplete(reached, steps);
    const users = this.#groupByUser(counts);
    const [list, byUser] = [this.#users, this.#byUser];
    for (let user = 0; user < users; user++) {
      const place = list[user]!;
      const from = counts[place]!;
      const to = user + 1 < users ? counts[list[user + 1]!]! : this.#count;
      sortKeys(byUser, from, to);
      visit(place, byUser, from, to);
    }
    for (let user = 0; user < users; user++) {
      counts[list[user]!] = 0;
    }
  }

  /** Drops the hits of users who have not reached all steps. */
  #keepComplete(reached: Uint8Array, steps: number): void {
    const [places, keys] = [this.#places, this.#keys];
    let kept = 0;
    for (let held = 0; held < this.#count; held++) {
      const place = places[held]!;
      if (reached[place] === steps) {
        places[kept] = place;
        keys[kept++] = keys[held]!;
      }
    }
    this.#count = kept;
  }

  /** Lists the users, and leaves where the hits of each begin in the counts. @returns how many users there are. */
  #groupByUser(counts: Uint32Array): number {
    const [places, keys, byUser, list] = [this.#places, this.#keys, this.#byUser, this.#users];
    let users = 0;
    for (let held = 0; held < this.#count; held++) {
      const place = places[held]!;
      if (counts[place]!++ === 0) {
        list[users++] = place;
      }
    }
    let total = 0;
    for (let user = 0; user < users; user++) {
      total += counts[list[user]!]!;
      counts[list[user]!] = total;
    }
    for (let held = this.#count - 1; held >= 0; held--) {
      const at = --counts[places[held]!]!;
      byUser[at] = keys[held]!;
    }
    return users;
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
