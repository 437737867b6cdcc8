import type { CuidHasher } from './cuid-hasher';
import type { CuidRecords } from './cuid-records';

/** The first half of the hash picks the part by its upper 12 bits and gives the tag by the 8 below; the second half picks the slot. */
const PARTS = 4_096;
const PART_SHIFT = 20;
const TAG_SHIFT = 12;
const SLOTS_FIRST = 8;
const LOAD_MAX = 0.75;
/** Parts differ in their number of entries by chance. */
const RESERVE_FACTOR = 1.02;

/** Open addressing with linear probing; slots are a power of two. */
interface Part {
  /** 0: empty. */
  guids: Uint32Array;
  /** Eight more bits of the hash: 255 of 256 comparisons with another cuid end here, without a look at its bytes. */
  tags: Uint8Array;
  entries: number;
  /** With one more it doubles. */
  entriesMax: number;
}

/**
 * Hash of cuid → guid. The keys are not in it: they are the records.
 *
 * It grows part by part. Each part doubles at a load of its own between 0.375 and 0.75, spread evenly (on a logarithmic
 * scale) over the parts: so however many entries there are, each new one pays about the same, and no single one waits until
 * a table of a hundred million entries has been built anew.
 */
export class CuidTable {
  readonly #parts: (Part | undefined)[] = new Array<Part | undefined>(PARTS).fill(undefined);
  #bytes = 0;
  #entries = 0;

  constructor(
    private readonly records: CuidRecords,
    private readonly hasher: CuidHasher,
  ) {}

  get entries(): number {
    return this.#entries;
  }

  /** Memory in use. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Makes an empty table as large as it will be with so many entries, which saves the doublings on the way. */
  reserve(entries: number): void {
    if (this.#entries > 0) return;
    const perPart = Math.ceil((entries / PARTS) * RESERVE_FACTOR);
    for (let index = 0; index < PARTS; index++) {
      let slots = SLOTS_FIRST;
      while (entriesMax(slots, index) < perPart) slots *= 2;
      const part = this.#parts[index];
      if (part !== undefined) this.#bytes -= partBytes(part.guids.length);
      this.#parts[index] = this.#emptyPart(index, slots);
    }
  }

  /** The guid of the cuid that the hasher holds and has hashed; 0: none. */
  find(): number {
    const hash = this.hasher.hashed[0]!;
    const part = this.#parts[hash >>> PART_SHIFT];
    if (part === undefined) return 0;
    const { guids, tags } = part;
    const tag = (hash >>> TAG_SHIFT) & 0xff;
    const mask = guids.length - 1;
    for (let slot = this.hasher.hashed[1]! & mask; ; slot = (slot + 1) & mask) {
      const guid = guids[slot]!;
      if (guid === 0) return 0;
      if (tags[slot] === tag && this.records.matches(guid, this.hasher)) return guid;
    }
  }

  /** Enters the guid of the cuid that the hasher holds and has hashed, which must not be there yet. */
  insert(guid: number): void {
    const hash = this.hasher.hashed[0]!;
    const slotHash = this.hasher.hashed[1]!;
    const index = hash >>> PART_SHIFT;
    const part = (this.#parts[index] ??= this.#emptyPart(index, SLOTS_FIRST));
    if (part.entries === part.entriesMax) this.#double(part, index);
    place(part, slotHash, (hash >>> TAG_SHIFT) & 0xff, guid);
    part.entries++;
    this.#entries++;
  }

  /** Takes out a guid whose cuid the hasher holds and has hashed. Entries behind it move up, so that no mark is left. */
  remove(guid: number): void {
    const part = this.#parts[this.hasher.hashed[0]! >>> PART_SHIFT];
    if (part === undefined) throw new Error(`guid ${guid} is not in the table`);
    const { guids, tags } = part;
    const mask = guids.length - 1;
    let hole = this.hasher.hashed[1]! & mask;
    while (guids[hole] !== guid) {
      if (guids[hole] === 0) throw new Error(`guid ${guid} is not in the table`);
      hole = (hole + 1) & mask;
    }
    for (let slot = (hole + 1) & mask; guids[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#slotHashOf(guids[slot]!) & mask;
      // An entry must not move to before its home.
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      guids[hole] = guids[slot]!;
      tags[hole] = tags[slot]!;
      hole = slot;
    }
    guids[hole] = 0;
    tags[hole] = 0;
    part.entries--;
    this.#entries--;
  }

  #slotHashOf(guid: number): number {
    this.records.loadInto(this.hasher, guid);
    this.hasher.hash();
    return this.hasher.hashed[1]!;
  }

  /** Leaves another cuid in the hasher. */
  #double(part: Part, index: number): void {
    const { guids, tags } = part;
    this.#bytes -= partBytes(guids.length);
    this.#allocate(part, index, 2 * guids.length);
    for (let slot = 0; slot < guids.length; slot++) {
      const guid = guids[slot]!;
      if (guid !== 0) place(part, this.#slotHashOf(guid), tags[slot]!, guid);
    }
  }

  #emptyPart(index: number, slots: number): Part {
    const part = { guids: new Uint32Array(0), tags: new Uint8Array(0), entries: 0, entriesMax: 0 };
    this.#allocate(part, index, slots);
    return part;
  }

  #allocate(part: Part, index: number, slots: number): void {
    const memory = new ArrayBuffer(partBytes(slots));
    part.guids = new Uint32Array(memory, 0, slots);
    part.tags = new Uint8Array(memory, 4 * slots, slots);
    part.entriesMax = entriesMax(slots, index);
    this.#bytes += partBytes(slots);
  }
}

function partBytes(slots: number): number {
  return 5 * slots;
}

function entriesMax(slots: number, partIndex: number): number {
  return Math.floor(slots * LOAD_MAX * 2 ** (-partIndex / PARTS));
}

function place(part: Part, slotHash: number, tag: number, guid: number): void {
  const { guids, tags } = part;
  const mask = guids.length - 1;
  let slot = slotHash & mask;
  while (guids[slot] !== 0) slot = (slot + 1) & mask;
  guids[slot] = guid;
  tags[slot] = tag;
}
