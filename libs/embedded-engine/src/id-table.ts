const PARTITION_BITS = 12;
const PARTITIONS = 1 << PARTITION_BITS;
const SLOTS_MIN = 16;
/** Slots hold an entry's number modulo this, + 1; 0 is free. */
const NUMBERS = 2 ** 32 - 1;

/** What the table needs of the entries it finds. */
export interface IdEntries {
  /** Number of the oldest entry that counts. */
  readonly first: number;
  /** Number of the next one. */
  readonly next: number;
  /** First word of an entry's hash. */
  wordOf(entry: number): number;
}

/**
 * Finds entries by two words of their hashes: open addressing in 4,096 partitions, each of which grows by itself (some thousand entries
 * at a time) and at another load than its neighbours, so that no insertion waits for a large table and they do not all grow at once. Entries that no longer count
 * stay until their partition is built anew.
 */
export class IdTable {
  readonly #partitions: (Uint32Array | undefined)[] = [];
  readonly #used = new Uint32Array(PARTITIONS);
  #slots = 0;

  constructor(private readonly entries: IdEntries) {}

  get bytes(): number {
    return this.#slots * 4;
  }

  /** True if `isIt` says so of an entry with these words; asked of every entry that may be it. */
  some(word: number, partitionWord: number, isIt: (entry: number) => boolean): boolean {
    const slots = this.#partitions[partitionWord >>> (32 - PARTITION_BITS)];
    if (slots === undefined) {
      return false;
    }
    const mask = slots.length - 1;
    for (let slot = word & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const entry = this.#entryOf(slots[slot]!);
      if (entry >= this.entries.first && isIt(entry)) {
        return true;
      }
    }
    return false;
  }

  insert(entry: number, word: number, partitionWord: number): void {
    const partition = partitionWord >>> (32 - PARTITION_BITS);
    let slots = this.#partitions[partition];
    if (slots === undefined || this.#used[partition]! >= limitOf(partition, slots.length)) {
      slots = this.#rebuild(partition, slots);
    }
    place(slots, word, (entry % NUMBERS) + 1);
    this.#used[partition]!++;
  }

  /** Makes room for so many entries in all, so that loading them builds nothing twice. */
  reserve(entries: number): void {
    const each = Math.ceil(entries / PARTITIONS);
    for (let partition = 0; partition < PARTITIONS && this.#slots === 0 && entries > PARTITIONS; partition++) {
      this.#partitions[partition] = new Uint32Array(slotsFor(partition, each));
    }
    this.#slots = this.#partitions.reduce((sum, slots) => sum + (slots?.length ?? 0), 0);
  }

  /** The newest entry whose number leaves that remainder; an older one would have been dropped long before. */
  #entryOf(stored: number): number {
    const newest = this.entries.next - 1;
    const number = stored - 1;
    return newest < NUMBERS ? number : number + Math.floor((newest - number) / NUMBERS) * NUMBERS;
  }

  #rebuild(partition: number, before: Uint32Array | undefined): Uint32Array {
    const kept: number[] = [];
    for (const stored of before ?? []) {
      if (stored !== 0 && this.#entryOf(stored) >= this.entries.first) {
        kept.push(stored);
      }
    }
    const slots = new Uint32Array(slotsFor(partition, kept.length));
    for (const stored of kept) {
      place(slots, this.entries.wordOf(this.#entryOf(stored)), stored);
    }
    this.#partitions[partition] = slots;
    this.#used[partition] = kept.length;
    this.#slots += slots.length - (before?.length ?? 0);
    return slots;
  }
}

/** Entries a partition takes before it is built anew: half to three quarters of its slots. */
function limitOf(partition: number, slots: number): number {
  return Math.floor(slots * (0.5 + (0.25 * partition) / PARTITIONS));
}

/** Slots for so many entries and a quarter more. */
function slotsFor(partition: number, entries: number): number {
  let slots = SLOTS_MIN;
  while (limitOf(partition, slots) < entries * 1.25 + 1) {
    slots *= 2;
  }
  return slots;
}

function place(slots: Uint32Array, word: number, stored: number): void {
  const mask = slots.length - 1;
  let slot = word & mask;
  while (slots[slot] !== 0) {
    slot = (slot + 1) & mask;
  }
  slots[slot] = stored;
}
