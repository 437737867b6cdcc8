import { SHARD_SIZE } from '../shard';
import { ByteReader, ByteWriter } from '../storage/bytes';
import type { ChunkTracker } from '../storage/chunk-tracker';
import { JournaledChunk } from '../storage/journaled-chunk';
import { BitSet } from './bit-set';
import { TimeExceptions } from './time-exceptions';
import { NO_TIME, TimeVector } from './time-vector';

/** The last write time that most fields of a user share: one instant per user, tag type and shard. */
export class SharedTimes extends JournaledChunk {
  protected readonly cells = 1;
  readonly #times: TimeVector;

  constructor(typeId: number, shard: number, tracker: ChunkTracker, stored?: Buffer) {
    super(SharedTimes.key(typeId, shard), tracker);
    this.#times =
      stored === undefined ? new TimeVector(SHARD_SIZE) : TimeVector.read(new ByteReader(stored), SHARD_SIZE);
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
    const timeMs = this.#times.get(local);
    return timeMs === NO_TIME ? undefined : timeMs;
  }

  /** As `get`, with {@link NO_TIME} for none. */
  at(local: number): number {
    return this.#times.get(local);
  }

  /** A time can be set there without anything being moved. */
  hasRoom(local: number, timeMs: number): boolean {
    return this.#times.hasRoom(local, timeMs);
  }

  /** See `TimeVector.roomSteps`. */
  roomSteps(local: number, timeMs: number): Generator<void> {
    return this.#times.roomSteps(local, timeMs);
  }

  set(local: number, timeMs: number): void {
    this.beforeWriteAt(local);
    this.#times.set(local, timeMs);
  }

  clear(local: number): void {
    this.beforeWriteAt(local);
    this.#times.clear(local);
  }

  protected readCells(local: number, out: Float64Array, at: number): void {
    out[at] = this.#times.get(local);
  }

  protected writeCells(local: number, from: Float64Array, at: number): void {
    if (from[at] === NO_TIME) {
      this.#times.clear(local);
    } else {
      this.#times.set(local, from[at]!);
    }
  }

  serialize(): Buffer {
    const writer = new ByteWriter(this.#times.storedBytes);
    this.#times.write(writer);
    return writer.finish();
  }
}

/** Of a user whom a tag was never plainly written for, in `FieldTimes.own`. */
const NOT_WRITTEN = -2;

/**
 * The time of the last plain write of one tag for each user of a shard: the type's shared time unless an exception is kept.
 * Part of the tag's chunk, whose owner calls `beforeWrite`.
 */
export class FieldTimes {
  #written: BitSet = new BitSet(SHARD_SIZE);
  #exceptions = new TimeExceptions();

  constructor(private readonly shared: SharedTimes) {}

  get bytes(): number {
    return this.#written.bytes + this.#exceptions.bytes;
  }

  /** Undefined: never plainly written (a value there was made by increments alone). */
  get(local: number): number | undefined {
    const timeMs = this.at(local);
    return timeMs === NO_TIME ? undefined : timeMs;
  }

  /** As `get`, with {@link NO_TIME} for never. */
  at(local: number): number {
    if (!this.#written.has(local)) {
      return NO_TIME;
    }
    const exception = this.#exceptions.get(local);
    return exception === NO_TIME ? this.shared.at(local) : exception;
  }

  /** Every user who was plainly written has the shared time: none differs. */
  get isUniform(): boolean {
    return this.#exceptions.isEmpty;
  }

  /** Records a plain write. The shared time is taken where it is the same. */
  set(local: number, timeMs: number): void {
    if (this.shared.at(local) === timeMs) {
      this.setShared(local);
    } else {
      this.#written.add(local);
      this.#exceptions.set(local, timeMs);
    }
  }

  /** Records a plain write at the time that is the shared one by now. */
  setShared(local: number): void {
    if (!this.#written.has(local)) {
      this.#written.add(local);
    }
    if (!this.#exceptions.isEmpty) {
      this.#exceptions.delete(local);
    }
  }

  /** A plain write can be recorded without the bits being moved. */
  hasRoom(local: number): boolean {
    return local < this.#written.end;
  }

  makeRoom(local: number): void {
    this.#written.makeRoom(local);
  }

  /** Before the shared time moves: the tag stays at what it was. */
  keepOwn(local: number, timeMs: number): void {
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
    return this.#written.has(local) && (this.#exceptions.isEmpty || this.#exceptions.get(local) === NO_TIME);
  }

  erase(local: number): void {
    this.#written.delete(local);
    this.#exceptions.delete(local);
  }

  /** All that is kept of a user, as a number: the exception, {@link NO_TIME} without one, −2 if never plainly written. */
  own(local: number): number {
    return this.#written.has(local) ? this.#exceptions.get(local) : NOT_WRITTEN;
  }

  /** Puts back what `own` gave. */
  setOwn(local: number, own: number): void {
    if (own === NOT_WRITTEN) {
      this.erase(local);
      return;
    }
    this.#written.add(local);
    if (own === NO_TIME) {
      this.#exceptions.delete(local);
    } else {
      this.#exceptions.set(local, own);
    }
  }

  write(writer: ByteWriter): void {
    writer.block(this.#written.toBytes());
    this.#exceptions.write(writer);
  }

  read(reader: ByteReader): void {
    this.#written = BitSet.fromBytes(reader.block(), SHARD_SIZE);
    this.#exceptions = TimeExceptions.read(reader);
  }
}
