import { isOrdinalType, type PropertyDefinition, type TagTypeDefinition, type TagValue } from '@tessera/tag-catalog';
import { Dictionary } from '../columns/dictionary';
import type { ChunkTracker } from '../storage/chunk-tracker';
import { dayOf, EventBucket } from './event-bucket';

/** A property whose values are kept by number, and how. */
export class PropertyState {
  readonly dictionary: Dictionary;
  readonly #ordinal: boolean;
  readonly #sets = new Map<number, readonly string[]>();

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
        return this.#decodeSet(stored);
      default:
        return this.dictionary.text(stored);
    }
  }

  #decodeSet(code: number): readonly string[] {
    let elements = this.#sets.get(code);
    if (elements === undefined) {
      elements = parseElements(this.dictionary.text(code));
      this.#sets.set(code, elements);
    }
    return elements;
  }
}

function parseElements(text: string): readonly string[] {
  const parsed: unknown = JSON.parse(text);
  if (!Array.isArray(parsed)) {
    throw new RangeError('A stored set is no array: damaged data.');
  }
  return parsed.map(String);
}

/** Everything held of one event type. */
export class EventState {
  readonly #properties = new Map<number, PropertyState>();
  /** By shard, then by UTC day, days ascending once sorted. */
  readonly #shards: (Map<number, EventBucket> | undefined)[] = [];
  readonly #sortedDays = new Map<number, readonly EventBucket[]>();
  rows = 0;
  lastMs: number | null = null;

  constructor(
    readonly type: TagTypeDefinition,
    private readonly tracker: ChunkTracker,
  ) {}

  get bytes(): number {
    let bytes = 0;
    for (const property of this.#properties.values()) {
      bytes += property.dictionary.bytes;
    }
    for (const shard of this.#shards) {
      for (const bucket of shard?.values() ?? []) {
        bytes += bucket.bytes;
      }
    }
    return bytes;
  }

  get shardCount(): number {
    return this.#shards.length;
  }

  property(definition: PropertyDefinition): PropertyState {
    let state = this.#properties.get(definition.id);
    if (state === undefined) {
      state = new PropertyState(definition, this.tracker);
      this.#properties.set(definition.id, state);
    }
    return state;
  }

  /** Buckets of one shard that may hold rows with fromMs ≤ t < toMs, days ascending. */
  buckets(shard: number, fromMs: number | null, toMs: number): readonly EventBucket[] {
    const all = this.#sorted(shard);
    const fromDay = fromMs === null ? -Infinity : dayOf(fromMs);
    const lastDay = dayOf(toMs - 1);
    return all.filter((bucket) => bucket.day >= fromDay && bucket.day <= lastDay);
  }

  append(shard: number, local: number, timeMs: number, values: Iterable<readonly [number, number]>): void {
    const day = dayOf(timeMs);
    let bucket = this.#shards[shard]?.get(day);
    if (bucket === undefined) {
      bucket = new EventBucket(this.type.id, shard, day, this.tracker);
      this.#addBucket(shard, bucket);
    }
    bucket.append(local, timeMs, values);
    this.rows++;
    this.lastMs = Math.max(this.lastMs ?? timeMs, timeMs);
  }

  load(shard: number, day: number, stored: Buffer): void {
    const bucket = new EventBucket(this.type.id, shard, day, this.tracker, stored);
    this.#addBucket(shard, bucket);
    this.rows += bucket.rows;
    for (let row = 0; row < bucket.rows; row++) {
      this.lastMs = Math.max(this.lastMs ?? 0, bucket.startMs + (bucket.timesOfDay[row] ?? 0));
    }
  }

  removeUser(shard: number, local: number): void {
    for (const bucket of this.#shards[shard]?.values() ?? []) {
      const before = bucket.rows;
      bucket.removeUser(local);
      this.rows -= before - bucket.rows;
    }
  }

  /** Drops the days before `firstDay`. */
  dropBefore(firstDay: number): void {
    this.#shards.forEach((days, shard) => {
      for (const bucket of days?.values() ?? []) {
        if (bucket.day < firstDay) {
          days?.delete(bucket.day);
          this.rows -= bucket.rows;
          this.tracker.remove(bucket);
          this.#sortedDays.delete(shard);
        }
      }
    });
  }

  #addBucket(shard: number, bucket: EventBucket): void {
    (this.#shards[shard] ??= new Map()).set(bucket.day, bucket);
    this.#sortedDays.delete(shard);
  }

  #sorted(shard: number): readonly EventBucket[] {
    let sorted = this.#sortedDays.get(shard);
    if (sorted === undefined) {
      sorted = [...(this.#shards[shard]?.values() ?? [])].sort((a, b) => a.day - b.day);
      this.#sortedDays.set(shard, sorted);
    }
    return sorted;
  }
}
