import { SHARD_SIZE } from '../shard';
import { RecentTimes } from './recent-times';

/** Deeper ones are not kept: rules ask for a few rows. */
export const DEPTH_MAX = 8;
/** Of one event type. */
const BYTES_MAX = 1024 * 1024 * 1024;
/** What was not asked for within so many questions to the same shard may go to make room. */
const UNUSED_QUESTIONS = 64;

interface Place {
  times: RecentTimes | null;
  /** What questions asked for that `times` can't answer. */
  askedDepth: number;
  askedFromMs: number;
  misses: number;
  lastUsed: number;
}

/** What is to be built: room for these rows. */
export interface WantedTimes {
  readonly depth: number;
  readonly fromMs: number;
  /** Of the rows they are to be built from. */
  readonly changes: number;
}

/**
 * The newest rows of users by shard, for rules in use: built when they are asked for the second time, followed from then on, within a budget
 * of memory. Not stored.
 */
export class RecentTimesCache {
  readonly #places: (Place | undefined)[] = [];
  #questions = 0;
  /** Grows with every change of the rows of any shard. */
  #changes = 0;

  constructor(private readonly bytesMax: number = BYTES_MAX) {}

  get bytes(): number {
    return this.#places.reduce((sum, place) => sum + (place?.times?.bytes ?? 0), 0);
  }

  /**
   * What can tell `depth` rows since `fromMs` of a shard; else what to build for it (hand it to `keep`); null: neither, scan the rows.
   */
  find(shard: number, depth: number, fromMs: number): RecentTimes | WantedTimes | null {
    if (depth > DEPTH_MAX) {
      return null;
    }
    const place = (this.#places[shard] ??= {
      times: null,
      askedDepth: 0,
      askedFromMs: Infinity,
      misses: 0,
      lastUsed: 0,
    });
    place.lastUsed = ++this.#questions;
    if (place.times !== null && place.times.depth >= depth && place.times.coverFromMs <= fromMs) {
      return place.times;
    }
    place.askedDepth = Math.max(place.askedDepth, depth);
    place.askedFromMs = Math.min(place.askedFromMs, fromMs);
    if (++place.misses < 2) {
      return null;
    }
    const wanted = {
      depth: Math.max(place.askedDepth, place.times?.depth ?? 0),
      fromMs: Math.min(place.askedFromMs, place.times?.coverFromMs ?? Infinity),
      changes: this.#changes,
    };
    return this.#makeRoom(shard, wanted.depth) ? wanted : null;
  }

  /** Keeps what was built, unless rows have changed since it was asked for, or others have used up the room meanwhile. */
  keep(shard: number, times: RecentTimes, { changes }: WantedTimes): void {
    const place = this.#places[shard];
    if (place !== undefined && changes === this.#changes && this.#makeRoom(shard, times.depth)) {
      Object.assign(place, { times, askedDepth: 0, askedFromMs: Infinity, misses: 0 });
    }
  }

  insert(shard: number, local: number, timeMs: number): void {
    this.#changes++;
    this.#places[shard]?.times?.insert(local, timeMs);
  }

  remove(shard: number, local: number): void {
    this.#changes++;
    this.#places[shard]?.times?.remove(local);
  }

  forgetBefore(instantMs: number): void {
    this.#changes++;
    for (const place of this.#places) {
      place?.times?.forgetBefore(instantMs);
    }
  }

  /** Rows of a shard came or went in other ways than one by one. */
  drop(shard: number): void {
    this.#changes++;
    this.#places[shard] = undefined;
  }

  #makeRoom(shard: number, depth: number): boolean {
    const needed = RecentTimes.bytesFor(depth, SHARD_SIZE);
    let bytes = this.bytes - (this.#places[shard]?.times?.bytes ?? 0);
    const unusedBefore = this.#questions - UNUSED_QUESTIONS * this.#places.length;
    for (const place of this.#places) {
      if (bytes + needed > this.bytesMax && place?.times && place.lastUsed < unusedBefore) {
        bytes -= place.times.bytes;
        place.times = null;
      }
    }
    return bytes + needed <= this.bytesMax;
  }
}
