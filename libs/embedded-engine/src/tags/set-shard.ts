import { deserializeBitmap, RoaringBitmap32, serializeBitmap } from '@tessera/bitmap';
import { ValueBitmaps } from '../bitmaps/value-bitmaps';
import type { SharedTimes } from '../columns/write-times';
import type { ByteWriter } from '../storage/bytes';
import { ByteReader } from '../storage/bytes';
import type { ChunkTracker } from '../storage/chunk-tracker';
import { pushTo } from './push-to';
import { TagShard } from './tag-shard';

const PENDING_MAX = 65_536;
const DIFFERENCES_MAX = 20;
const NO_CODES: readonly number[] = [];

interface SetIndex {
  readonly present: RoaringBitmap32;
  readonly elements: ValueBitmaps;
}

/** A tag whose value is a set: for each user the codes of its elements (ascending), undefined for no value, an empty array for the empty set. */
export class SetShard extends TagShard {
  readonly kind = 'sets';
  readonly #sets: (Uint32Array | undefined)[] = [];
  #index: SetIndex | null = null;
  readonly #pending = new Map<number, Uint32Array | undefined>();
  #elementCount = 0;

  constructor(tagId: number, shard: number, tracker: ChunkTracker, shared: SharedTimes, stored?: Buffer) {
    super(tagId, shard, tracker, shared);
    if (stored === undefined) {
      return;
    }
    const reader = new ByteReader(stored);
    const length = reader.u32();
    for (let local = 0; local < length; local++) {
      const size = reader.varint();
      this.#sets.push(size === 0 ? undefined : readCodes(reader, size - 1));
      this.#elementCount += Math.max(0, size - 1);
    }
    this.times.read(reader);
    if (reader.u8() === 1) {
      this.#index = { present: deserializeBitmap(reader.block()), elements: ValueBitmaps.read(reader) };
    }
  }

  get bytes(): number {
    return this.#sets.length * 100 + this.#elementCount * 4 + this.times.bytes + (this.#index?.elements.bytes ?? 0);
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
    return this.#sets[local];
  }

  hasValue(local: number): boolean {
    return this.#sets[local] !== undefined;
  }

  get length(): number {
    return this.#sets.length;
  }

  /** `codes` distinct and ascending. The caller has called `beforeWrite`. */
  set(local: number, codes: Uint32Array): void {
    this.#replace(local, codes);
  }

  clear(local: number): void {
    if (local < this.#sets.length) {
      this.#replace(local, undefined);
    }
  }

  eachCode(mark: (code: number) => boolean): boolean {
    return this.#sets.every((codes) => codes?.every(mark) ?? true);
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

  protected writeColumn(writer: ByteWriter): void {
    writer.u32(this.#sets.length);
    for (const codes of this.#sets) {
      writer.varint(codes === undefined ? 0 : codes.length + 1);
      for (const code of codes ?? NO_CODES) {
        writer.varint(code);
      }
    }
  }

  protected writeIndex(writer: ByteWriter): void {
    const index = this.#pending.size === 0 ? this.#index : null;
    writer.u8(index === null ? 0 : 1);
    if (index !== null) {
      writer.block(serializeBitmap(index.present));
      index.elements.write(writer);
    }
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
    const gained = new Map<number, number[]>();
    const lost = new Map<number, number[]>();
    for (const [local, before] of [...this.#pending].sort((a, b) => a[0] - b[0])) {
      const after = this.#sets[local];
      if (after === undefined) {
        index.present.remove(local);
      } else {
        index.present.add(local);
      }
      for (const code of before ?? NO_CODES) {
        pushTo(lost, code, local);
      }
      for (const code of after ?? NO_CODES) {
        pushTo(gained, code, local);
      }
    }
    for (const [code, locals] of lost) {
      index.elements.removeMany(code, locals);
    }
    for (const [code, locals] of gained) {
      index.elements.addMany(code, locals);
    }
  }

  #replace(local: number, codes: Uint32Array | undefined): void {
    const before = this.#sets[local];
    if (before !== undefined) {
      this.replaced++;
    }
    if (this.#index !== null && !this.#pending.has(local)) {
      if (this.#pending.size >= PENDING_MAX) {
        this.#index = null;
        this.#pending.clear();
      } else {
        this.#pending.set(local, before);
      }
    }
    while (this.#sets.length < local) {
      this.#sets.push(undefined);
    }
    this.#sets[local] = codes;
    this.#elementCount += (codes?.length ?? 0) - (before?.length ?? 0);
  }
}

function readCodes(reader: ByteReader, count: number): Uint32Array {
  const codes = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    codes[index] = reader.varint();
  }
  return codes;
}

function buildIndex(sets: readonly (Uint32Array | undefined)[]): SetIndex {
  const present: number[] = [];
  const members = new Map<number, number[]>();
  sets.forEach((codes, local) => {
    if (codes === undefined) {
      return;
    }
    present.push(local);
    for (const code of codes) {
      pushTo(members, code, local);
    }
  });
  const elements = new ValueBitmaps();
  for (const [code, locals] of members) {
    elements.set(code, new RoaringBitmap32(locals));
  }
  return { present: new RoaringBitmap32(present), elements };
}
