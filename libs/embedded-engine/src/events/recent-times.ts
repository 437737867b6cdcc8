import { RoaringBitmap32 } from '@tessera/bitmap';
import { SHARD_SIZE } from '../shard';
import { DayIndex, type DayIndexParts } from './day-index';
import { DAY_MS, dayOf } from './event-bucket';

const { floor } = Math;
const SECOND_MS = 1000;
/** Rows at or after it (the year 2106) can't be counted in seconds of 32 bits. */
const END_MS = (2 ** 32 - 2) * SECOND_MS;
const ROOM_MIN = 1024;

/** Users told apart by whole seconds: those in, and those whose instant lies in the very second of the limit. */
export interface UsersSince {
  /** Nobody else's: may be changed. */
  readonly users: RoaringBitmap32;
  readonly unsure: readonly number[];
}

/** Newest rows taken together in another thread; all arrays are shared memory. */
export interface RecentTimesParts {
  readonly coverFromMs: number;
  readonly newest: number;
  readonly levels: readonly Uint32Array[];
  /** By level: of the first, which windows in the past ask for, and of the last, which rules do; null: made where it is asked for. */
  readonly indexes: readonly (DayIndexParts | null)[];
}

/** In memory that another thread can hand over. */
function shared(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(4 * length));
}

/**
 * The newest rows of each user of a shard, `depth` of them, of one event type: "at least N rows since an instant" is "the N-th newest row is
 * not before it". Times are kept as whole seconds, 4 bytes each; who can't be told apart by them is named, to be looked up.
 */
export class RecentTimes {
  /** Level n: by user, second of the row that is the n-th newest (from 0), counted from 1; 0: there is none. */
  #levels: Uint32Array[];
  readonly #indexes: (DayIndex | undefined)[];
  #newest = 0;
  #coverFromMs: number;

  /** @param coverFromMs rows before it are left out. */
  constructor(
    readonly depth: number,
    coverFromMs: number,
  ) {
    this.#coverFromMs = coverFromMs;
    this.#levels = Array.from({ length: depth }, () => shared(ROOM_MIN));
    this.#indexes = this.#levels.map(() => undefined);
  }

  static ofParts({ coverFromMs, newest, levels, indexes }: RecentTimesParts): RecentTimes {
    const times = new RecentTimes(levels.length, coverFromMs);
    times.#levels = [...levels];
    times.#newest = newest;
    indexes.forEach((parts, level) => {
      times.#indexes[level] = parts === null ? undefined : DayIndex.ofParts(parts);
    });
    return times;
  }

  /** To be handed to another thread, and not to be used here any more. */
  get parts(): RecentTimesParts {
    const indexes = this.#levels.map((_, level) =>
      level === 0 || level === this.depth - 1 ? this.#index(level).parts : null,
    );
    return { coverFromMs: this.#coverFromMs, newest: this.#newest, levels: this.#levels, indexes };
  }

  /** Bytes of the arrays for so many levels and users. */
  static bytesFor(depth: number, users: number): number {
    return depth * roomFor(users) * 4;
  }

  /** All rows from here on are taken in, whatever is asked about earlier ones is not known. */
  get coverFromMs(): number {
    return this.#coverFromMs;
  }

  get bytes(): number {
    let bytes = 0;
    for (let level = 0; level < this.depth; level++) {
      bytes += this.#levels[level]!.byteLength + (this.#indexes[level]?.bytes ?? 0);
    }
    return bytes;
  }

  /** Rows before an instant have gone. */
  forgetBefore(instantMs: number): void {
    this.#coverFromMs = Math.max(this.#coverFromMs, instantMs);
  }

  /** Takes in a new row. */
  insert(local: number, timeMs: number): void {
    if (timeMs < this.#coverFromMs) {
      return;
    }
    if (timeMs >= END_MS) {
      // Out of reach for good.
      this.#coverFromMs = Infinity;
      return;
    }
    const second = floor(timeMs / SECOND_MS) + 1;
    this.#reserve(local + 1);
    this.#newest = second > this.#newest ? second : this.#newest;
    let carried = second;
    for (let level = 0; level < this.depth && carried !== 0; level++) {
      const seconds = this.#levels[level]!;
      const held = seconds[local]!;
      if (held < carried) {
        seconds[local] = carried;
        this.#indexes[level]?.move(local, held, carried);
        carried = held;
      }
    }
  }

  /** Takes in many rows at once: users and times of day. Before anything was asked for alone. */
  insertMany(locals: Int32Array, times: Int32Array, startMs: number, count: number): void {
    const { depth } = this;
    if (startMs < this.#coverFromMs || startMs + DAY_MS > END_MS) {
      for (let row = 0; row < count; row++) {
        this.insert(locals[row]!, startMs + times[row]!);
      }
      return;
    }
    let users = 0;
    for (let row = 0; row < count; row++) {
      users = locals[row]! < users ? users : locals[row]! + 1;
    }
    this.#reserve(users);
    const levels = this.#levels;
    const first = levels[0]!;
    const startSecond = startMs / SECOND_MS + 1;
    for (let row = 0; row < count; row++) {
      const local = locals[row]!;
      let carried = startSecond + floor(times[row]! / SECOND_MS);
      this.#newest = carried > this.#newest ? carried : this.#newest;
      const held = first[local]!;
      if (held < carried) {
        first[local] = carried;
        carried = held;
      }
      for (let level = 1; level < depth && carried !== 0; level++) {
        const seconds = levels[level]!;
        const before = seconds[local]!;
        if (before < carried) {
          seconds[local] = carried;
          carried = before;
        }
      }
    }
  }

  /** Forgets a user. */
  remove(local: number): void {
    for (let level = 0; level < this.depth; level++) {
      const seconds = this.#levels[level]!;
      if (local < seconds.length && seconds[local] !== 0) {
        this.#indexes[level]?.move(local, seconds[local]!, 0);
        seconds[local] = 0;
      }
    }
  }

  /** Users with at least `rows` rows (1 to depth) at or after an instant (from `coverFromMs` on). */
  since(rows: number, fromMs: number): UsersSince {
    const index = this.#index(rows - 1);
    const seconds = this.#levels[rows - 1]!;
    const day = dayOf(fromMs);
    const limit = floor(fromMs / SECOND_MS) + 1;
    const isWhole = fromMs % SECOND_MS === 0;
    const edge = index.on(day)?.toUint32Array();
    const unsure: number[] = [];
    if (edge === undefined) {
      return { users: index.after(day).clone(), unsure };
    }
    let count = 0;
    for (const local of edge) {
      const second = seconds[local]!;
      if (second > limit || (isWhole && second === limit)) {
        edge[count++] = local;
      } else if (second === limit) {
        unsure.push(local);
      }
    }
    return { users: RoaringBitmap32.or(index.after(day), new RoaringBitmap32(edge.subarray(0, count))), unsure };
  }

  /** Users who may have rows at or after an instant; null: more than `max`. */
  atOrAfter(instantMs: number, max: number): readonly number[] | null {
    const limit = floor(instantMs / SECOND_MS) + 1;
    if (this.#newest < limit) {
      return [];
    }
    const index = this.#index(0);
    const newest = this.#levels[0]!;
    const day = dayOf(instantMs);
    const later = index.after(day);
    if (later.size > max) {
      return null;
    }
    const users = later.toArray();
    for (const local of index.on(day)?.toUint32Array() ?? []) {
      if (newest[local]! >= limit) {
        users.push(local);
      }
    }
    return users.length > max ? null : users;
  }

  #index(level: number): DayIndex {
    return (this.#indexes[level] ??= DayIndex.of(this.#levels[level]!));
  }

  #reserve(users: number): void {
    if (users > this.#levels[0]!.length) {
      for (let level = 0; level < this.depth; level++) {
        const grown = shared(roomFor(users));
        grown.set(this.#levels[level]!);
        this.#levels[level] = grown;
      }
    }
  }
}

function roomFor(users: number): number {
  let room = ROOM_MIN;
  while (room < users && room < SHARD_SIZE) {
    room *= 2;
  }
  return room;
}

/** The start of the day before an instant's. */
export function dayBefore(instantMs: number): number {
  return (dayOf(instantMs) - 1) * DAY_MS;
}
