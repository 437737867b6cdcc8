import { isOrdinalType, type PropertyDefinition, type TagTypeDefinition, type TagValue } from '@tessera/tag-catalog';
import { Dictionary } from '../columns/dictionary';
import { ChunkSlot } from '../storage/chunk-slot';
import type { ChunkTracker } from '../storage/chunk-tracker';
import type { Residency } from '../storage/residency';
import { DAY_MS, dayOf, EventBucket } from './event-bucket';
import type { EventSource, RecentSource } from './event-source';
import { RecentTimesCache } from './recent-times-cache';

/** A property whose values are kept by number, and how. */
export class PropertyState {
  readonly dictionary: Dictionary;
  readonly #ordinal: boolean;

  constructor(
    readonly property: PropertyDefinition,
    tracker: ChunkTracker,
  ) {
    this.dictionary = new Dictionary(property.id, tracker);
    this.#ordinal = isOrdinalType(property.valueType);
  }

  /** The stored number of a value; a set is kept by the code of its JSON text. */
  encode(value: TagValue): number {
    if (typeof value === 'number') {
      return value;
    }
    if (typeof value === 'boolean') {
      return Number(value);
    }
    return this.dictionary.intern(typeof value === 'string' ? value : JSON.stringify(value));
  }

  decode(stored: number): TagValue {
    if (this.#ordinal) {
      return stored;
    }
    switch (this.property.valueType) {
      case 'bool':
        return stored === 1;
      case 'set':
        return parseElements(this.dictionary.text(stored));
      default:
        return this.dictionary.text(stored);
    }
  }
}

/** The elements of a set of an event property, which is kept by the code of its JSON text. */
export function parseElements(text: string): readonly string[] {
  const parsed: unknown = JSON.parse(text);
  if (!Array.isArray(parsed)) {
    throw new RangeError('A stored set is no array: damaged data.');
  }
  return parsed.map(String);
}

/** Everything held of one event type. */
export class EventState implements EventSource, RecentSource {
  readonly #properties = new Map<number, PropertyState>();
  /** By shard, then by UTC day, days ascending once sorted. */
  readonly #shards: (Map<number, BucketSlot> | undefined)[] = [];
  readonly #sortedDays = new Map<number, readonly BucketSlot[]>();
  #rows = 0;
  /** Undefined: to be looked up. */
  #lastMs: number | null | undefined;
  #textsGone = false;
  readonly recent = this;
  /** The newest rows of users, for rules in use. */
  readonly recentTimes = new RecentTimesCache();

  constructor(
    readonly type: TagTypeDefinition,
    private readonly storage: { readonly tracker: ChunkTracker; readonly residency: Residency },
  ) {}

  get bytes(): number {
    let bytes = this.recentTimes.bytes;
    for (const property of this.#properties.values()) {
      bytes += property.dictionary.bytes;
    }
    for (const shard of this.#shards) {
      for (const slot of shard?.values() ?? []) {
        bytes += slot.bytes;
      }
    }
    return bytes;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Time of the newest row; null: there is none. */
  get lastMs(): number | null {
    this.#lastMs ??= this.#findLast();
    return this.#lastMs;
  }

  get shardCount(): number {
    return this.#shards.length;
  }

  property(definition: PropertyDefinition): PropertyState {
    let state = this.#properties.get(definition.id);
    if (state === undefined) {
      state = new PropertyState(definition, this.storage.tracker);
      this.#properties.set(definition.id, state);
    }
    return state;
  }

  /** Buckets of one shard that may hold rows with fromMs ≤ t < toMs, days ascending. */
  buckets(shard: number, fromMs: number | null, toMs: number): readonly EventBucket[] {
    return this.#slots(shard, fromMs, toMs).map((slot) => slot.get());
  }

  extentOf(shard: number, fromMs: number | null, toMs: number): { readonly rows: number; readonly startMs: number } {
    const slots = this.#slots(shard, fromMs, toMs);
    const [first] = slots;
    return {
      rows: slots.reduce((rows, slot) => rows + slot.rows, 0),
      startMs: first === undefined ? Infinity : first.day * DAY_MS,
    };
  }

  bucketsToScan(shard: number, fromMs: number | null, toMs: number): readonly EventBucket[] {
    const buckets = this.buckets(shard, fromMs, toMs);
    for (const bucket of buckets) {
      bucket.prepareToScan();
    }
    return buckets;
  }

  rowTimesOf(shard: number, local: number, fromMs: number, toMs: number): readonly number[] {
    return this.buckets(shard, fromMs, toMs)
      .flatMap((bucket) => bucket.rowsOf(local).map((row) => bucket.startMs + bucket.timesOfDay[row]!))
      .filter((timeMs) => timeMs >= fromMs && timeMs < toMs);
  }

  append(shard: number, local: number, timeMs: number, values: Iterable<readonly [number, number]>): void {
    const day = dayOf(timeMs);
    const slot = this.#shards[shard]?.get(day) ?? this.#addBucket(shard, this.#make(shard, day));
    slot.get().append(local, timeMs, values);
    this.recentTimes.insert(shard, local, timeMs);
    this.#rows++;
    if (this.#lastMs !== undefined && (this.#lastMs === null || timeMs > this.#lastMs)) {
      this.#lastMs = timeMs;
    }
  }

  load(shard: number, day: number, stored: Buffer): void {
    const bucket = this.#make(shard, day, stored);
    this.#addBucket(shard, bucket);
    this.recentTimes.drop(shard);
    this.#rows += bucket.rows;
    this.storage.residency.noteRead(bucket.bytes);
  }

  /** Takes a user's rows away for good. */
  removeUser(shard: number, local: number): void {
    const days = this.#shards[shard];
    this.recentTimes.remove(shard, local);
    for (const slot of days?.values() ?? []) {
      const bucket = slot.get();
      const removed = bucket.removeUser(local);
      if (removed === 0) {
        continue;
      }
      this.#rows -= removed;
      this.#noteRemoval();
      if (bucket.rows === 0) {
        this.#dropBucket(shard, slot);
      }
    }
  }

  /** Drops the days before `firstDay`. */
  dropBefore(firstDay: number): void {
    this.recentTimes.forgetBefore(firstDay * DAY_MS);
    this.#shards.forEach((days, shard) => {
      for (const slot of days?.values() ?? []) {
        if (slot.day < firstDay) {
          this.#rows -= slot.rows;
          this.#dropBucket(shard, slot);
          this.#noteRemoval();
        }
      }
    });
  }

  /** Forgets texts that no row has any more, if rows have gone. */
  sweepTexts(): void {
    if (!this.#textsGone) {
      return;
    }
    this.#textsGone = false;
    for (const property of this.#properties.values()) {
      if (property.dictionary.entries > 0) {
        property.dictionary.sweep((mark) => this.#eachCode(property.property, mark));
      }
    }
  }

  #eachCode(property: PropertyDefinition, mark: (code: number) => boolean): boolean {
    for (const days of this.#shards) {
      for (const slot of days?.values() ?? []) {
        const column = slot.get().column(property);
        for (let row = 0; row < (column?.length ?? 0); row++) {
          const code = column?.get(row);
          if (code !== undefined && !mark(code)) {
            return false;
          }
        }
      }
    }
    return true;
  }

  #findLast(): number | null {
    let last: number | null = null;
    for (let shard = 0; shard < this.#shards.length; shard++) {
      const newest = this.#sorted(shard).at(-1)?.get();
      if (newest !== undefined) {
        last = Math.max(last ?? 0, newest.lastMs);
      }
    }
    return last;
  }

  #noteRemoval(): void {
    this.#lastMs = undefined;
    this.#textsGone = true;
  }

  #make(shard: number, day: number, stored?: Buffer): EventBucket {
    return new EventBucket(this.type.id, shard, day, this.storage.tracker, stored);
  }

  #dropBucket(shard: number, slot: BucketSlot): void {
    this.#shards[shard]?.delete(slot.day);
    slot.drop();
    const { resident } = slot;
    if (resident === null) {
      this.storage.tracker.removeStored(slot.key);
    } else {
      resident.letGo();
      this.storage.tracker.remove(resident);
    }
    this.#sortedDays.delete(shard);
  }

  #addBucket(shard: number, bucket: EventBucket): BucketSlot {
    const slot = new BucketSlot(bucket, (stored) => this.#make(shard, bucket.day, stored), this.storage.residency);
    (this.#shards[shard] ??= new Map()).set(bucket.day, slot);
    this.#sortedDays.delete(shard);
    return slot;
  }

  #slots(shard: number, fromMs: number | null, toMs: number): readonly BucketSlot[] {
    const fromDay = fromMs === null ? -Infinity : dayOf(fromMs);
    const lastDay = dayOf(toMs - 1);
    return this.#sorted(shard).filter(({ day }) => day >= fromDay && day <= lastDay);
  }

  #sorted(shard: number): readonly BucketSlot[] {
    let sorted = this.#sortedDays.get(shard);
    if (sorted === undefined) {
      sorted = [...(this.#shards[shard]?.values() ?? [])].sort((a, b) => a.day - b.day);
      this.#sortedDays.set(shard, sorted);
    }
    return sorted;
  }
}

/** A bucket that may be on disk only; its day and rows are known all the same. */
class BucketSlot extends ChunkSlot<EventBucket> {
  readonly day: number;
  #rows = 0;

  constructor(bucket: EventBucket, make: (stored: Buffer) => EventBucket, residency: Residency) {
    super(
      bucket.key,
      bucket,
      {
        make,
        leave: (leaving) => {
          leaving.letGo();
          this.#rows = leaving.rows;
        },
      },
      residency,
    );
    this.day = bucket.day;
  }

  get rows(): number {
    return this.resident?.rows ?? this.#rows;
  }
}
