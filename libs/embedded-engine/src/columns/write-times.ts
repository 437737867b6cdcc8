import { ByteReader, ByteWriter } from '../storage/bytes';
import { Chunk, type ChunkTracker } from '../storage/chunk-tracker';
import { SHARD_SIZE } from '../shard';
import { BitSet } from './bit-set';
import { NumberVector } from './number-vector';

/**
 * Exceptions kept one by one up to this many a shard; past it a column of times is cheaper (a map entry takes some 40 bytes,
 * a column 8 bytes for each of 2^20 users).
 */
const EXCEPTIONS_MAX = SHARD_SIZE >>> 4;

/** The last write time that most fields of a user share: one number per user, tag type and shard. */
export class SharedTimes extends Chunk {
  readonly #times: NumberVector;

  constructor(typeId: number, shard: number, tracker: ChunkTracker, stored?: Buffer) {
    super(SharedTimes.key(typeId, shard), tracker);
    this.#times =
      stored === undefined ? new NumberVector(SHARD_SIZE) : NumberVector.read(new ByteReader(stored), SHARD_SIZE);
  }

  static keyPrefix(typeId: number): string {
    return `y/${typeId}/`;
  }

  static key(typeId: number, shard: number): string {
    return `${SharedTimes.keyPrefix(typeId)}${shard.toString().padStart(5, '0')}`;
  }

  get bytes(): number {
    return this.#times.bytes;
  }

  get(local: number): number | undefined {
    return this.#times.get(local);
  }

  set(local: number, timeMs: number): void {
    this.beforeWrite();
    this.#times.set(local, timeMs);
  }

  clear(local: number): void {
    this.beforeWrite();
    this.#times.clear(local);
  }

  serialize(): Buffer {
    const writer = new ByteWriter();
    this.#times.write(writer);
    return writer.finish();
  }
}

/**
 * The time of the last plain write of one tag for each user of a shard: the type's shared time unless an exception is kept.
 * Part of the tag's chunk, whose owner calls `beforeWrite`.
 */
export class FieldTimes {
  #written: BitSet = new BitSet(SHARD_SIZE);
  #exceptions: Map<number, number> | NumberVector = new Map();

  constructor(private readonly shared: SharedTimes) {}

  get bytes(): number {
    const exceptions = this.#exceptions instanceof Map ? this.#exceptions.size * 40 : this.#exceptions.bytes;
    return this.#written.bytes + exceptions;
  }

  /** Undefined: never plainly written (a value there was made by increments alone). */
  get(local: number): number | undefined {
    return this.#written.has(local) ? (this.#exceptions.get(local) ?? this.shared.get(local)) : undefined;
  }

  /** Records a plain write. The shared time is taken where it is the same. */
  set(local: number, timeMs: number): void {
    this.#written.add(local);
    if (this.shared.get(local) === timeMs) {
      this.#dropException(local);
      return;
    }
    if (this.#exceptions instanceof Map && this.#exceptions.size >= EXCEPTIONS_MAX) {
      const column = new NumberVector(SHARD_SIZE);
      for (const [position, time] of this.#exceptions) {
        column.set(position, time);
      }
      this.#exceptions = column;
    }
    this.#exceptions.set(local, timeMs);
  }

  /** Ever plainly written. */
  isWritten(local: number): boolean {
    return this.#written.has(local);
  }

  /** No user at or past it was ever plainly written. */
  get end(): number {
    return this.#written.end;
  }

  /** True if this tag relies on the shared time for the user. */
  usesShared(local: number): boolean {
    return this.#written.has(local) && this.#exceptions.get(local) === undefined;
  }

  erase(local: number): void {
    this.#written.delete(local);
    this.#dropException(local);
  }

  write(writer: ByteWriter): void {
    writer.block(this.#written.toBytes());
    if (this.#exceptions instanceof Map) {
      writer.u8(0);
      writer.u32(this.#exceptions.size);
      for (const [local, time] of this.#exceptions) {
        writer.u32(local);
        writer.f64(time);
      }
    } else {
      writer.u8(1);
      this.#exceptions.write(writer);
    }
  }

  read(reader: ByteReader): void {
    this.#written = BitSet.fromBytes(reader.block(), SHARD_SIZE);
    if (reader.u8() === 1) {
      this.#exceptions = NumberVector.read(reader, SHARD_SIZE);
      return;
    }
    const exceptions = new Map<number, number>();
    const count = reader.u32();
    for (let index = 0; index < count; index++) {
      const local = reader.u32();
      exceptions.set(local, reader.f64());
    }
    this.#exceptions = exceptions;
  }

  #dropException(local: number): void {
    if (this.#exceptions instanceof Map) {
      this.#exceptions.delete(local);
    } else {
      this.#exceptions.clear(local);
    }
  }
}
