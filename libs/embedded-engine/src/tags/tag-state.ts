import { compareUtf8, isOrdinalType, type TagDefinition, type TagValue } from '@tessera/tag-catalog';
import { Dictionary } from '../columns/dictionary';
import type { ChunkTracker } from '../storage/chunk-tracker';
import type { SharedTimes } from '../columns/write-times';
import { ScalarShard } from './scalar-shard';
import { SetShard } from './set-shard';

/** Gives the shared write times of the tag's type for one shard. */
export type SharedTimesOf = (shard: number) => SharedTimes;

/** Everything held of one tag: its dictionary and its shards. */
export class TagState {
  readonly dictionary: Dictionary;
  readonly isSet: boolean;
  readonly #ordinal: boolean;
  readonly #shards: (ScalarShard | SetShard | undefined)[] = [];
  /** Newest time written, ms; not stored: found again from the columns' times at start. */
  lastWriteMs: number | null = null;

  constructor(
    readonly tag: TagDefinition,
    private readonly tracker: ChunkTracker,
    private readonly sharedTimesOf: SharedTimesOf,
  ) {
    this.dictionary = new Dictionary(tag.id, tracker);
    this.isSet = tag.valueType === 'set';
    this.#ordinal = isOrdinalType(tag.valueType);
  }

  get shardCount(): number {
    return this.#shards.length;
  }

  get bytes(): number {
    return this.#shards.reduce((sum, shard) => sum + (shard?.bytes ?? 0), this.dictionary.bytes);
  }

  shard(index: number): ScalarShard | SetShard | undefined {
    return this.#shards[index];
  }

  scalarShard(index: number): ScalarShard | undefined {
    const shard = this.#shards[index];
    return shard instanceof ScalarShard ? shard : undefined;
  }

  setShard(index: number): SetShard | undefined {
    const shard = this.#shards[index];
    return shard instanceof SetShard ? shard : undefined;
  }

  /** The shard, made if it is not there yet. */
  shardForWrite(index: number): ScalarShard | SetShard {
    return (this.#shards[index] ??= this.#make(index));
  }

  loadShard(index: number, stored: Buffer): void {
    this.#shards[index] = this.#make(index, stored);
  }

  #make(index: number, stored?: Buffer): ScalarShard | SetShard {
    const shared = this.sharedTimesOf(index);
    return this.isSet
      ? new SetShard(this.tag.id, index, this.tracker, shared, stored)
      : new ScalarShard(this.tag.id, index, this.#ordinal, this.tracker, shared, stored);
  }

  /** The stored number of a scalar value; texts get a dictionary code. */
  encode(value: boolean | number | string): number {
    if (typeof value === 'number') {
      return value;
    }
    return typeof value === 'boolean' ? Number(value) : this.dictionary.intern(value);
  }

  /** As `encode`, but undefined for a text nobody ever had. */
  find(value: boolean | number | string): number | undefined {
    return typeof value === 'string' ? this.dictionary.code(value) : Number(value);
  }

  /** Distinct texts → their codes, ascending. */
  encodeSet(values: readonly string[]): Uint32Array {
    return Uint32Array.from(values, (value) => this.dictionary.intern(value)).sort();
  }

  decode(stored: number): boolean | number | string {
    if (this.#ordinal) {
      return stored;
    }
    return this.tag.valueType === 'bool' ? stored === 1 : this.dictionary.text(stored);
  }

  decodeSet(codes: Uint32Array): readonly string[] {
    return [...codes].map((code) => this.dictionary.text(code)).sort(compareUtf8);
  }

  /** The canonical value of one user, undefined for none. */
  valueAt(shardIndex: number, local: number): TagValue | undefined {
    const shard = this.#shards[shardIndex];
    if (shard instanceof SetShard) {
      const codes = shard.get(local);
      return codes === undefined ? undefined : this.decodeSet(codes);
    }
    const stored = shard?.get(local);
    return stored === undefined ? undefined : this.decode(stored);
  }

  /** Restores the dictionary from its stored blocks, in order. */
  loadDictionary(blocks: Iterable<Buffer>): void {
    for (const block of blocks) {
      this.dictionary.load(block);
    }
  }
}
