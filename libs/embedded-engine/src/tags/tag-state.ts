import { compareUtf8, isOrdinalType, type TagDefinition, type TagValue } from '@tessera/tag-catalog';
import { Dictionary } from '../columns/dictionary';
import { ChunkSlot } from '../storage/chunk-slot';
import type { ChunkTracker } from '../storage/chunk-tracker';
import type { Residency } from '../storage/residency';
import type { SharedTimes } from '../columns/write-times';
import type { IndexBuilder } from './index-builder';
import { type Indexing, ScalarShard } from './scalar-shard';
import { SetShard } from './set-shard';

/** Gives the shared write times of the tag's type for one shard. */
export type SharedTimesOf = (shard: number) => SharedTimes;

/** Texts replaced before it is looked whether they can be forgotten; also at least half of all texts. */
const SWEEP_MIN = 16_384;

/** Everything held of one tag: its dictionary and its shards. */
export class TagState {
  readonly dictionary: Dictionary;
  readonly isSet: boolean;
  /** Its values are numbers to compare, not codes. */
  readonly isOrdinal: boolean;
  readonly #indexing: Indexing;
  readonly #slots: (ChunkSlot<ScalarShard | SetShard> | undefined)[] = [];
  /** Made for writes that are about to come, by shard. */
  readonly #unwritten: (ScalarShard | SetShard | undefined)[] = [];
  /** Users with a value in shards that left memory, by shard. */
  readonly #coverage: (number | undefined)[] = [];
  #lastWriteMs: number | null = null;
  #changes = 0;
  #textsErased = false;

  constructor(
    readonly tag: TagDefinition,
    private readonly storage: { readonly tracker: ChunkTracker; readonly residency: Residency },
    private readonly sharedTimesOf: SharedTimesOf,
    indexBuilder: IndexBuilder,
  ) {
    this.dictionary = new Dictionary(tag.id, storage.tracker);
    this.isSet = tag.valueType === 'set';
    this.isOrdinal = isOrdinalType(tag.valueType);
    this.#indexing = { ordinal: this.isOrdinal, builder: indexBuilder };
  }

  /** Newest time written, ms; null: never. Stored with the checkpoint. */
  get lastWriteMs(): number | null {
    return this.#lastWriteMs;
  }

  /** Grows with every write and erasure; for caches of this process. */
  get changes(): number {
    return this.#changes;
  }

  noteWrite(timeMs: number): void {
    this.#changes++;
    if (this.#lastWriteMs === null || timeMs > this.#lastWriteMs) {
      this.#lastWriteMs = timeMs;
    }
  }

  noteErasure(): void {
    this.#changes++;
    this.#textsErased = true;
  }

  restoreLastWrite(timeMs: number): void {
    if (this.#lastWriteMs === null || timeMs > this.#lastWriteMs) {
      this.#lastWriteMs = timeMs;
    }
  }

  get shardCount(): number {
    return this.#slots.length;
  }

  get bytes(): number {
    return this.#slots.reduce((sum, slot) => sum + (slot?.bytes ?? 0), this.dictionary.bytes);
  }

  /** Users with a value. */
  get coverage(): number {
    let users = 0;
    for (let index = 0; index < this.#slots.length; index++) {
      const slot = this.#slots[index];
      if (slot !== undefined && (slot.resident !== null || this.#coverage[index] === undefined)) {
        this.#coverage[index] = slot.get().present.size;
      }
      users += this.#coverage[index] ?? 0;
    }
    return users;
  }

  shard(index: number): ScalarShard | SetShard | undefined {
    return this.#slots[index]?.get();
  }

  /** Those in memory. */
  *residentShards(): Generator<ScalarShard | SetShard> {
    for (const slot of this.#slots) {
      const resident = slot?.resident ?? null;
      if (resident !== null) {
        yield resident;
      }
    }
  }

  scalarShard(index: number): ScalarShard | undefined {
    const shard = this.shard(index);
    return shard instanceof ScalarShard ? shard : undefined;
  }

  setShard(index: number): SetShard | undefined {
    const shard = this.shard(index);
    return shard instanceof SetShard ? shard : undefined;
  }

  /** The column of each shard that has numbers and is in memory. */
  columns(): (ArrayLike<number> | undefined)[] {
    return this.#slots.map((slot) => {
      const shard = slot?.resident;
      return shard instanceof ScalarShard ? shard.column.data : undefined;
    });
  }

  /** The shard, made if it is not there yet. */
  shardForWrite(index: number): ScalarShard | SetShard {
    return (this.#slots[index] ??= this.#slotOf(index)).get();
  }

  /** What `shardForWrite` will give. One that is not there yet is made, but nobody sees it before it is written to. */
  shardToBe(index: number): ScalarShard | SetShard {
    return this.shard(index) ?? (this.#unwritten[index] ??= this.#make(index));
  }

  loadShard(index: number, stored: Buffer): void {
    const slot = this.#slotOf(index, stored);
    this.#slots[index] = slot;
    this.storage.residency.noteRead(slot.bytes);
  }

  #slotOf(index: number, stored?: Buffer): ChunkSlot<ScalarShard | SetShard> {
    const shard = (stored === undefined ? this.#unwritten[index] : undefined) ?? this.#make(index, stored);
    this.#unwritten[index] = undefined;
    const make = (bytes: Buffer): ScalarShard | SetShard => this.#make(index, bytes);
    const leave = (leaving: ScalarShard | SetShard): void => {
      this.#coverage[index] =
        leaving instanceof ScalarShard && leaving.index === null ? undefined : leaving.present.size;
    };
    return new ChunkSlot(shard.key, shard, { make, leave }, this.storage.residency);
  }

  #make(index: number, stored?: Buffer): ScalarShard | SetShard {
    const { tracker } = this.storage;
    const shared = this.sharedTimesOf(index);
    return this.isSet
      ? new SetShard(this.tag.id, index, tracker, shared, stored)
      : new ScalarShard(this.tag.id, index, this.#indexing, tracker, shared, stored);
  }

  /** The stored number of a scalar value; texts get a dictionary code. */
  encode(value: boolean | number | string): number {
    if (typeof value === 'number') {
      return value;
    }
    return typeof value === 'boolean' ? Number(value) : this.dictionary.intern(value);
  }

  /** Distinct texts → their codes, ascending. */
  encodeSet(values: readonly string[]): Uint32Array {
    return Uint32Array.from(values, (value) => this.dictionary.intern(value)).sort();
  }

  decode(stored: number): boolean | number | string {
    if (this.isOrdinal) {
      return stored;
    }
    return this.tag.valueType === 'bool' ? stored === 1 : this.dictionary.text(stored);
  }

  decodeSet(codes: Uint32Array): readonly string[] {
    return [...codes].map((code) => this.dictionary.text(code)).sort(compareUtf8);
  }

  /** The canonical value of one user, undefined for none. */
  valueAt(shardIndex: number, local: number): TagValue | undefined {
    const shard = this.shard(shardIndex);
    if (shard instanceof SetShard) {
      const codes = shard.get(local);
      return codes === undefined ? undefined : this.decodeSet(codes);
    }
    const stored = shard?.get(local);
    return stored === undefined ? undefined : this.decode(stored);
  }

  /**
   * Forgets texts that nobody has any more: after an erasure, and when so many were replaced that it is worth looking. Walks over all
   * values, with a pause after each shard, unless every text is soon met.
   */
  *sweepSteps(): Generator<void> {
    let replaced = 0;
    for (const shard of this.residentShards()) {
      replaced += shard.replaced;
    }
    const isDue = this.#textsErased || replaced >= Math.max(SWEEP_MIN, this.dictionary.entries / 2);
    if (this.dictionary.entries === 0 || !isDue) {
      return;
    }
    this.#textsErased = false;
    for (const shard of this.residentShards()) {
      shard.replaced = 0;
    }
    yield* this.dictionary.sweepSteps(
      this.#slots.map((slot) => (mark) => {
        slot?.get().eachCode(mark);
      }),
    );
  }
}
