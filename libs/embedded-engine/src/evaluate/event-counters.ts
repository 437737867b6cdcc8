import type { RoaringBitmap32 } from '@tessera/bitmap';
import { bitmapFromWords, SHARD_WORDS } from '../bitmaps/bitmap-from-words';
import type { NumberRange } from './event-goal';
import { RANGE_SIZE, type RangeScan } from './row-scan';

// Taken once: looking a global up for every row is measurable. 1 for true, 0 for false.
const asBit = Number;

const RANGE_WORDS = RANGE_SIZE / 32;

/** Counters of one range of users, by place in the range, and one bit for each user of the shard that was found. */
export class Counters {
  readonly counts = new Uint32Array(RANGE_SIZE);
  /** Meaningless where `counts` is 0. */
  readonly values = new Float64Array(RANGE_SIZE);
  readonly words = new Uint32Array(SHARD_WORDS);

  // `end`: the place after the last one that may be counted. Words are put together without a branch on what a user's numbers are, which no processor could foresee.

  /** Ends a range: marks the users counted whose value lies in the numbers given, and clears the counts. */
  markValues(range: number, end: number, { low, high, negated }: NumberRange): void {
    const { counts, values, words } = this;
    const base = range * RANGE_WORDS;
    const outside = asBit(negated);
    for (let index = 0; index << 5 < end; index++) {
      const first = index << 5;
      let word = 0;
      for (let bit = 31; bit >= 0; bit--) {
        const value = values[first + bit]!;
        const isWithin = asBit(value >= low) & asBit(value <= high);
        word = (word << 1) | ((isWithin ^ outside) & asBit(counts[first + bit] !== 0));
      }
      words[base + index] = word;
    }
    counts.fill(0, 0, end);
  }

  /** Ends a range: marks the users counted whose count lies in the numbers given, and clears the counts. */
  markCounts(range: number, end: number, { low, high, negated }: NumberRange): void {
    const { counts, words } = this;
    const base = range * RANGE_WORDS;
    const outside = asBit(negated);
    for (let index = 0; index << 5 < end; index++) {
      const first = index << 5;
      let word = 0;
      for (let bit = 31; bit >= 0; bit--) {
        const count = counts[first + bit]!;
        const isWithin = asBit(count >= low) & asBit(count <= high);
        word = (word << 1) | ((isWithin ^ outside) & asBit(count !== 0));
      }
      words[base + index] = word;
    }
    counts.fill(0, 0, end);
  }

  /** Ends a range: marks the users counted that pass, and clears the counts. */
  mark(range: number, end: number, passes: (value: number, count: number, local: number) => boolean): void {
    const { counts, values, words } = this;
    const base = range * RANGE_WORDS;
    for (let place = 0; place < end; place++) {
      const count = counts[place]!;
      if (count !== 0 && passes(values[place]!, count, range * RANGE_SIZE + place)) {
        words[base + (place >>> 5)]! |= 1 << (place & 31);
      }
    }
    counts.fill(0, 0, end);
  }
}

/** Puts a whole number for each user of a range into the counts, 0 for those without. Nobody at place `end` or later has rows. */
export type CountRange = (rows: RangeScan, range: number, end: number, counters: Counters) => void;

let idle: Counters | null = null;

/** Lends counters, empty: scans are synchronous, so one set serves them all. @returns the users marked. */
export function findUsers(scan: (counters: Counters) => void): RoaringBitmap32 {
  const counters = idle ?? new Counters();
  idle = null;
  // Not taken back after an error: something may be left in them.
  scan(counters);
  const found = bitmapFromWords(counters.words);
  counters.words.fill(0);
  idle = counters;
  return found;
}
