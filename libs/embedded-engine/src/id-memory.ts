import { ByteReader, ByteWriter } from './storage/bytes';
import { Chunk, type ChunkTracker } from './storage/chunk-tracker';

// Taken once: a look-up of a global a character is measurable.
const { imul } = Math;
const WORDS = 4;
/** Entries per stored chunk. */
const BLOCK_SIZE = 65_536;
const TABLE_MIN = 1024;

function mix(hash: number, word: number, multiplier: number, rotation: number): number {
  const product = imul(word, multiplier);
  const rotated = (product << rotation) | (product >>> (32 - rotation));
  return imul(hash ^ rotated, 0x85ebca6b) + 0x165667b1;
}

function finish(hash: number): number {
  let h = hash;
  h = imul(h ^ (h >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Four seeded 32-bit hashes of the three parts, lengths included so that parts can't run into each other. */
function hashParts(seed: Uint32Array, parts: readonly string[], out: Uint32Array): void {
  let a = seed[0]!;
  let b = seed[1]!;
  let c = seed[2]!;
  let d = seed[3]!;
  for (const part of parts) {
    for (let index = 0; index <= part.length; index++) {
      const word = index === part.length ? 0x10000 + part.length : part.charCodeAt(index);
      a = mix(a, word, 0xcc9e2d51, 15);
      b = mix(b, word ^ a, 0x1b873593, 16);
      c = mix(c, word + b, 0x38b34ae5, 17);
      d = mix(d, word ^ c, 0xa1e38b93, 18);
    }
  }
  out[0] = finish(a ^ d);
  out[1] = finish(b + a);
  out[2] = finish(c ^ b);
  out[3] = finish(d + c);
}

class IdBlock extends Chunk {
  constructor(
    key: string,
    tracker: ChunkTracker,
    readonly hashes: Uint32Array,
    readonly arrivals: Float64Array,
    private readonly entriesIn: () => number,
  ) {
    super(key, tracker);
  }

  serialize(): Buffer {
    const writer = new ByteWriter();
    const count = this.entriesIn();
    writer.u32(count);
    for (let word = 0; word < count * WORDS; word++) {
      writer.u32(this.hashes[word]!);
    }
    for (let entry = 0; entry < count; entry++) {
      writer.f64(this.arrivals[entry]!);
    }
    return writer.finish();
  }
}

/**
 * Remembers which (type, cuid, id) have been applied: 128-bit seeded hashes in order of arrival, found through an open-addressing
 * table. Entries are forgotten 7 days after arrival or when there are more than `entriesMax`, oldest first. Two different ids fall on the
 * same hash with a chance below 10^-22 at 50 million entries.
 */
export class IdMemory {
  /** Entry numbers grow for ever; number n lies in block floor(n / BLOCK_SIZE). */
  readonly #blocks = new Map<number, IdBlock>();
  #first = 0;
  #next = 0;
  /** Entry number − base + 1, 0 for free. Entries forgotten stay until the table is built anew. */
  #table = new Uint32Array(TABLE_MIN);
  #tableBase = 0;
  #tableUsed = 0;
  readonly #scratch = new Uint32Array(WORDS);

  constructor(
    private readonly seed: Uint32Array,
    private readonly tracker: ChunkTracker,
    readonly entriesMax: number,
    readonly keepMs: number,
  ) {}

  static readonly keyPrefix = 'm/';

  get size(): number {
    return this.#next - this.#first;
  }

  get bytes(): number {
    return this.#table.byteLength + this.#blocks.size * BLOCK_SIZE * (WORDS * 4 + 8);
  }

  /** Entries that arrived 7 days before `nowMs` or earlier don't count, even where later ones keep them from being forgotten. */
  has(typeName: string, cuid: string, id: string, nowMs: number): boolean {
    hashParts(this.seed, [typeName, cuid, id], this.#scratch);
    return this.#isRemembered(nowMs);
  }

  add(typeName: string, cuid: string, id: string, arrivalMs: number): void {
    hashParts(this.seed, [typeName, cuid, id], this.#scratch);
    const entry = this.#next;
    const block = this.#block(Math.floor(entry / BLOCK_SIZE));
    block.beforeWrite();
    this.#next++;
    const offset = entry % BLOCK_SIZE;
    block.hashes.set(this.#scratch, offset * WORDS);
    block.arrivals[offset] = arrivalMs;
    if ((this.#tableUsed + 1) * 2 > this.#table.length) {
      this.#rebuild();
    } else {
      this.#insert(entry);
    }
    if (this.size > this.entriesMax) {
      this.#forget();
    }
  }

  /** Forgets what arrived 7 days ago or earlier. */
  expire(nowMs: number): void {
    while (this.#first < this.#next && this.#arrivalOf(this.#first) + this.keepMs <= nowMs) {
      this.#forget();
    }
  }

  /** Restores the stored blocks (in any order), then everything is as it was. */
  load(blocks: Iterable<readonly [string, Buffer]>, first: number): void {
    this.#first = first;
    this.#next = first;
    for (const [key, bytes] of blocks) {
      const index = Number(key.slice(IdMemory.keyPrefix.length));
      const block = this.#block(index);
      const reader = new ByteReader(bytes);
      const count = reader.u32();
      for (let word = 0; word < count * WORDS; word++) {
        block.hashes[word] = reader.u32();
      }
      for (let entry = 0; entry < count; entry++) {
        block.arrivals[entry] = reader.f64();
      }
      this.#next = Math.max(this.#next, index * BLOCK_SIZE + count);
    }
    this.#rebuild();
  }

  /** Number of the oldest entry remembered; stored with the checkpoint. */
  get first(): number {
    return this.#first;
  }

  #arrivalOf(entry: number): number {
    return this.#blocks.get(Math.floor(entry / BLOCK_SIZE))?.arrivals[entry % BLOCK_SIZE] ?? -Infinity;
  }

  #forget(): void {
    const entry = this.#first++;
    if (this.#first % BLOCK_SIZE === 0) {
      const index = Math.floor(entry / BLOCK_SIZE);
      const block = this.#blocks.get(index);
      if (block !== undefined) {
        this.#blocks.delete(index);
        this.tracker.remove(block);
      }
    }
  }

  #block(index: number): IdBlock {
    let block = this.#blocks.get(index);
    if (block === undefined) {
      const entriesIn = (): number => Math.min(BLOCK_SIZE, this.#next - index * BLOCK_SIZE);
      const key = `${IdMemory.keyPrefix}${index.toString().padStart(10, '0')}`;
      block = new IdBlock(
        key,
        this.tracker,
        new Uint32Array(BLOCK_SIZE * WORDS),
        new Float64Array(BLOCK_SIZE),
        entriesIn,
      );
      this.#blocks.set(index, block);
    }
    return block;
  }

  /** Is there an entry with the scratch hash that arrived less than 7 days before? */
  #isRemembered(nowMs: number): boolean {
    const table = this.#table;
    const mask = table.length - 1;
    for (let slot = this.#scratch[0]! & mask; table[slot] !== 0; slot = (slot + 1) & mask) {
      const entry = this.#tableBase + table[slot]! - 1;
      if (entry >= this.#first && this.#equals(entry) && this.#arrivalOf(entry) + this.keepMs > nowMs) {
        return true;
      }
    }
    return false;
  }

  #equals(entry: number): boolean {
    const block = this.#blocks.get(Math.floor(entry / BLOCK_SIZE));
    const offset = (entry % BLOCK_SIZE) * WORDS;
    for (let word = 0; word < WORDS; word++) {
      if (block?.hashes[offset + word] !== this.#scratch[word]) {
        return false;
      }
    }
    return true;
  }

  #insert(entry: number): void {
    const block = this.#blocks.get(Math.floor(entry / BLOCK_SIZE));
    const mask = this.#table.length - 1;
    let slot = (block?.hashes[(entry % BLOCK_SIZE) * WORDS] ?? 0) & mask;
    while (this.#table[slot] !== 0) {
      slot = (slot + 1) & mask;
    }
    this.#table[slot] = entry - this.#tableBase + 1;
    this.#tableUsed++;
  }

  #rebuild(): void {
    let length = TABLE_MIN;
    while (length < (this.size + 1) * 4) {
      length *= 2;
    }
    this.#table = new Uint32Array(length);
    this.#tableBase = this.#first;
    this.#tableUsed = 0;
    for (let entry = this.#first; entry < this.#next; entry++) {
      this.#insert(entry);
    }
  }
}
