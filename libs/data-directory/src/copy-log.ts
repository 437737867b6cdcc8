import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { readdir } from 'node:fs/promises';
import { CorruptLogError } from './errors';
import { decodeSegmentHeader, parseSegmentName, SEGMENT_HEADER_BYTES, segmentName, SegmentReader } from './log-segment';

/** A writer that cuts its log just now is let finish so many times. */
const ATTEMPTS_MAX = 100;

interface OpenSegment {
  readonly path: string;
  readonly firstSequence: number;
  readonly file: FileHandle;
  /** At the moment of the snapshot. */
  readonly bytes: number;
}

/**
 * The log of a directory as it is at one moment, also beside its writer: the segments' files are held open, so that it does not matter
 * if they are cut off, and only the bytes of that moment are read.
 */
export class LogSnapshot {
  private constructor(
    private readonly segments: readonly OpenSegment[],
    private readonly directoryId: string,
  ) {}

  static async take(folder: string, directoryId: string): Promise<LogSnapshot> {
    for (let attempt = 1; ; attempt++) {
      const segments: OpenSegment[] = [];
      try {
        const names = await readdir(folder);
        const firsts = names.flatMap((name) => parseSegmentName(name) ?? []).sort((left, right) => left - right);
        for (const firstSequence of firsts) {
          const path = join(folder, segmentName(firstSequence));
          const file = await open(path, 'r');
          const segment = { path, firstSequence, file, bytes: 0 };
          segments.push(segment);
          segment.bytes = (await file.stat()).size;
        }
        return new LogSnapshot(segments, directoryId);
      } catch (error) {
        await closeAll(segments);
        const isCut = error instanceof Error && 'code' in error && error.code === 'ENOENT';
        if (!isCut || attempt === ATTEMPTS_MAX) throw error;
      }
    }
  }

  get bytes(): number {
    return this.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Writes the segments into a folder that has none, each checked, a torn tail left out; on disk once resolved.
   * @returns the last sequence, 0 if there is none.
   * @throws CorruptLogError for damage that is no torn tail, and for a gap.
   */
  async copyTo(folder: string, onBytes: (bytes: number) => void): Promise<number> {
    let lastSequence: number | null = null;
    for (const [index, segment] of this.segments.entries()) {
      const isLast = index === this.segments.length - 1;
      const bytes = await readStart(segment);
      // One that was being made: its header is on disk before its first record is written.
      if (isLast && bytes.length < SEGMENT_HEADER_BYTES) break;
      const reader = this.#read(segment, bytes, isLast);
      if (lastSequence !== null && segment.firstSequence !== lastSequence + 1) {
        const reason = `it begins with sequence ${segment.firstSequence}, but the one before ends with ${lastSequence}`;
        throw new CorruptLogError(segment.path, 0, reason);
      }
      await writeSynced(join(folder, segmentName(segment.firstSequence)), bytes.subarray(0, reader.offset));
      lastSequence = reader.sequence;
      onBytes(bytes.length);
    }
    return lastSequence ?? 0;
  }

  close(): Promise<void> {
    return closeAll(this.segments);
  }

  #read(segment: OpenSegment, bytes: Buffer, isLast: boolean): SegmentReader {
    const header = decodeSegmentHeader(bytes, this.directoryId, segment.firstSequence);
    if (typeof header === 'string') throw new CorruptLogError(segment.path, 0, header);
    const reader = new SegmentReader(bytes, header);
    while (reader.next());
    if (reader.damage !== null && (!isLast || reader.damageWasDurable())) {
      throw new CorruptLogError(segment.path, reader.offset, reader.damage);
    }
    return reader;
  }
}

/** What of the segment was there at the moment of the snapshot, less if a failed write was taken back since. */
async function readStart({ file, bytes }: OpenSegment): Promise<Buffer> {
  const start = Buffer.allocUnsafeSlow(bytes);
  let done = 0;
  while (done < bytes) {
    const { bytesRead } = await file.read(start, done, bytes - done, done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return start.subarray(0, done);
}

async function writeSynced(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function closeAll(segments: readonly OpenSegment[]): Promise<void> {
  await Promise.all(segments.map(({ file }) => file.close()));
}
