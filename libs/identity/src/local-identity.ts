import type { Guid } from '@tessera/tag-catalog';
import { BATCH_CUIDS, CuidBatch } from './cuid-batch';
import { CuidRecords, RECORDS_PER_BLOCK } from './cuid-records';
import { CuidTable } from './cuid-table';
import type { CuidHashes } from './cuid-table';
import { GuidsExhaustedError } from './guids-exhausted-error';
import { parseBlock, serializeBlock } from './identity-block';
import type { StoredBlock } from './identity-block';
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
  readonly #batch: CuidBatch;
  readonly #records = new CuidRecords();
  readonly #table = new CuidTable(this.#records);

  constructor(options: LocalIdentityOptions) {
    this.#guidMax = options.guidMax ?? GUID_MAX;
    this.#batch = new CuidBatch(options.seed);
  }

  /** The last one given out, retired ones included; 0: none. */
  get highestGuid(): number {
    return this.#records.highestGuid;
  }

  /** cuids that have a guid now. */
  get bound(): number {
    return this.#table.entries;
  }

  /** Memory in use; about 33 bytes per cuid of 16 bytes, 32 hex digits or a UUID. */
  get bytes(): number {
    return this.#batch.byteLength + this.#records.bytes + this.#table.bytes;
  }

  /** The guid of the cuid; 0: none. */
  lookup(cuid: string): Guid | 0 {
    this.#batch.loadOne(cuid);
    return this.#table.find(this.#batch, 0) as Guid | 0;
  }

  /**
   * The guid of the cuid, a new one if it has none.
   * @throws GuidsExhaustedError if a new one would be 2^32 − 1.
   */
  bind(cuid: string): Guid {
    this.#batch.loadOne(cuid);
    return this.#bind(0) as Guid;
  }

  /**
   * Puts the guid of `cuids[n]` into `out[n]`; 0: none. Several times as fast as one by one.
   * @throws RangeError if `out` is too short, or a cuid is not valid.
   */
  lookupMany(cuids: readonly string[], out: Uint32Array): void {
    this.#eachBatch(cuids, out, (start, count) => {
      let seen = 0;
      for (let index = 0; index < count; index++) {
        const guid = this.#table.guess(this.#batch, index);
        out[start + index] = guid;
        if (guid !== 0) seen ^= this.#records.touch(guid);
      }
      this.#table.seen = seen;
      for (let index = 0; index < count; index++) {
        const guid = out[start + index]!;
        if (guid !== 0 && !this.#records.matches(guid, this.#batch, index)) {
          out[start + index] = this.#table.find(this.#batch, index);
        }
      }
    });
  }

  /**
   * Puts the guid of `cuids[n]` into `out[n]`. Those that have none get the next ones, in order of first appearance.
   * @throws RangeError if `out` is too short, or a cuid is not valid; cuids before it may be bound.
   * @throws GuidsExhaustedError if a new one would be 2^32 − 1; all cuids before it are bound.
   */
  bindMany(cuids: readonly string[], out: Uint32Array): void {
    this.#eachBatch(cuids, out, (start, count) => {
      for (let index = 0; index < count; index++) out[start + index] = this.#bind(index);
    });
  }

  /** Unbinds the cuid and overwrites its bytes; the guid is never given out again. No effect if it is retired already. */
  erase(guid: Guid): void {
    this.#demandGuid(guid);
    if (this.#records.isRetired(guid)) return;
    this.#records.loadInto(this.#batch, guid, 1);
    this.#batch.hash(1);
    this.#table.remove(this.#batch, 0, guid);
    this.#records.retire(guid);
    this.#batch.wipe();
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
    const found = this.#records.block(block);
    return serializeBlock(block, found.block, found.records);
  }

  /**
   * Takes over a block. Blocks come in order, from 0, into an identity that has bound nothing itself; only the last may be
   * partly filled.
   * @throws MalformedIdentityBlockError after which this identity is not to be used.
   */
  loadBlock(block: number, bytes: Buffer): void {
    const before = this.highestGuid;
    if (before !== block * RECORDS_PER_BLOCK) {
      const reason = `blocks are loaded in order, each behind full ones, and there are ${before} records`;
      throw new MalformedIdentityBlockError(block, reason);
    }
    const stored = parseBlock(block, bytes);
    if (before + stored.records > this.#guidMax) {
      throw new MalformedIdentityBlockError(block, `it goes beyond guid ${this.#guidMax}`);
    }
    this.#records.addBlock(stored.block, stored.records);
    const same = this.#table.insertAll(this.#hashBlock(stored), stored.block.kinds, before + 1, stored.records);
    if (same !== undefined) {
      throw new MalformedIdentityBlockError(block, `guids ${same[0]} and ${same[1]} have the same cuid`);
    }
  }

  /** The hashes of the last block's records. */
  #hashBlock({ records }: StoredBlock): CuidHashes {
    const hashes0 = new Int32Array(records);
    const hashes1 = new Int32Array(records);
    const first = this.highestGuid - records + 1;
    const batch = this.#batch;
    for (let start = 0; start < records; start += BATCH_CUIDS) {
      const count = Math.min(BATCH_CUIDS, records - start);
      this.#records.loadInto(batch, first + start, count);
      batch.hash(count);
      hashes0.set(batch.hashes0.subarray(0, count), start);
      hashes1.set(batch.hashes1.subarray(0, count), start);
    }
    return { hashes0, hashes1 };
  }

  /** Packs and hashes the cuids batch by batch, has memory fetch the places they lead to, and then has `work` done with each batch. */
  #eachBatch(cuids: readonly string[], out: Uint32Array, work: (start: number, count: number) => void): void {
    if (out.length < cuids.length) {
      throw new RangeError(`${cuids.length} cuids need as many places for guids, there are ${out.length}`);
    }
    for (let start = 0; start < cuids.length; start += BATCH_CUIDS) {
      const end = Math.min(start + BATCH_CUIDS, cuids.length);
      this.#batch.load(cuids, start, end);
      this.#table.touch(this.#batch, end - start);
      work(start, end - start);
    }
  }

  #bind(index: number): number {
    const known = this.#table.find(this.#batch, index);
    if (known !== 0) return known;
    if (this.#records.highestGuid >= this.#guidMax) throw new GuidsExhaustedError(this.#guidMax);
    const guid = this.#records.append(this.#batch, index);
    this.#table.insert(this.#batch, index, guid);
    return guid;
  }

  #isGuid(guid: number): boolean {
    return Number.isInteger(guid) && guid >= 1 && guid <= this.#records.highestGuid;
  }

  #demandGuid(guid: number): void {
    if (this.#isGuid(guid)) return;
    throw new RangeError(`guid ${guid} was never given out: guids go from 1 to ${this.#records.highestGuid}`);
  }
}
