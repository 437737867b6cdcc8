import type { RoaringBitmap32 } from '@tessera/bitmap';
import { OverlaidSet, ScannedSet } from '../bitmaps/filtered-set';
import { type LazySet, PlainSet } from '../bitmaps/lazy-set';
import { FunctionTest, type PositionTest, RangeTest, ValuesTest } from '../bitmaps/position-test';
import { NumberVector } from '../columns/number-vector';
import type { SharedTimes } from '../columns/write-times';
import { SHARD_SIZE } from '../shard';
import { ByteReader, type ByteWriter } from '../storage/bytes';
import type { ChunkTracker } from '../storage/chunk-tracker';
import { ChangedPositions } from './changed-positions';
import type { IndexBuilder } from './index-builder';
import { buildScalarIndex, type ScalarIndex } from './scalar-index';
import { TagShard } from './tag-shard';

const DIFFERENCES_MAX = 20;
const EVERY_VALUE = { low: -Infinity, high: Infinity };

/** How the numbers of a tag are indexed. */
export interface ScalarKind {
  /** They are numbers to compare, not codes. */
  readonly ordinal: boolean;
  readonly builder: IndexBuilder;
}

/**
 * A tag with one number a user: the ordinal, the dictionary code, or 0 and 1 for false and true. The column is the truth. The index is of some
 * earlier moment; for users whose value has changed since, the column decides. So an answer is exact however old the index is, and
 * the index can be built anew at leisure, in another thread too.
 */
export class ScalarShard extends TagShard {
  readonly column: NumberVector;
  #index: ScalarIndex | null = null;
  #changed = new ChangedPositions();
  /** While an index is being built elsewhere: who has changed since that began. */
  #changedSinceBuild: ChangedPositions | null = null;
  #writes = 0;
  #present: { readonly changes: number; readonly index: ScalarIndex | null; readonly bitmap: RoaringBitmap32 } | null =
    null;

  constructor(
    tagId: number,
    shard: number,
    private readonly kind: ScalarKind,
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
  }

  get ordinal(): boolean {
    return this.kind.ordinal;
  }

  get bytes(): number {
    const changed = this.#changed.bytes + (this.#changedSinceBuild?.bytes ?? 0);
    return this.column.bytes + this.times.bytes + (this.#index?.bytes ?? 0) + changed;
  }

  /** Users with one of the values (distinct). */
  oneOf(values: readonly number[]): LazySet {
    const index = this.#usableIndex();
    const test = new ValuesTest(this.column, values);
    return index === null ? new ScannedSet(this.column, test) : this.#overlaid(index.oneOf(values, this.column), test);
  }

  /** Users with low ≤ value ≤ high. */
  between(low: number, high: number): LazySet {
    const index = this.#usableIndex();
    const test = new RangeTest(this.column, low, high);
    return index === null
      ? new ScannedSet(this.column, test)
      : this.#overlaid(index.between(low, high, this.column), test);
  }

  /** Users whose value meets a condition that no index knows. */
  where(meets: (value: number) => boolean): LazySet {
    return new ScannedSet(this.column, new FunctionTest(this.column, meets));
  }

  /** Users with a value. */
  get withValue(): LazySet {
    return new PlainSet(this.present);
  }

  get present(): RoaringBitmap32 {
    const index = this.#usableIndex();
    if (index !== null && this.#changed.count === 0) {
      return index.present;
    }
    // Cleared and set again makes no new change, so who has a value is looked up at every write.
    if (this.#present?.changes !== this.#writes || this.#present.index !== index) {
      const test = new RangeTest(this.column, EVERY_VALUE.low, EVERY_VALUE.high);
      const set =
        index === null
          ? new ScannedSet(this.column, test)
          : new OverlaidSet(new PlainSet(index.present), this.#changed.bitmap, test);
      this.#present = { changes: this.#writes, index, bitmap: set.operand().bitmap };
    }
    return this.#present.bitmap;
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

  /** The values of consecutive users, all at once; NaN: none. The caller has called `beforeWrite`. */
  setMany(local: number, values: ArrayLike<number>): void {
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!;
      if (!Number.isNaN(value)) {
        this.column.set(local + index, value);
      }
    }
    this.dropIndex();
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
    const expected = buildScalarIndex(this.column, this.kind.ordinal);
    const found = this.#index;
    if (found === null) {
      return [];
    }
    const { changed } = this;
    const differences: string[] = [];
    for (const { name, low, high } of probesOf(expected)) {
      const isCodes = expected.parts.kind === 'codes';
      const ask = (index: ScalarIndex): LazySet =>
        isCodes && low === high ? index.oneOf([low], this.column) : index.between(low, high, this.column);
      const test = new RangeTest(this.column, low, high);
      const now = this.#changed.count === 0 ? ask(found) : new OverlaidSet(ask(found), changed, test);
      if (!now.operand().bitmap.isEqual(ask(expected).operand().bitmap) && differences.length < DIFFERENCES_MAX) {
        differences.push(`${this.key}: column and index differ in users with ${name}`);
      }
    }
    if (!this.present.isEqual(expected.present)) {
      differences.push(`${this.key}: column and index differ in users with a value`);
    }
    return differences;
  }

  // The index

  /** The index as it is, and who has changed since it was built; for handing them to another thread. */
  get index(): ScalarIndex | null {
    return this.#index;
  }

  get changed(): RoaringBitmap32 {
    return this.#changed.bitmap;
  }

  get changedWords(): Uint32Array | null {
    return this.#changed.words;
  }

  get changedCount(): number {
    return this.#changed.count;
  }

  /** From now on it is remembered who changes, until `finishBuild` or `abandonBuild`. */
  beginBuild(): void {
    this.#changedSinceBuild = new ChangedPositions();
  }

  /** Takes over an index of the moment of `beginBuild` or later. */
  finishBuild(index: ScalarIndex): void {
    if (this.#changedSinceBuild !== null) {
      this.#index = index;
      this.#changed = this.#changedSinceBuild;
      this.#changedSinceBuild = null;
    }
  }

  abandonBuild(): void {
    this.#changedSinceBuild = null;
  }

  get isBeingBuilt(): boolean {
    return this.#changedSinceBuild !== null;
  }

  /** Forgets the index; a build under way too. */
  dropIndex(): void {
    this.#index = null;
    this.#changed = new ChangedPositions();
    this.#changedSinceBuild = null;
    this.#writes++;
  }

  /** Builds the index here and now. */
  buildIndex(): ScalarIndex {
    this.beginBuild();
    const index = buildScalarIndex(this.column, this.kind.ordinal);
    this.finishBuild(index);
    return index;
  }

  protected get columnBytes(): number {
    return this.column.bytes;
  }

  protected writeColumn(writer: ByteWriter): void {
    this.column.write(writer);
  }

  protected cellAt(local: number): number {
    return this.column.get(local) ?? NaN;
  }

  protected setCell(local: number, cell: number): void {
    if (Number.isNaN(cell)) {
      this.column.clear(local);
    } else {
      this.column.set(local, cell);
    }
  }

  /** Null: there is none, so the column is scanned. */
  #usableIndex(): ScalarIndex | null {
    if (this.kind.builder.isDue(this)) {
      this.kind.builder.build(this);
    }
    return this.#index;
  }

  #overlaid(set: LazySet, test: PositionTest): LazySet {
    return this.#changed.count === 0 ? set : new OverlaidSet(set, this.#changed.bitmap, test);
  }

  #remember(local: number, after: number | undefined): void {
    const before = this.column.get(local);
    if (before === after) {
      return;
    }
    if (before !== undefined) {
      this.replaced++;
    }
    this.#writes++;
    if (this.#index !== null) {
      this.#changed.add(local);
    }
    this.#changedSinceBuild?.add(local);
  }
}

/** What `verify` asks of an index: every code it has bitmaps of, or everything below each bin. */
function* probesOf(
  index: ScalarIndex,
): Generator<{ readonly name: string; readonly low: number; readonly high: number }> {
  const { parts } = index;
  if (parts.kind === 'codes') {
    for (const code of parts.codes ?? []) {
      yield { name: `code ${code}`, low: code, high: code };
    }
  } else {
    for (const start of parts.starts) {
      yield { name: `values up to ${start}`, low: -Infinity, high: start };
    }
  }
}
