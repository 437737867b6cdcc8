import type { RoaringBitmap32 } from '@tessera/bitmap';
import { NumberVector } from '../columns/number-vector';
import type { SharedTimes } from '../columns/write-times';
import { SHARD_SIZE } from '../shard';
import { ByteReader, type ByteWriter } from '../storage/bytes';
import type { ChunkTracker } from '../storage/chunk-tracker';
import { type Change, CodeIndex, OrdinalIndex, type ScalarIndex } from './scalar-index';
import { TagShard } from './tag-shard';

/** Changes the index has not seen are kept one by one up to this many; past it the index is dropped and built anew when it is next read. */
const PENDING_MAX = 65_536;

/** A tag with one number a user: the ordinal, the dictionary code, or 0 and 1 for false and true. */
export class ScalarShard extends TagShard {
  readonly column: NumberVector;
  #index: ScalarIndex | null = null;
  /** Position → its value when the index last saw it. */
  readonly #pending = new Map<number, number | undefined>();

  constructor(
    tagId: number,
    shard: number,
    private readonly ordinal: boolean,
    tracker: ChunkTracker,
    shared: SharedTimes,
    stored?: Buffer,
  ) {
    super(tagId, shard, tracker, shared);
    if (stored === undefined) {
      this.column = new NumberVector(SHARD_SIZE);
      return;
    }
    const reader = new ByteReader(stored);
    this.column = NumberVector.read(reader, SHARD_SIZE);
    this.times.read(reader);
    if (reader.u8() === 1) {
      this.#index = ordinal ? OrdinalIndex.read(reader, this.column) : CodeIndex.read(reader, this.column);
    }
  }

  get bytes(): number {
    return this.column.bytes + this.times.bytes + (this.#index?.bytes ?? 0) + this.#pending.size * 40;
  }

  /** The index, brought up to date. */
  get index(): ScalarIndex {
    if (this.#index !== null && this.#pending.size > 0) {
      const changes: Change[] = [];
      for (const [position, before] of this.#pending) {
        const after = this.column.get(position);
        if (after !== before) {
          changes.push([position, before, after]);
        }
      }
      changes.sort((a, b) => a[0] - b[0]);
      if (!this.#index.update(changes)) {
        this.#index = null;
      }
    }
    this.#pending.clear();
    this.#index ??= this.ordinal ? OrdinalIndex.build(this.column) : CodeIndex.build(this.column);
    return this.#index;
  }

  get present(): RoaringBitmap32 {
    return this.index.present;
  }

  get(local: number): number | undefined {
    return this.column.get(local);
  }

  hasValue(local: number): boolean {
    return this.column.get(local) !== undefined;
  }

  /** The caller has called `beforeWrite`. */
  set(local: number, value: number): void {
    this.#remember(local, value);
    this.column.set(local, value);
  }

  clear(local: number): void {
    this.#remember(local, undefined);
    this.column.clear(local);
  }

  eachCode(mark: (code: number) => boolean): boolean {
    const { data, missing, length } = this.column;
    for (let local = 0; local < length; local++) {
      const code = data[local]!;
      if (code !== missing && !mark(code)) {
        return false;
      }
    }
    return true;
  }

  verify(): string[] {
    return this.index.verify().map((difference) => `${this.key}: column and index differ in ${difference}`);
  }

  protected writeColumn(writer: ByteWriter): void {
    this.column.write(writer);
  }

  /** An index that is behind is left out: it is built again from the column. */
  protected writeIndex(writer: ByteWriter): void {
    const current = this.#pending.size === 0 ? this.#index : null;
    writer.u8(current === null ? 0 : 1);
    current?.write(writer);
  }

  #remember(local: number, after: number | undefined): void {
    const before = this.column.get(local);
    if (before !== undefined && before !== after) {
      this.replaced++;
    }
    if (this.#index === null || this.#pending.has(local)) {
      return;
    }
    if (this.#pending.size >= PENDING_MAX) {
      this.#index = null;
      this.#pending.clear();
      return;
    }
    this.#pending.set(local, before);
  }
}
