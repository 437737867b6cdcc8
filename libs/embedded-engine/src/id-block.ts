import { HASH_WORDS } from './id-hash';
import { Chunk, type ChunkTracker } from './storage/chunk-tracker';

/** Entries per stored chunk. */
export const ID_BLOCK_SIZE = 65_536;

/** Remembered ids in order of arrival: 128 bits of hash and the arrival of each. */
export class IdBlock extends Chunk {
  readonly hashes = new Uint32Array(ID_BLOCK_SIZE * HASH_WORDS);
  readonly arrivals = new Float64Array(ID_BLOCK_SIZE);
  /** The latest arrival in it, ms. */
  lastArrivalMs = -Infinity;

  /** @param entriesIn how many entries it holds at the moment. */
  constructor(
    key: string,
    tracker: ChunkTracker,
    private readonly entriesIn: () => number,
  ) {
    super(key, tracker);
  }

  serialize(): Buffer {
    const count = this.entriesIn();
    const hashBytes = count * HASH_WORDS * 4;
    const bytes = Buffer.allocUnsafe(4 + hashBytes + count * 8);
    bytes.writeUInt32LE(count, 0);
    bytes.set(new Uint8Array(this.hashes.buffer, 0, hashBytes), 4);
    bytes.set(new Uint8Array(this.arrivals.buffer, 0, count * 8), 4 + hashBytes);
    return bytes;
  }

  /** @returns the number of entries. */
  load(bytes: Buffer): number {
    const count = bytes.readUInt32LE(0);
    const hashBytes = count * HASH_WORDS * 4;
    if (count > ID_BLOCK_SIZE || bytes.length !== 4 + hashBytes + count * 8) {
      throw new RangeError(`${count} remembered ids in ${bytes.length} bytes: damaged.`);
    }
    new Uint8Array(this.hashes.buffer).set(bytes.subarray(4, 4 + hashBytes));
    new Uint8Array(this.arrivals.buffer).set(bytes.subarray(4 + hashBytes));
    for (let entry = 0; entry < count; entry++) {
      this.lastArrivalMs = Math.max(this.lastArrivalMs, this.arrivals[entry]!);
    }
    return count;
  }
}
