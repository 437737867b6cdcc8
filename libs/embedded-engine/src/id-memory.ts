import { ID_BLOCK_SIZE, IdBlock } from './id-block';
import { HASH_WORDS, hashParts } from './id-hash';
import { IdTable } from './id-table';
import type { ChunkTracker } from './storage/chunk-tracker';

/**
 * Remembers which (type, cuid, id) have been applied: 128-bit seeded hashes in order of arrival. Entries are forgotten 7 days after
 * arrival or when there are more than `entriesMax`, oldest first. Two different ids fall on the same hash with a chance below 10^-22 at 50
 * million entries.
 */
export class IdMemory {
  /** Entry numbers grow for ever; number n lies in block floor(n / ID_BLOCK_SIZE). */
  readonly #blocks = new Map<number, IdBlock>();
  #first = 0;
  #next = 0;
  readonly #table = new IdTable(this);
  readonly #scratch = new Uint32Array(HASH_WORDS);
  /** Of the question under way. */
  #nowMs = 0;
  readonly #isAsked = (entry: number): boolean =>
    this.#equals(entry) && this.#arrivalOf(entry) + this.keepMs > this.#nowMs;

  constructor(
    private readonly seed: Uint32Array,
    private readonly tracker: ChunkTracker,
    readonly entriesMax: number,
    readonly keepMs: number,
  ) {}

  static readonly keyPrefix = 'm/';

  /** Of the seed: memories with different ones don't know each other's hashes. 32 bits, which tell nothing about the seed. */
  get seedCheck(): number {
    const hash = new Uint32Array(HASH_WORDS);
    hashParts(this.seed, [], hash);
    hashParts(this.seed, [hash.join()], hash);
    return hash[0]!;
  }

  get size(): number {
    return this.#next - this.#first;
  }

  get bytes(): number {
    return this.#table.bytes + this.#blocks.size * ID_BLOCK_SIZE * (HASH_WORDS * 4 + 8);
  }

  /** Entries that arrived 7 days before `nowMs` or earlier don't count, even where later ones keep them from being forgotten. */
  has(typeName: string, cuid: string, id: string, nowMs: number): boolean {
    hashParts(this.seed, [typeName, cuid, id], this.#scratch);
    this.#nowMs = nowMs;
    return this.#table.some(this.#scratch[0]!, this.#scratch[1]!, this.#isAsked);
  }

  add(typeName: string, cuid: string, id: string, arrivalMs: number): void {
    hashParts(this.seed, [typeName, cuid, id], this.#scratch);
    const entry = this.#next;
    const block = this.#block(Math.floor(entry / ID_BLOCK_SIZE));
    block.beforeWrite();
    this.#next++;
    const offset = entry % ID_BLOCK_SIZE;
    block.hashes.set(this.#scratch, offset * HASH_WORDS);
    block.arrivals[offset] = arrivalMs;
    block.lastArrivalMs = Math.max(block.lastArrivalMs, arrivalMs);
    this.#table.insert(entry, this.#scratch[0]!, this.#scratch[1]!);
    if (this.size > this.entriesMax) {
      this.#forgetTo(this.#first + 1);
    }
  }

  /** Forgets what arrived 7 days ago or earlier, up to the first that did not. */
  expire(nowMs: number): void {
    const limitMs = nowMs - this.keepMs;
    while (this.#first < this.#next) {
      const index = Math.floor(this.#first / ID_BLOCK_SIZE);
      const end = Math.min(this.#next, (index + 1) * ID_BLOCK_SIZE);
      let entry = end;
      const block = this.#blocks.get(index);
      if (block !== undefined && block.lastArrivalMs > limitMs) {
        entry = this.#first;
        while (entry < end && block.arrivals[entry % ID_BLOCK_SIZE]! <= limitMs) {
          entry++;
        }
      }
      this.#forgetTo(entry);
      if (entry < end) {
        return;
      }
    }
  }

  /** Restores the stored blocks (in any order), then everything is as it was. */
  load(blocks: Iterable<readonly [string, Buffer]>, first: number): void {
    this.#first = first;
    this.#next = first;
    for (const [key, bytes] of blocks) {
      const index = Number(key.slice(IdMemory.keyPrefix.length));
      const count = this.#block(index).load(bytes);
      this.#next = Math.max(this.#next, index * ID_BLOCK_SIZE + count);
    }
    this.#table.reserve(this.size);
    for (let entry = this.#first; entry < this.#next; entry++) {
      this.#table.insert(entry, this.#wordOf(entry, 0), this.#wordOf(entry, 1));
    }
  }

  /** Number of the oldest entry remembered; stored with the checkpoint. */
  get first(): number {
    return this.#first;
  }

  /** Number that the next entry gets. */
  get next(): number {
    return this.#next;
  }

  /** First word of an entry's hash. */
  wordOf(entry: number): number {
    return this.#wordOf(entry, 0);
  }

  #wordOf(entry: number, word: number): number {
    const block = this.#blocks.get(Math.floor(entry / ID_BLOCK_SIZE));
    return block?.hashes[(entry % ID_BLOCK_SIZE) * HASH_WORDS + word] ?? 0;
  }

  #arrivalOf(entry: number): number {
    return this.#blocks.get(Math.floor(entry / ID_BLOCK_SIZE))?.arrivals[entry % ID_BLOCK_SIZE] ?? -Infinity;
  }

  /** Entries below it are forgotten; at most one block ends there. */
  #forgetTo(first: number): void {
    const index = Math.floor(this.#first / ID_BLOCK_SIZE);
    this.#first = first;
    const block = this.#blocks.get(index);
    if (block !== undefined && first >= (index + 1) * ID_BLOCK_SIZE) {
      this.#blocks.delete(index);
      this.tracker.remove(block);
    }
  }

  #block(index: number): IdBlock {
    let block = this.#blocks.get(index);
    if (block === undefined) {
      const entriesIn = (): number => Math.min(ID_BLOCK_SIZE, this.#next - index * ID_BLOCK_SIZE);
      const key = `${IdMemory.keyPrefix}${index.toString().padStart(10, '0')}`;
      block = new IdBlock(key, this.tracker, entriesIn);
      this.#blocks.set(index, block);
    }
    return block;
  }

  /** Has the entry the hash that is asked for? */
  #equals(entry: number): boolean {
    for (let word = 0; word < HASH_WORDS; word++) {
      if (this.#wordOf(entry, word) !== this.#scratch[word]) {
        return false;
      }
    }
    return true;
  }
}
