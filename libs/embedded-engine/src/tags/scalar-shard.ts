import type { RoaringBitmap32 } from '@tessera/bitmap';
import type { LazySet } from '../bitmaps/lazy-set';
import { NumberVector } from '../columns/number-vector';
import type { SharedTimes } from '../columns/write-times';
import { SHARD_SIZE } from '../shard';
import { ByteReader, type ByteWriter } from '../storage/bytes';
import type { ChunkTracker } from '../storage/chunk-tracker';
import { ChangedPositions } from './changed-positions';
import type { IndexBuilder } from './index-builder';
import { buildScalarIndex, type ScalarIndex } from './scalar-index';
import { ScalarView } from './scalar-view';
import { TagShard } from './tag-shard';

const DIFFERENCES_MAX = 20;

/** A shard that was read from disk anew must not look like the one it was before: no two ever have the same version. */
const VERSIONS_A_SHARD = 2 ** 28;
let firstVersion = 0;

/** How the numbers of a tag are indexed. */
export interface Indexing {
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
  readonly kind = 'scalars';
  readonly column: NumberVector;
  #index: ScalarIndex | null = null;
  #changed = new ChangedPositions();
  /** While an index is being built elsewhere: who has changed since that began. */
  #changedSinceBuild: ChangedPositions | null = null;
  #writes = (firstVersion += VERSIONS_A_SHARD);
  #view: { readonly writes: number; readonly index: ScalarIndex | null; readonly view: ScalarView } | null = null;

  constructor(
    readonly tagId: number,
    readonly shard: number,
    private readonly indexing: Indexing,
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
    return this.indexing.ordinal;
  }

  get bytes(): number {
    const changed = this.#changed.bytes + (this.#changedSinceBuild?.bytes ?? 0);
    return this.column.bytes + this.times.bytes + (this.#index?.bytes ?? 0) + changed;
  }

  oneOf(numbers: readonly number[]): LazySet {
    return this.view.oneOf(numbers);
  }

  between(low: number, high: number): LazySet {
    return this.view.between(low, high);
  }

  where(meets: (value: number) => boolean): LazySet {
    return this.view.where(meets);
  }

  get present(): RoaringBitmap32 {
    return this.view.present;
  }

  /** What questions are asked of, until the next write. */
  get view(): ScalarView {
    if (this.indexing.builder.isDue(this)) {
      this.indexing.builder.build(this);
    }
    if (this.#view?.writes !== this.#writes || this.#view.index !== this.#index) {
      const changed = this.#index === null || this.#changed.count === 0 ? null : this.#changed.bitmap;
      this.#view = {
        writes: this.#writes,
        index: this.#index,
        view: new ScalarView(this.column, this.#index, changed),
      };
    }
    return this.#view.view;
  }

  get(local: number): number | undefined {
    return this.column.get(local);
  }

  hasValue(local: number): boolean {
    return this.column.get(local) !== undefined;
  }

  /** The caller has called `beforeWriteAt`. */
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
    if (this.#index === null) {
      return [];
    }
    const expected = new ScalarView(this.column, buildScalarIndex(this.column, this.ordinal), null);
    const differences: string[] = [];
    for (const { name, ask } of probesOf(expected)) {
      if (!ask(this.view).isEqual(ask(expected)) && differences.length < DIFFERENCES_MAX) {
        differences.push(`${this.key}: column and index differ in users with ${name}`);
      }
    }
    return differences;
  }

  // The index

  get index(): ScalarIndex | null {
    return this.#index;
  }

  get changedSinceIndex(): ChangedPositions {
    return this.#changed;
  }

  /** Grows with every change of values or index. */
  get version(): number {
    return this.#writes;
  }

  /** From now on it is remembered who changes, until `finishBuild`. */
  beginBuild(): void {
    this.#changedSinceBuild = new ChangedPositions();
  }

  /** Takes over an index of the moment of `beginBuild` or later. */
  finishBuild(index: ScalarIndex): void {
    if (this.#changedSinceBuild !== null) {
      this.#index = index;
      this.#changed = this.#changedSinceBuild;
      this.#changedSinceBuild = null;
      this.#writes++;
    }
  }

  override get mayLeave(): boolean {
    return !this.isBeingBuilt;
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
    const index = buildScalarIndex(this.column, this.indexing.ordinal);
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
    // Another thread that builds an index may see it.
    this.#changedSinceBuild?.add(local);
    if (Number.isNaN(cell)) {
      this.column.clear(local);
    } else {
      this.column.set(local, cell);
    }
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

/** What `verify` asks: for every code that has a bitmap, or everything up to the least value of each bin, and for any value. */
function* probesOf({
  index,
}: ScalarView): Generator<{ readonly name: string; readonly ask: (view: ScalarView) => RoaringBitmap32 }> {
  if (index?.parts.kind === 'codes') {
    for (const code of index.parts.codes ?? []) {
      yield { name: `code ${code}`, ask: (view) => view.oneOf([code]).operand().bitmap };
    }
  } else {
    for (const start of index?.parts.starts ?? []) {
      yield { name: `values up to ${start}`, ask: (view) => view.between(-Infinity, start).operand().bitmap };
    }
  }
  yield { name: 'a value', ask: (view) => view.present };
}
