import { join } from 'node:path';
import { StoreUnavailableError } from '@tessera/tag-catalog';
import { CorruptLogError } from './errors';
import { nodeLogFileSystem } from './log-file-system';
import type { LogFile, LogFileSystem } from './log-file-system';
import {
  decodeSegmentHeader,
  encodeRecord,
  encodeSegmentHeader,
  RECORD_HEADER_BYTES,
  RECORD_PAYLOAD_BYTES_MAX,
  segmentName,
  SegmentReader,
} from './log-segment';
import { recoverLog } from './recover-log';
import type { LogPlace, RecoveredLog, Segment } from './recover-log';
import { ignoreMissing, removeUnfinished } from './unfinished-segment';
import type { UnfinishedSegment } from './unfinished-segment';

const SEGMENT_BYTES_MAX = 64 * 2 ** 20;
/** Bounds the memory that one write needs. */
const GROUP_BYTES_MAX = 32 * 2 ** 20;
/** Groups up to this size are put together in a buffer that is used again. */
const SCRATCH_BYTES = 2 ** 20;

/** A record that has its place in the log, but is not yet on disk. */
export interface AppendedRecord {
  readonly sequence: number;
  /**
   * Resolves once the record survives `kill -9` and a power cut, in order of the sequences. Rejects with
   * `StoreUnavailableError` if it could not be written; then every record appended behind it is rejected too.
   */
  readonly durable: Promise<void>;
}

export interface WriteAheadLogOptions {
  readonly folder: string;
  /** 16 hexadecimal digits. */
  readonly directoryId: string;
  readonly readOnly?: boolean;
  /** A segment is closed with the first write that reaches this size; 64 MiB if left out. */
  readonly segmentBytesMax?: number;
  readonly fileSystem?: LogFileSystem;
}

interface Waiting {
  readonly sequence: number;
  readonly payload: Buffer;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Numbered records, appended in groups: everything appended while a write is on its way to the disk goes into the next
 * write, so that one `fdatasync` serves many records. Sequences count from 1 without gaps.
 *
 * A write that fails is undone on disk, its records and all behind them are rejected, and their sequences are given out
 * again; the next append tries again, so a full disk needs no restart once it has room.
 */
export class WriteAheadLog {
  /** What had to be repaired at opening, one sentence each. */
  readonly warnings: readonly string[];
  readonly #place: LogPlace;
  readonly #segmentBytesMax: number;
  readonly #segments: Segment[];
  /** Handle of the last segment; null before the first write. */
  #active: LogFile | null = null;
  /** Of the last segment. */
  #salt: number;
  /** A segment whose creation has not been completed. */
  #unfinished: UnfinishedSegment | null = null;
  /** The file may hold bytes of a write that failed. */
  #needsRepair = false;
  /** The segments hold only what a checkpoint has: they go when the next one is made. */
  #superseded = false;
  #lastSequence: number;
  #durableSequence: number;
  #waiting: Waiting[] = [];
  #pendingBytes = 0;
  #flushIsDue = false;
  #closed = false;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

  private constructor(place: LogPlace, recovered: RecoveredLog, segmentBytesMax: number) {
    this.#place = place;
    this.#segments = recovered.segments;
    this.#salt = recovered.salt;
    this.#segmentBytesMax = segmentBytesMax;
    this.#lastSequence = recovered.lastSequence;
    this.#durableSequence = recovered.lastSequence;
    this.warnings = recovered.warnings;
  }

  /** @throws CorruptLogError if a record that had been durable can't be read. */
  static async open(options: WriteAheadLogOptions): Promise<WriteAheadLog> {
    const place: LogPlace = {
      folder: options.folder,
      directoryId: options.directoryId,
      fileSystem: options.fileSystem ?? nodeLogFileSystem,
      readOnly: options.readOnly ?? false,
    };
    return new WriteAheadLog(place, await recoverLog(place), options.segmentBytesMax ?? SEGMENT_BYTES_MAX);
  }

  /** The highest sequence given out; 0: none. Falls back to {@link durableSequence} when a write fails. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** Everything up to here is on disk. */
  get durableSequence(): number {
    return this.#durableSequence;
  }

  /** On disk. */
  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** Appended, but not yet durable: what back-pressure looks at. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /**
   * Gives the record the next sequence and queues it for the next write.
   * @param payload at most 2^28 bytes; must not change before it is durable.
   */
  append(payload: Buffer): AppendedRecord {
    this.#demandWritable();
    if (payload.length > RECORD_PAYLOAD_BYTES_MAX) {
      throw new RangeError(
        `a log record of ${payload.length} bytes is over the limit of ${RECORD_PAYLOAD_BYTES_MAX}: split the batch`,
      );
    }
    const sequence = ++this.#lastSequence;
    this.#pendingBytes += RECORD_HEADER_BYTES + payload.length;
    const durable = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ sequence, payload, resolve, reject });
    });
    // Who appends several records may wait for the last one only: an earlier one's rejection is then nobody's.
    durable.catch(() => undefined);
    this.#requestFlush();
    return { sequence, durable };
  }

  /**
   * Visits every durable record behind `afterSequence` in order. A payload is a view on memory of the log that nobody
   * writes to.
   * @throws CorruptLogError for damage anywhere in what it has to read, or if the log no longer reaches back that far.
   */
  async replay(
    afterSequence: number,
    visit: (sequence: number, payload: Buffer) => void | Promise<void>,
  ): Promise<{ records: number }> {
    const segments = this.#superseded ? [] : this.#segments.map((segment) => ({ ...segment }));
    const lastSequence = this.#durableSequence;
    const first = segments[0];
    if (first !== undefined && first.firstSequence > afterSequence + 1) {
      const reason = `the log begins at sequence ${first.firstSequence}, but ${afterSequence + 1} is needed`;
      throw new CorruptLogError(first.path, 0, reason);
    }
    let records = 0;
    for (const [index, segment] of segments.entries()) {
      const segmentEnd = (segments[index + 1]?.firstSequence ?? lastSequence + 1) - 1;
      if (segmentEnd <= afterSequence) continue;
      const reader = await this.#readSegment(segment);
      while (reader.next()) {
        if (reader.sequence <= afterSequence) continue;
        records++;
        const visited = visit(reader.sequence, reader.payload);
        if (visited !== undefined) await visited;
      }
      if (reader.damage !== null) throw new CorruptLogError(segment.path, reader.offset, reader.damage);
      if (reader.sequence !== segmentEnd) {
        const reason = `it ends with sequence ${reader.sequence}, but the log goes on with ${segmentEnd + 1}`;
        throw new CorruptLogError(segment.path, reader.offset, reason);
      }
    }
    return { records };
  }

  /**
   * Frees the space of records below `sequence`, which a checkpoint holds: whole segments at a time. The segment in use is
   * closed, so that the next call can free what of it is below now.
   */
  cutBefore(sequence: number): Promise<void> {
    return this.#exclusive(async () => {
      this.#demandWritable();
      try {
        await this.#repair();
        const limit = Math.min(sequence, this.#durableSequence + 1);
        const active = this.#segments.at(-1);
        if (active === undefined) return;
        if (active.firstSequence < limit && active.firstSequence <= this.#durableSequence) await this.#rotate();
        await this.#dropSegmentsBelow(limit);
      } catch (error) {
        this.#needsRepair = true;
        throw new StoreUnavailableError(`the write-ahead log could not be cut: ${messageOf(error)}`, true);
      }
    });
  }

  /**
   * Tells a log that ends before a checkpoint to go on behind it: the next record gets `sequence` + 1. What the log still
   * holds is in the checkpoint. No effect if the log reaches at least that far.
   * @param sequence the last one that the checkpoint contains.
   */
  startAfter(sequence: number): void {
    if (sequence <= this.#lastSequence) return;
    if (this.#waiting.length > 0 || this.#lastSequence !== this.#durableSequence) {
      throw new Error(
        `startAfter(${sequence}) while records are being appended: call it after replay, before the first append`,
      );
    }
    this.#superseded = this.#segments.length > 0;
    this.#lastSequence = sequence;
    this.#durableSequence = sequence;
  }

  /** Writes what is queued, then closes the file. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#exclusive(async () => {
      while (this.#waiting.length > 0) await this.#flush();
      // Undoing a failed write is worth one more try; what can't be undone was reported to its writers.
      await this.#repair().catch(() => undefined);
      await this.#active?.close();
      this.#active = null;
    });
  }

  #demandWritable(): void {
    if (this.#closed) throw new StoreUnavailableError('the write-ahead log is closed', false);
    if (this.#place.readOnly) throw new StoreUnavailableError('the data directory was opened read-only', false);
  }

  async #readSegment(segment: Segment): Promise<SegmentReader> {
    const bytes = await this.#place.fileSystem.read(segment.path);
    const header = decodeSegmentHeader(bytes, this.#place.directoryId, segment.firstSequence);
    if (typeof header === 'string') throw new CorruptLogError(segment.path, 0, header);
    if (bytes.length < segment.bytes) {
      const reason = `the file has shrunk from ${segment.bytes} to ${bytes.length} bytes while in use`;
      throw new CorruptLogError(segment.path, bytes.length, reason);
    }
    return new SegmentReader(bytes.subarray(0, segment.bytes), header);
  }

  #requestFlush(): void {
    if (this.#flushIsDue) return;
    this.#flushIsDue = true;
    void this.#exclusive(() => this.#flush());
  }

  /** Writes, cuts and the end come one after the other. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Never rejects: a failure goes to those who wait for the records. */
  async #flush(): Promise<void> {
    this.#flushIsDue = false;
    const group = this.#takeGroup();
    const last = group.at(-1);
    if (last === undefined) return;
    let hasBegun = false;
    try {
      await this.#repair();
      if (this.#segments.length === 0 || this.#superseded || this.#segments.at(-1)!.bytes >= this.#segmentBytesMax) {
        await this.#rotate();
      }
      hasBegun = true;
      await this.#writeGroup(group);
    } catch (error) {
      await this.#giveUp(group, error, hasBegun);
      return;
    }
    this.#durableSequence = last.sequence;
    for (const record of group) {
      this.#pendingBytes -= RECORD_HEADER_BYTES + record.payload.length;
      record.resolve();
    }
  }

  #takeGroup(): Waiting[] {
    let bytes = 0;
    let records = 0;
    while (records < this.#waiting.length && bytes < GROUP_BYTES_MAX) bytes += this.#waiting[records++]!.payload.length;
    const group = this.#waiting.splice(0, records);
    if (this.#waiting.length > 0) this.#requestFlush();
    return group;
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const segment = this.#segments.at(-1)!;
    this.#active ??= await this.#place.fileSystem.open(segment.path);
    const size = group.reduce((sum, record) => sum + RECORD_HEADER_BYTES + record.payload.length, 0);
    const bytes = size > SCRATCH_BYTES ? Buffer.allocUnsafeSlow(size) : this.#scratch.subarray(0, size);
    let at = 0;
    for (const [groupIndex, { sequence, payload }] of group.entries()) {
      at = encodeRecord(bytes, at, { sequence, payload, groupIndex }, this.#salt);
    }
    await this.#active.write(bytes, segment.bytes);
    await this.#active.sync();
    segment.bytes += size;
  }

  /** Makes the segment that holds the records behind the durable ones. */
  async #rotate(): Promise<void> {
    const { folder, fileSystem, directoryId } = this.#place;
    if (this.#superseded) {
      await this.#dropSegmentsBelow(Infinity);
      this.#superseded = false;
    }
    const firstSequence = this.#durableSequence + 1;
    const path = join(folder, segmentName(firstSequence));
    this.#unfinished = { path, file: null, isRemoved: false };
    const file = await fileSystem.create(path);
    this.#unfinished.file = file;
    const header = encodeSegmentHeader(directoryId, firstSequence);
    await file.write(header.bytes, 0);
    await file.sync();
    await fileSystem.syncFolder(folder);
    this.#unfinished = null;
    const previous = this.#active;
    this.#active = file;
    this.#salt = header.salt;
    this.#segments.push({ path, firstSequence, bytes: header.bytes.length });
    // Its records are durable already: a close that fails loses nothing.
    await previous?.close().catch(() => undefined);
  }

  /** Oldest first, so that what is left after a crash has no hole. */
  async #dropSegmentsBelow(limit: number): Promise<void> {
    const { folder, fileSystem } = this.#place;
    let dropped = false;
    for (;;) {
      const [oldest, next] = this.#segments;
      if (oldest === undefined || (next === undefined ? limit !== Infinity : next.firstSequence > limit)) break;
      if (next === undefined) {
        await this.#active?.close().catch(() => undefined);
        this.#active = null;
      }
      await fileSystem.remove(oldest.path).catch(ignoreMissing);
      this.#segments.shift();
      dropped = true;
    }
    if (dropped) await fileSystem.syncFolder(folder);
  }

  /** Takes back what a failed write left, so that a replay never meets it. */
  async #repair(): Promise<void> {
    if (!this.#needsRepair) return;
    const { fileSystem } = this.#place;
    if (this.#unfinished !== null) {
      await removeUnfinished(this.#place, this.#unfinished);
      this.#unfinished = null;
    }
    const segment = this.#segments.at(-1);
    if (segment !== undefined && !this.#superseded) {
      this.#active ??= await fileSystem.open(segment.path);
      await this.#active.truncate(segment.bytes);
      await this.#active.sync();
    }
    this.#needsRepair = false;
  }

  /** @param hasBegun some of the group may be on disk. */
  async #giveUp(group: readonly Waiting[], cause: unknown, hasBegun: boolean): Promise<void> {
    this.#needsRepair = true;
    let outlook = 'nothing of it was kept; free disk space or repair the disk, then send it again';
    let retriable = true;
    try {
      await this.#repair();
    } catch (error) {
      if (hasBegun)
        outlook = `undoing the write failed too (${messageOf(error)}): after a restart it may turn out to have been kept`;
      retriable = !hasBegun;
    }
    const rejected = [...group, ...this.#waiting];
    this.#waiting = [];
    this.#lastSequence = this.#durableSequence;
    this.#pendingBytes = 0;
    const error = new StoreUnavailableError(
      `the write-ahead log in ${this.#place.folder} could not be written (${messageOf(cause)}): ${outlook}`,
      retriable,
    );
    for (const record of rejected) record.reject(error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
