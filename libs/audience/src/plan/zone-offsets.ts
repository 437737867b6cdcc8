import { DAY_MS } from '@tessera/tag-catalog';

/**
 * Offsets of IANA time zones, from the engine's own `Intl` data (no zone data is shipped with this package), cached so
 * that millions of look-ups a second cost no formatting: per zone and UTC day one number where the offset is constant,
 * else the exact instants at which it changes.
 */

/** The instants a JavaScript `Date` can hold end here, both ways. */
export const INSTANT_MS_MAX = 8.64e15;

/** A constant of this file: reading another module's costs more than the division by it. */
const MS_A_DAY = DAY_MS;

// Zone data is proleptic before the first known change, and `Intl` prints years before 1 in another era: values have years
// 1000 to 9999, so everything outside takes the offset at the end of this range.
const FIRST_MS = Date.UTC(999, 0, 1);
const LAST_MS = Date.UTC(10_000, 11, 31);

const CHUNK_DAYS = 256;
/** 700 years of 1 KiB chunks a zone: real data never gets there, hostile data starts afresh. */
const CHUNKS_MAX = 1_024;
const ZONES_MAX = 64;

// Offsets are whole seconds below 2^17, so these can't be mistaken for one.
const UNKNOWN = 0x7fff_ffff;
const CHANGES = 0x7fff_fffe;

/** Day, hour, minute, second. */
const WALL_CLOCK = /^(\d\d)\D+(\d\d)\D+(\d\d)\D+(\d\d)$/;

/** The offset from `sinceMs` on. */
interface Change {
  readonly sinceMs: number;
  readonly offsetMs: number;
}

class ZoneOffsets {
  readonly #format: Intl.DateTimeFormat;
  readonly #chunks = new Map<number, Int32Array>();
  readonly #changes = new Map<number, readonly Change[]>();
  #latestChunk: Int32Array = new Int32Array(0);
  #latestChunkNumber = Number.NaN;

  /** @throws RangeError for a name that `Intl` does not know. */
  constructor(readonly timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      // Not iso8601, which is Julian before 1582 here; gregory is proleptic throughout, as Date is.
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
  }

  offsetMs(instantMs: number): number {
    const clampedMs = instantMs < FIRST_MS ? FIRST_MS : instantMs > LAST_MS ? LAST_MS : instantMs;
    const day = Math.floor(clampedMs / MS_A_DAY);
    const chunkNumber = Math.floor(day / CHUNK_DAYS);
    if (chunkNumber !== this.#latestChunkNumber) {
      this.#latestChunk = this.#chunks.get(chunkNumber) ?? this.#addChunk(chunkNumber);
      this.#latestChunkNumber = chunkNumber;
    }
    const chunk = this.#latestChunk;
    const slot = day - chunkNumber * CHUNK_DAYS;
    const known = chunk[slot] ?? UNKNOWN;
    if (known < CHANGES) {
      return known * 1_000;
    }
    if (known === UNKNOWN) {
      this.#learnDay(day, chunk, slot);
      return this.offsetMs(clampedMs);
    }
    return lastBefore(this.#changes.get(day) ?? [], clampedMs);
  }

  #addChunk(chunkNumber: number): Int32Array {
    if (this.#chunks.size >= CHUNKS_MAX) {
      this.#chunks.clear();
      this.#changes.clear();
      this.#latestChunkNumber = Number.NaN;
    }
    const chunk = new Int32Array(CHUNK_DAYS).fill(UNKNOWN);
    this.#chunks.set(chunkNumber, chunk);
    return chunk;
  }

  /** Two changes inside one UTC day that cancel out would go unseen; the zone data has none. */
  #learnDay(day: number, chunk: Int32Array, slot: number): void {
    const startMs = day * DAY_MS;
    const startOffsetMs = this.#askMs(startMs);
    const nextOffsetMs = this.#askMs(startMs + DAY_MS);
    if (startOffsetMs === nextOffsetMs) {
      chunk[slot] = startOffsetMs / 1_000;
      return;
    }
    const changes: Change[] = [{ sinceMs: startMs, offsetMs: startOffsetMs }];
    let current = changes[0];
    while (current !== undefined && current.offsetMs !== nextOffsetMs) {
      current = this.#nextChange(current, startMs + DAY_MS);
      changes.push(current);
    }
    this.#changes.set(day, changes);
    chunk[slot] = CHANGES;
  }

  /** Some instant in (from.sinceMs, endMs] at which the offset stops being `from`'s, given that it differs at `endMs`. */
  #nextChange(from: Change, endMs: number): Change {
    let same = from.sinceMs;
    let differs = endMs;
    while (differs - same > 1) {
      const middle = Math.floor((same + differs) / 2);
      if (this.#askMs(middle) === from.offsetMs) {
        same = middle;
      } else {
        differs = middle;
      }
    }
    return { sinceMs: differs, offsetMs: this.#askMs(differs) };
  }

  /** Of the date the day is enough: no wall clock is a day from UTC's. Formatting more costs four times as much. */
  #askMs(instantMs: number): number {
    const wholeMs = Math.floor(instantMs / 1_000) * 1_000;
    const wall = WALL_CLOCK.exec(this.#format.format(wholeMs));
    if (wall === null) throw new Error(`not a wall clock: ${this.#format.format(wholeMs)}`);
    const utcDay = Math.floor(wholeMs / MS_A_DAY);
    const ahead = Number(wall[1]) - new Date(wholeMs).getUTCDate();
    // Behind the end of a month the day is far less, or far more.
    const daysAhead = Math.abs(ahead) > 1 ? -Math.sign(ahead) : ahead;
    const seconds = Number(wall[2]) * 3_600 + Number(wall[3]) * 60 + Number(wall[4]);
    return daysAhead * MS_A_DAY + seconds * 1_000 - (wholeMs - utcDay * MS_A_DAY);
  }
}

function lastBefore(changes: readonly Change[], instantMs: number): number {
  let offsetMs = 0;
  for (const change of changes) {
    if (change.sinceMs <= instantMs) {
      offsetMs = change.offsetMs;
    }
  }
  return offsetMs;
}

const zones = new Map<string, ZoneOffsets>();
let latest: ZoneOffsets | undefined;

function findZone(timeZone: string): ZoneOffsets {
  let zone = zones.get(timeZone);
  if (zone === undefined) {
    zone = new ZoneOffsets(timeZone);
    const oldest = zones.keys().next();
    if (zones.size >= ZONES_MAX && oldest.done !== true) {
      zones.delete(oldest.value);
    }
    zones.set(timeZone, zone);
  }
  return zone;
}

/**
 * Milliseconds to add to an instant to get the zone's wall clock at it: positive east of Greenwich, whole seconds (local
 * mean time included). Instants before the year 999 or after 10000 take the offset at that end.
 *
 * @throws RangeError if `isTimeZone(timeZone)` is false.
 */
export function zoneOffsetMs(timeZone: string, instantMs: number): number {
  if (timeZone === 'UTC') {
    return 0;
  }
  if (latest?.timeZone !== timeZone) {
    latest = findZone(timeZone);
  }
  return latest.offsetMs(instantMs);
}

/** Names begin with a letter: fixed offsets such as `+02:00` are known to some versions of `Intl` only, so to none here. */
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/;

/** True for the IANA names that this machine's zone data knows, e.g. `Europe/London`, `UTC`. */
export function isTimeZone(name: string): boolean {
  if (!ZONE_NAME.test(name)) {
    return false;
  }
  if (zones.has(name)) {
    return true;
  }
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
