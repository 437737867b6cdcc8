import { BitmapPacker, PackedBitmaps, type PackedParts, RoaringBitmap32 } from '@tessera/bitmap';

// Taken once: globals are slow inside the test runner's context.
const { floor } = Math;
const DAY_SECONDS = 86_400;

/** The UTC day of a second counted from 1 (0: none). */
export function dayOfSecond(second: number): number {
  return floor((second - 1) / DAY_SECONDS);
}

/** An index made in another thread; all arrays are shared memory. */
export interface DayIndexParts {
  readonly days: readonly number[];
  /** By place in `days`. */
  readonly users: PackedParts;
}

/** Days for which the users of all later ones are kept. */
const AFTER_KEPT_MAX = 4;

/**
 * Users by the UTC day of one instant each. Keeps the users of all days after those asked for last, so that windows that move on ask for
 * little work.
 */
export class DayIndex {
  readonly #days: Map<number, RoaringBitmap32>;
  /** By day: the users of all later days. Least recently used first. */
  readonly #after = new Map<number, RoaringBitmap32>();

  private constructor(days: Map<number, RoaringBitmap32>) {
    this.#days = days;
  }

  /** @param seconds by user, counted from 1; 0: none. */
  static of(seconds: Uint32Array): DayIndex {
    return new DayIndex(groupByDay(seconds));
  }

  static ofParts({ days, users }: DayIndexParts): DayIndex {
    const packed = new PackedBitmaps(users);
    // Copies: these will follow the rows.
    return new DayIndex(new Map(days.map((day, place) => [day, packed.at(place).clone()])));
  }

  get parts(): DayIndexParts {
    const packer = new BitmapPacker();
    for (const users of this.#days.values()) {
      packer.add(users);
    }
    return { days: [...this.#days.keys()], users: packer.finish().parts };
  }

  get bytes(): number {
    let bytes = 0;
    for (const users of [...this.#days.values(), ...this.#after.values()]) {
      bytes += users.getSerializationSizeInBytes('portable');
    }
    return bytes;
  }

  /** The users of one day; not to be changed. */
  on(day: number): RoaringBitmap32 | undefined {
    return this.#days.get(day);
  }

  /** The users of all later days; not to be changed, good until the next change. */
  after(day: number): RoaringBitmap32 {
    let users = this.#after.get(day);
    if (users === undefined) {
      const later = [...this.#days].filter(([other]) => other > day).map(([, ofDay]) => ofDay);
      users = RoaringBitmap32.orMany(later);
      const [oldest] = this.#after.keys();
      if (this.#after.size >= AFTER_KEPT_MAX && oldest !== undefined) {
        this.#after.delete(oldest);
      }
    } else {
      this.#after.delete(day);
    }
    this.#after.set(day, users);
    return users;
  }

  /** A user's instant changes. Seconds counted from 1, 0: none. */
  move(local: number, before: number, now: number): void {
    const from = before === 0 ? -Infinity : dayOfSecond(before);
    const to = now === 0 ? -Infinity : dayOfSecond(now);
    if (from === to) {
      return;
    }
    const left = this.#days.get(from);
    if (left !== undefined) {
      left.remove(local);
      if (left.isEmpty) {
        this.#days.delete(from);
      }
    }
    if (now !== 0) {
      const entered = this.#days.get(to);
      if (entered === undefined) {
        this.#days.set(to, new RoaringBitmap32([local]));
      } else {
        entered.add(local);
      }
    }
    for (const [day, users] of this.#after) {
      if (to > day) {
        users.add(local);
      } else if (from > day) {
        users.remove(local);
      }
    }
  }
}

function groupByDay(seconds: Uint32Array): Map<number, RoaringBitmap32> {
  let first = Infinity;
  let last = -Infinity;
  for (let local = 0; local < seconds.length; local++) {
    const second = seconds[local]!;
    if (second !== 0) {
      first = second < first ? second : first;
      last = second > last ? second : last;
    }
  }
  const days = new Map<number, RoaringBitmap32>();
  if (last < first) {
    return days;
  }
  // A counting sort by day.
  const firstDay = dayOfSecond(first);
  const ends = new Uint32Array(dayOfSecond(last) - firstDay + 1);
  for (let local = 0; local < seconds.length; local++) {
    if (seconds[local] !== 0) {
      ends[floor((seconds[local]! - 1) / DAY_SECONDS) - firstDay]!++;
    }
  }
  let total = 0;
  for (let place = 0; place < ends.length; place++) {
    total += ends[place]!;
    ends[place] = total;
  }
  const locals = new Uint32Array(total);
  for (let local = seconds.length - 1; local >= 0; local--) {
    if (seconds[local] !== 0) {
      locals[--ends[floor((seconds[local]! - 1) / DAY_SECONDS) - firstDay]!] = local;
    }
  }
  for (let place = 0; place < ends.length; place++) {
    const users = locals.subarray(ends[place], ends[place + 1] ?? total);
    if (users.length > 0) {
      days.set(firstDay + place, new RoaringBitmap32(users));
    }
  }
  return days;
}
