import { RoaringBitmap32 } from '@tessera/bitmap';
import { ValueBitmaps } from '../bitmaps/value-bitmaps';
import { NO_PLACE, SetColumn } from '../columns/set-column';
import type { SharedTimes } from '../columns/write-times';
import { SHARD_SIZE } from '../shard';
import type { ByteWriter } from '../storage/bytes';
import { ByteReader } from '../storage/bytes';
import type { ChunkTracker } from '../storage/chunk-tracker';
import { TagShard } from './tag-shard';

const PENDING_MAX = 65_536;
const DIFFERENCES_MAX = 20;

interface SetIndex {
  readonly present: RoaringBitmap32;
  readonly elements: ValueBitmaps;
}

/** A tag whose value is a set: for each user the codes of its elements (ascending), undefined for no value, an empty array for the empty set. */
export class SetShard extends TagShard {
  readonly kind = 'sets';
  readonly #sets: SetColumn;
  #index: SetIndex | null = null;
  /** Users changed since the index was read, with the place of the set that it knows of them. */
  readonly #pending = new Map<number, number>();

  constructor(tagId: number, shard: number, tracker: ChunkTracker, shared: SharedTimes, stored?: Buffer) {
    super(tagId, shard, tracker, shared);
    if (stored === undefined) {
      this.#sets = new SetColumn();
      return;
    }
    const reader = new ByteReader(stored);
    this.#sets = SetColumn.read(reader);
    this.times.read(reader);
  }

  get bytes(): number {
    return this.#sets.bytes + this.times.bytes + this.#pending.size * 40 + (this.#index?.elements.bytes ?? 0);
  }

  get present(): RoaringBitmap32 {
    return this.#current.present;
  }

  /** Users with at least one of the elements. */
  withAny(codes: readonly number[]): RoaringBitmap32 {
    return this.#current.elements.union(codes);
  }

  /** Users with the element; undefined: nobody. Not to be changed. */
  withElement(code: number): RoaringBitmap32 | undefined {
    return this.#current.elements.get(code);
  }

  get(local: number): Uint32Array | undefined {
    return this.#sets.get(local);
  }

  hasValue(local: number): boolean {
    return this.#sets.has(local);
  }

  get length(): number {
    return this.#sets.length;
  }

  /** `codes` distinct and ascending. The caller has called `beforeWriteAt`. */
  set(local: number, codes: Uint32Array): void {
    this.#noteChange(local);
    this.#sets.set(local, codes);
  }

  clear(local: number): void {
    if (this.#sets.has(local)) {
      this.#noteChange(local);
      this.#sets.clear(local);
    }
  }

  eachCode(mark: (code: number) => boolean): boolean {
    return this.#sets.each(mark);
  }

  verify(): string[] {
    const differences: string[] = [];
    const { present, elements } = this.#current;
    const expected = buildIndex(this.#sets);
    if (!present.isEqual(expected.present)) {
      differences.push(`${this.key}: users with a value differ between column and index`);
    }
    const codes = new Set([...elements.entries(), ...expected.elements.entries()].map(([code]) => code));
    for (const code of codes) {
      const indexed = elements.get(code) ?? new RoaringBitmap32();
      if (
        !indexed.isEqual(expected.elements.get(code) ?? new RoaringBitmap32()) &&
        differences.length < DIFFERENCES_MAX
      ) {
        differences.push(`${this.key} element ${code}: users differ between column and index`);
      }
    }
    return differences;
  }

  protected get columnBytes(): number {
    return this.#sets.bytes;
  }

  protected writeColumn(writer: ByteWriter): void {
    this.#sets.write(writer);
  }

  protected cellAt(local: number): number {
    return this.#sets.placeOf(local);
  }

  protected setCell(local: number, place: number): void {
    this.#sets.setPlace(local, place);
  }

  get #current(): SetIndex {
    if (this.#index === null) {
      this.#index = buildIndex(this.#sets);
    } else if (this.#pending.size > 0) {
      this.#update(this.#index);
    }
    this.#pending.clear();
    return this.#index;
  }

  #update(index: SetIndex): void {
    const lost = new Members();
    const gained = new Members();
    const appeared: number[] = [];
    const vanished: number[] = [];
    for (const [local, place] of this.#pending) {
      (this.#sets.has(local) ? appeared : vanished).push(local);
      lost.add(local, this.#sets.at(place));
      gained.add(local, this.#sets.get(local));
    }
    index.present.addMany(appeared);
    index.present.removeMany(vanished);
    lost.eachCode((code, locals) => {
      index.elements.removeMany(code, locals);
    });
    gained.eachCode((code, locals) => {
      index.elements.addMany(code, locals);
    });
  }

  /** Before the user's set changes. */
  #noteChange(local: number): void {
    if (this.#sets.has(local)) {
      this.replaced++;
    }
    if (this.#sets.isSparse) {
      // Places of before go, with all that was noted by them.
      this.beforeWrite();
      this.#dropIndex();
      this.#sets.compact();
    }
    if (this.#index !== null && !this.#pending.has(local)) {
      if (this.#pending.size >= PENDING_MAX) {
        this.#dropIndex();
      } else {
        this.#pending.set(local, this.#sets.placeOf(local));
      }
    }
  }

  #dropIndex(): void {
    this.#index = null;
    this.#pending.clear();
  }
}

/** Pairs of an element's code and a user, to be taken by code. */
class Members {
  #pairs = new Float64Array(1024);
  #count = 0;

  add(local: number, codes: Uint32Array | undefined): void {
    for (const code of codes ?? []) {
      if (this.#count === this.#pairs.length) {
        const grown = new Float64Array(this.#count * 2);
        grown.set(this.#pairs);
        this.#pairs = grown;
      }
      this.#pairs[this.#count++] = code * SHARD_SIZE + local;
    }
  }

  /** Users ascending. */
  eachCode(visit: (code: number, locals: Uint32Array) => void): void {
    const pairs = this.#pairs.subarray(0, this.#count).sort();
    for (let start = 0; start < pairs.length;) {
      const code = Math.floor(pairs[start]! / SHARD_SIZE);
      let end = start;
      while (end < pairs.length && pairs[end]! < (code + 1) * SHARD_SIZE) {
        end++;
      }
      visit(
        code,
        Uint32Array.from(pairs.subarray(start, end), (pair) => pair - code * SHARD_SIZE),
      );
      start = end;
    }
  }
}

/** Counts the users of each code, then puts them behind one another. */
function buildIndex(sets: SetColumn): SetIndex {
  const present = new Uint32Array(sets.length);
  let presentCount = 0;
  for (let local = 0; local < sets.length; local++) {
    if (sets.placeOf(local) !== NO_PLACE) {
      present[presentCount++] = local;
    }
  }
  let greatest = -1;
  sets.each((code) => {
    greatest = Math.max(greatest, code);
    return true;
  });
  const ends = new Uint32Array(greatest + 1);
  sets.each((code) => {
    ends[code]!++;
    return true;
  });
  let start = 0;
  for (let code = 0; code <= greatest; code++) {
    const count = ends[code]!;
    ends[code] = start;
    start += count;
  }
  const locals = new Uint32Array(start);
  sets.each((code, local) => {
    locals[ends[code]!++] = local;
    return true;
  });
  const elements = new ValueBitmaps();
  for (let code = 0, begin = 0; code <= greatest; code++) {
    if (ends[code]! > begin) {
      elements.set(code, new RoaringBitmap32(locals.subarray(begin, ends[code])));
    }
    begin = ends[code]!;
  }
  return { present: new RoaringBitmap32(present.subarray(0, presentCount)), elements };
}
