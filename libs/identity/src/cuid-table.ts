import type { CuidBatch } from './cuid-batch';
import type { CuidRecords } from './cuid-records';

/** The first half of the hash picks the part by its upper 11 bits; the second half picks the slot and stands in it. */
const PARTS = 2_048;
const PART_SHIFT = 21;
const SLOTS_FIRST = 8;
const LOAD_MAX = 0.75;
const GROWTH = 2;
/** The second half of the hash, then the guid; 0: empty. */
const WORDS_PER_SLOT = 2;
const BYTES_PER_SLOT = 4 * WORDS_PER_SLOT;
const EMPTY = new Int32Array(WORDS_PER_SLOT);

/** Both halves of the hashes of several cuids. */
export interface CuidHashes {
  readonly hashes0: Int32Array;
  readonly hashes1: Int32Array;
}

/**
 * Hash of cuid → guid: open addressing with linear probing. The keys are not in it: they are the records. A slot keeps the half of the hash that
 * its place comes from, so a part grows without a look at the cuids, in one pass along both arrays: places keep their order.
 *
 * It grows part by part, each at sizes of its own (powers of two times a factor that goes from 1 to 2 over the parts): so however
 * many entries there are, they take the same memory each, each new one pays about the same, and no single one waits until a table of a
 * hundred million entries has been built anew.
 */
export class CuidTable {
  readonly #parts = new Array<Int32Array>(PARTS).fill(EMPTY);
  /** Slots by 2^−32: what turns a hash into a place. */
  readonly #scales = new Float64Array(PARTS).fill(2 ** -32);
  readonly #counts = new Uint32Array(PARTS);
  /** With one more the part grows. */
  readonly #countsMax = new Uint32Array(PARTS);
  /** How often each part has grown. */
  readonly #steps = new Uint8Array(PARTS);
  /** Something made of what was read ahead, kept so that no compiler leaves the reads out. */
  seen = 0;
  /** Where the last search ended that found nothing. */
  #freeAt = 0;
  #bytes = 0;
  #entries = 0;

  constructor(private readonly records: CuidRecords) {}

  get entries(): number {
    return this.#entries;
  }

  /** Memory in use. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Reads the places that the cuids of the batch lead to, all at once instead of one after the other: memory then answers many at
   * a time, and what follows finds them in the cache.
   */
  touch(batch: CuidBatch, count: number): void {
    const { hashes0, hashes1 } = batch;
    const parts = this.#parts;
    const scales = this.#scales;
    let seen = 0;
    for (let index = 0; index < count; index++) {
      const number = hashes0[index]! >>> PART_SHIFT;
      seen ^= parts[number]![(((hashes1[index]! >>> 0) * scales[number]!) | 0) * WORDS_PER_SLOT]!;
    }
    this.seen = seen;
  }

  /** The guid of a cuid of the batch; 0: none, and {@link insert} may follow for this cuid. */
  find(batch: CuidBatch, index: number): number {
    const number = batch.hashes0[index]! >>> PART_SHIFT;
    const hash = batch.hashes1[index]!;
    const part = this.#parts[number]!;
    let at = (((hash >>> 0) * this.#scales[number]!) | 0) * WORDS_PER_SLOT;
    for (;;) {
      const guid = part[at + 1]!;
      if (guid === 0) break;
      if (part[at] === hash && this.records.matches(guid >>> 0, batch, index)) return guid >>> 0;
      at += WORDS_PER_SLOT;
      if (at === part.length) at = 0;
    }
    this.#freeAt = at;
    return 0;
  }

  /** The guid that {@link find} will look at first; 0: none. It may be that of another cuid. */
  guess(batch: CuidBatch, index: number): number {
    const number = batch.hashes0[index]! >>> PART_SHIFT;
    const hash = batch.hashes1[index]!;
    const part = this.#parts[number]!;
    let at = (((hash >>> 0) * this.#scales[number]!) | 0) * WORDS_PER_SLOT;
    for (;;) {
      const guid = part[at + 1]!;
      if (guid === 0 || part[at] === hash) return guid >>> 0;
      at += WORDS_PER_SLOT;
      if (at === part.length) at = 0;
    }
  }

  /** Enters the guid of the cuid that {@link find} has just looked for in vain. */
  insert(batch: CuidBatch, index: number, guid: number): void {
    const number = batch.hashes0[index]! >>> PART_SHIFT;
    const hash = batch.hashes1[index]!;
    if (this.#counts[number] === this.#countsMax[number]) {
      this.#grow(number);
      place(this.#parts[number]!, this.#scales[number]!, hash, guid);
    } else {
      const part = this.#parts[number]!;
      part[this.#freeAt] = hash;
      part[this.#freeAt + 1] = guid;
    }
    this.#counts[number]!++;
    this.#entries++;
  }

  /**
   * Enters `count` guids from `first` up whose records are there, part by part: that is faster than one after the other.
   * @param kinds those of kind 0 are left out.
   * @returns two guids that have the same cuid, after which the table is not to be used; undefined: there are none.
   */
  insertAll(hashes: CuidHashes, kinds: Uint8Array, first: number, count: number): [number, number] | undefined {
    const { ends, guids, slotHashes } = sortByPart(hashes, kinds, first, count);
    for (let number = 0, start = 0; number < PARTS; number++) {
      const end = ends[number]!;
      if (start < end) {
        while (this.#counts[number]! + end - start > this.#countsMax[number]!) this.#grow(number);
        const same = this.#insertInto(number, guids.subarray(start, end), slotHashes.subarray(start, end));
        if (same !== undefined) return same;
      }
      start = end;
    }
    return undefined;
  }

  #insertInto(number: number, guids: Int32Array, hashes: Int32Array): [number, number] | undefined {
    const part = this.#parts[number]!;
    const scale = this.#scales[number]!;
    let seen = 0;
    for (let index = 0; index < hashes.length; index++) {
      seen ^= part[(((hashes[index]! >>> 0) * scale) | 0) * WORDS_PER_SLOT]!;
    }
    this.seen = seen;
    for (let index = 0; index < hashes.length; index++) {
      const hash = hashes[index]!;
      let at = (((hash >>> 0) * scale) | 0) * WORDS_PER_SLOT;
      while (part[at + 1] !== 0) {
        if (part[at] === hash && this.records.areSame(part[at + 1]! >>> 0, guids[index]! >>> 0)) {
          return [part[at + 1]! >>> 0, guids[index]! >>> 0];
        }
        at += WORDS_PER_SLOT;
        if (at === part.length) at = 0;
      }
      part[at] = hash;
      part[at + 1] = guids[index]!;
    }
    this.#counts[number]! += hashes.length;
    this.#entries += hashes.length;
    return undefined;
  }

  /** Takes out a guid whose cuid is in the batch. Entries behind it move up, so that no mark is left. */
  remove(batch: CuidBatch, index: number, guid: number): void {
    const number = batch.hashes0[index]! >>> PART_SHIFT;
    const part = this.#parts[number]!;
    const scale = this.#scales[number]!;
    const slots = part.length / WORDS_PER_SLOT;
    let hole = ((batch.hashes1[index]! >>> 0) * scale) | 0;
    while (part[WORDS_PER_SLOT * hole + 1]! >>> 0 !== guid) {
      if (part[WORDS_PER_SLOT * hole + 1] === 0) throw new Error(`guid ${guid} is not in the table`);
      hole = (hole + 1) % slots;
    }
    for (let slot = (hole + 1) % slots; part[WORDS_PER_SLOT * slot + 1] !== 0; slot = (slot + 1) % slots) {
      const home = ((part[WORDS_PER_SLOT * slot]! >>> 0) * scale) | 0;
      // An entry must not move to before its home.
      if ((slot - home + slots) % slots < (slot - hole + slots) % slots) continue;
      part[WORDS_PER_SLOT * hole] = part[WORDS_PER_SLOT * slot]!;
      part[WORDS_PER_SLOT * hole + 1] = part[WORDS_PER_SLOT * slot + 1]!;
      hole = slot;
    }
    part[WORDS_PER_SLOT * hole] = 0;
    part[WORDS_PER_SLOT * hole + 1] = 0;
    this.#counts[number]!--;
    this.#entries--;
  }

  #grow(number: number): void {
    const old = this.#parts[number]!;
    const slots = Math.ceil(SLOTS_FIRST * GROWTH ** (this.#steps[number]! + number / PARTS));
    const part = new Int32Array(WORDS_PER_SLOT * slots);
    const scale = slots / 2 ** 32;
    for (let at = 0; at < old.length; at += WORDS_PER_SLOT) {
      if (old[at + 1] !== 0) place(part, scale, old[at]!, old[at + 1]!);
    }
    this.#parts[number] = part;
    this.#scales[number] = scale;
    this.#countsMax[number] = Math.floor(slots * LOAD_MAX);
    this.#steps[number]!++;
    this.#bytes += BYTES_PER_SLOT * slots - (old === EMPTY ? 0 : 4 * old.length);
  }
}

function place(part: Int32Array, scale: number, hash: number, guid: number): void {
  let at = (((hash >>> 0) * scale) | 0) * WORDS_PER_SLOT;
  while (part[at + 1] !== 0) {
    at += WORDS_PER_SLOT;
    if (at === part.length) at = 0;
  }
  part[at] = hash;
  part[at + 1] = guid;
}

/** The guids from `first` up and the halves of their hashes that stand in slots, by part; and where each part's end. Kind 0 is left out. */
function sortByPart(
  { hashes0, hashes1 }: CuidHashes,
  kinds: Uint8Array,
  first: number,
  count: number,
): { ends: Uint32Array; guids: Int32Array; slotHashes: Int32Array } {
  const ends = new Uint32Array(PARTS);
  for (let index = 0; index < count; index++) {
    if (kinds[index] !== 0) ends[hashes0[index]! >>> PART_SHIFT]!++;
  }
  let total = 0;
  for (let number = 0; number < PARTS; number++) {
    const start = total;
    total += ends[number]!;
    ends[number] = start;
  }
  const guids = new Int32Array(total);
  const slotHashes = new Int32Array(total);
  // Each part's start moves up to its end.
  for (let index = 0; index < count; index++) {
    if (kinds[index] === 0) continue;
    const at = ends[hashes0[index]! >>> PART_SHIFT]!++;
    guids[at] = first + index;
    slotHashes[at] = hashes1[index]!;
  }
  return { ends, guids, slotHashes };
}
