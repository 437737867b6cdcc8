import { BATCH_CUIDS, CuidBatch } from './cuid-batch';
import { packedBytes } from './packed-cuid';

const BYTES_PER_MB = 1_048_576;
/** 512 bytes: eight cache lines. */
const PAGE_WORDS = 128;
const PAGE_BYTES = 4 * PAGE_WORDS;
/** Word 0: entries, and from bit 16 on the hand. Word 1: words that records take. */
const HEADER_WORDS = 2;
const HAND_SHIFT = 16;
const COUNT_MASK = 0xffff;
/** A tag is the kind in 8 bits, this bit, and 23 bits of the hash. */
const USED_LATELY = 0x100;
const KIND_MASK = 0xff;
const HASH_MASK = ~(USED_LATELY | KIND_MASK);
const NOWHERE = 0;
/** Words of a record by kind: the guid and the packed cuid. */
const RECORD_WORDS = Uint8Array.from({ length: 256 }, (_, kind) => 1 + Math.ceil(packedBytes(kind) / 4));
const KIND_LONGEST_TEXT = 128;
const RECORD_BYTES = 16;

/**
 * The guids of cuids seen lately, in memory that is taken once and off the JavaScript heap.
 *
 * It is made of pages of 512 bytes; the hash picks the page. In a page, tags of one word each grow from the front and records (guid and cuid) from
 * the back, so a cuid of any length takes what it needs: 24 bytes for 16 packed ones. When a page is full, its hand goes round (CLOCK): entries
 * used since it came by are spared once, the others go. An entry that is new counts as not used yet, so cuids seen once push out one another first.
 * Whole cuids are compared: an answer is never that of another cuid.
 */
export class CuidCache {
  readonly #words: Int32Array;
  readonly #pages: number;
  readonly #batch: CuidBatch;
  readonly #long = new Int32Array(KIND_LONGEST_TEXT / 4);
  #entries = 0;
  #hits = 0;
  #misses = 0;
  #evictions = 0;
  /** Something made of what was read ahead, kept so that no compiler leaves the reads out. */
  seen = 0;

  /**
   * @param megabytes memory to take, at least one page of it is used.
   * @param seed a secret safe integer, at least 0: with it nobody outside can choose cuids that fall into one page.
   */
  constructor(megabytes: number, seed: number) {
    this.#batch = new CuidBatch(seed);
    this.#pages = Math.max(1, Math.floor((megabytes * BYTES_PER_MB) / PAGE_BYTES));
    this.#words = new Int32Array(this.#pages * PAGE_WORDS);
  }

  get entries(): number {
    return this.#entries;
  }

  /** Memory taken. */
  get bytes(): number {
    return this.#words.byteLength;
  }

  /** Cuids that were looked for and there. */
  get hits(): number {
    return this.#hits;
  }

  /** Cuids that were looked for and not there. */
  get misses(): number {
    return this.#misses;
  }

  /** Entries that made room for others. */
  get evictions(): number {
    return this.#evictions;
  }

  /**
   * Puts the guid of `cuids[n]` into `out[n]`; 0: not here.
   * @returns how many are not here.
   * @throws RangeError unless each is 1 to 128 bytes of well-formed UTF-8.
   */
  getMany(cuids: readonly string[], out: Uint32Array): number {
    let missing = 0;
    for (let start = 0; start < cuids.length; start += BATCH_CUIDS) {
      const count = this.#load(cuids, start);
      for (let index = 0; index < count; index++) {
        const at = this.#find(index);
        if (at === NOWHERE) missing++;
        out[start + index] = at === NOWHERE ? 0 : this.#words[at]!;
      }
    }
    this.#misses += missing;
    this.#hits += cuids.length - missing;
    return missing;
  }

  /** Enters or replaces the guid of `cuids[n]`, unless it is 0; makes room where there is none. @throws RangeError as {@link getMany} does. */
  setMany(cuids: readonly string[], guids: ArrayLike<number>): void {
    for (let start = 0; start < cuids.length; start += BATCH_CUIDS) {
      const count = this.#load(cuids, start);
      for (let index = 0; index < count; index++) {
        const guid = guids[start + index]!;
        if (guid !== 0) this.#set(index, guid);
      }
    }
  }

  /** Takes a cuid out; no effect if it is not here. */
  delete(cuid: string): void {
    this.#batch.loadOne(cuid);
    const found = this.#find(0);
    if (found === NOWHERE) return;
    const page = this.#pageOf(0);
    for (let place = 0, at = page + PAGE_WORDS; ; place++) {
      at -= RECORD_WORDS[this.#words[page + HEADER_WORDS + place]! & KIND_MASK]!;
      if (at === found) {
        this.#remove(page, place, at);
        return;
      }
    }
  }

  /** Takes everything out. */
  clear(): void {
    for (let page = 0; page < this.#words.length; page += PAGE_WORDS) {
      this.#words[page] = 0;
      this.#words[page + 1] = 0;
    }
    this.#entries = 0;
  }

  /**
   * Loads a batch and reads the head of each page that it leads to, all at once instead of one after the other.
   * @returns how many it has.
   */
  #load(cuids: readonly string[], start: number): number {
    const end = Math.min(start + BATCH_CUIDS, cuids.length);
    this.#batch.load(cuids, start, end);
    let seen = 0;
    for (let index = 0; index < end - start; index++) seen ^= this.#words[this.#pageOf(index) + HEADER_WORDS]!;
    this.seen = seen;
    return end - start;
  }

  #pageOf(index: number): number {
    return Math.floor(((this.#batch.hashes0[index]! >>> 0) / 2 ** 32) * this.#pages) * PAGE_WORDS;
  }

  /** The tag of a cuid of the batch that was not used lately. */
  #tagOf(index: number): number {
    return (this.#batch.hashes1[index]! & HASH_MASK) | this.#batch.kinds[index]!;
  }

  /** Where the record of a cuid of the batch is; it now counts as used. */
  #find(index: number): number {
    const words = this.#words;
    const page = this.#pageOf(index);
    const wanted = this.#tagOf(index);
    const end = page + HEADER_WORDS + (words[page]! & COUNT_MASK);
    let at = page + PAGE_WORDS;
    for (let place = page + HEADER_WORDS; place < end; place++) {
      const tag = words[place]!;
      at -= RECORD_WORDS[tag & KIND_MASK]!;
      if ((tag & ~USED_LATELY) === wanted && this.#matches(at + 1, index)) {
        if (tag === wanted) words[place] = tag | USED_LATELY;
        return at;
      }
    }
    return NOWHERE;
  }

  #matches(at: number, index: number): boolean {
    const words = this.#words;
    const kind = this.#batch.kinds[index]!;
    const size = RECORD_WORDS[kind]! - 1;
    if (isLong(kind)) {
      const long = this.#long;
      this.#batch.textWords(index, long);
      for (let word = 0; word < size; word++) if (words[at + word] !== long[word]) return false;
      return true;
    }
    const other = this.#batch.words;
    const from = 4 * index;
    for (let word = 0; word < size; word++) if (words[at + word] !== other[from + word]) return false;
    return true;
  }

  #set(index: number, guid: number): void {
    const words = this.#words;
    const found = this.#find(index);
    if (found !== NOWHERE) {
      words[found] = guid;
      return;
    }
    const page = this.#pageOf(index);
    const size = RECORD_WORDS[this.#batch.kinds[index]!]!;
    this.#makeRoom(page, size + 1);
    const used = words[page + 1]! + size;
    const at = page + PAGE_WORDS - used;
    words[page + HEADER_WORDS + (words[page]! & COUNT_MASK)] = this.#tagOf(index);
    words[at] = guid;
    this.#writeCuid(index, at + 1, size - 1);
    words[page]!++;
    words[page + 1] = used;
    this.#entries++;
  }

  #writeCuid(index: number, at: number, size: number): void {
    if (isLong(this.#batch.kinds[index]!)) {
      this.#batch.textWords(index, this.#long);
      this.#words.set(this.#long.subarray(0, size), at);
      return;
    }
    for (let word = 0; word < size; word++) this.#words[at + word] = this.#batch.words[4 * index + word]!;
  }

  #makeRoom(page: number, wanted: number): void {
    const words = this.#words;
    for (;;) {
      const count = words[page]! & COUNT_MASK;
      if (HEADER_WORDS + count + words[page + 1]! + wanted <= PAGE_WORDS) return;
      let hand = words[page]! >>> HAND_SHIFT;
      if (hand >= count) hand = 0;
      const tag = words[page + HEADER_WORDS + hand]!;
      if ((tag & USED_LATELY) !== 0) {
        words[page + HEADER_WORDS + hand] = tag & ~USED_LATELY;
        words[page] = count | ((hand + 1) << HAND_SHIFT);
        continue;
      }
      words[page] = count | (hand << HAND_SHIFT);
      let at = page + PAGE_WORDS;
      for (let place = 0; place <= hand; place++) at -= RECORD_WORDS[words[page + HEADER_WORDS + place]! & KIND_MASK]!;
      this.#remove(page, hand, at);
      this.#evictions++;
    }
  }

  /** Closes the gaps that an entry leaves among the tags and among the records. */
  #remove(page: number, place: number, at: number): void {
    const words = this.#words;
    const count = words[page]! & COUNT_MASK;
    const tagAt = page + HEADER_WORDS + place;
    const size = RECORD_WORDS[words[tagAt]! & KIND_MASK]!;
    const lowest = page + PAGE_WORDS - words[page + 1]!;
    words.copyWithin(lowest + size, lowest, at);
    words.copyWithin(tagAt, tagAt + 1, page + HEADER_WORDS + count);
    words[page]!--;
    words[page + 1]! -= size;
    this.#entries--;
  }
}

function isLong(kind: number): boolean {
  return kind > RECORD_BYTES && kind <= KIND_LONGEST_TEXT;
}
