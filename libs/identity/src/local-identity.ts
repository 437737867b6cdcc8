import type { Guid } from '@tessera/tag-catalog';
import { CuidHasher } from './cuid-hasher';
import { CuidRecords, RECORDS_PER_BLOCK } from './cuid-records';
import { CuidTable } from './cuid-table';
import { GuidsExhaustedError } from './guids-exhausted-error';
import { MalformedIdentityBlockError } from './malformed-identity-block-error';

/** 2^32 − 1 itself is refused. */
const GUID_MAX = 2 ** 32 - 2;

export interface LocalIdentityOptions {
  /** A secret safe integer, at least 0: with it nobody outside can choose cuids that slow the table down. */
  readonly seed: number;
  /** The last guid that may be given out; 2^32 − 2 if left out. */
  readonly guidMax?: number;
}

/**
 * cuid ↔ guid of one machine, in memory but off the JavaScript heap. Guids are dense: 1, 2, 3, … in order of binding. Nothing
 * is durable by itself: the owner keeps blocks ({@link serializeBlock}) and repeats bindings in the same order.
 *
 * cuids must be 1 to 128 bytes of well-formed UTF-8, else `RangeError`.
 */
export class LocalIdentity {
  /** Guids per block: block b holds guids b × 65,536 + 1 to (b + 1) × 65,536. */
  readonly blockSize: number = RECORDS_PER_BLOCK;
  readonly #guidMax: number;
  readonly #hasher: CuidHasher;
  readonly #records = new CuidRecords();
  readonly #table: CuidTable;

  constructor(options: LocalIdentityOptions) {
    this.#guidMax = options.guidMax ?? GUID_MAX;
    this.#hasher = new CuidHasher(options.seed);
    this.#table = new CuidTable(this.#records, this.#hasher);
  }

  /** The last one given out, retired ones included; 0: none. */
  get highestGuid(): number {
    return this.#records.highestGuid;
  }

  /** cuids that have a guid now. */
  get bound(): number {
    return this.#table.entries;
  }

  /** Memory in use; about 34 per cuid of 16 bytes. */
  get bytes(): number {
    return this.#records.bytes + this.#table.bytes;
  }

  /** Sizes the empty table for so many cuids: loading them is then about twice as fast. A hint, no limit. */
  reserve(cuids: number): void {
    this.#table.reserve(cuids);
  }

  /** The guid of the cuid; 0: none. */
  lookup(cuid: string): Guid | 0 {
    this.#hasher.load(cuid);
    this.#hasher.hash();
    return this.#table.find() as Guid | 0;
  }

  /**
   * The guid of the cuid, a new one if it has none.
   * @throws GuidsExhaustedError if a new one would be 2^32 − 1.
   */
  bind(cuid: string): Guid {
    const known = this.lookup(cuid);
    if (known !== 0) return known;
    if (this.#records.highestGuid >= this.#guidMax) throw new GuidsExhaustedError(this.#guidMax);
    const guid = this.#records.append(this.#hasher);
    this.#table.insert(guid);
    return guid as Guid;
  }

  /** Unbinds the cuid and overwrites its bytes; the guid is never given out again. No effect if it is retired already. */
  erase(guid: Guid): void {
    this.#demandGuid(guid);
    if (this.#records.isRetired(guid)) return;
    this.#records.loadInto(this.#hasher, guid);
    this.#hasher.hash();
    this.#table.remove(guid);
    this.#records.retire(guid);
    this.#hasher.bytes.fill(0);
  }

  /** Undefined for a guid that is retired or was never given out. */
  cuidOf(guid: Guid): string | undefined {
    if (!this.#isGuid(guid) || this.#records.isRetired(guid)) return undefined;
    return this.#records.cuidOf(guid);
  }

  /** False for a guid that was never given out. */
  isRetired(guid: Guid): boolean {
    return this.#isGuid(guid) && this.#records.isRetired(guid);
  }

  /** The block that a change of this guid changes. */
  blockOf(guid: Guid): number {
    return (guid - 1) >>> 16;
  }

  /** The block's bytes as docs/formats/identity.md describes them; cuids of retired guids are not in them. */
  serializeBlock(block: number): Buffer {
    return this.#records.serializeBlock(block);
  }

  /**
   * Takes over a block. Blocks come in order, from 0, into an identity that has bound nothing itself; only the last may be
   * partly filled.
   * @throws MalformedIdentityBlockError after which this identity is not to be used.
   */
  loadBlock(block: number, bytes: Buffer): void {
    this.#records.loadBlock(block, bytes);
    const first = block * RECORDS_PER_BLOCK + 1;
    for (let guid = first; guid <= this.#records.highestGuid; guid++) {
      if (this.#records.isRetired(guid)) continue;
      this.#records.loadInto(this.#hasher, guid);
      this.#hasher.hash();
      const other = this.#table.find();
      if (other !== 0) throw new MalformedIdentityBlockError(block, `guids ${other} and ${guid} have the same cuid`);
      this.#table.insert(guid);
    }
  }

  #isGuid(guid: number): boolean {
    return Number.isInteger(guid) && guid >= 1 && guid <= this.#records.highestGuid;
  }

  #demandGuid(guid: number): void {
    if (this.#isGuid(guid)) return;
    throw new RangeError(`guid ${guid} was never given out: guids go from 1 to ${this.#records.highestGuid}`);
  }
}
