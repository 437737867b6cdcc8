import { join } from 'node:path';
import { CorruptLogError } from './errors';
import type { LogFileSystem } from './log-file-system';
import { decodeSegmentHeader, parseSegmentName, SEGMENT_HEADER_BYTES, segmentName, SegmentReader } from './log-segment';

/** A segment on disk. */
export interface Segment {
  readonly path: string;
  readonly firstSequence: number;
  /** Up to the end of the last durable record. */
  bytes: number;
}

export interface RecoveredLog {
  /** In order; empty if nothing was ever appended. */
  readonly segments: Segment[];
  /** 0: none. */
  readonly lastSequence: number;
  /** Of the last segment. */
  readonly salt: number;
  readonly warnings: readonly string[];
}

interface LastSegment {
  readonly segment: Segment;
  readonly lastSequence: number;
  readonly salt: number;
}

/** Where a log is and how it may be touched. */
export interface LogPlace {
  readonly folder: string;
  /** 16 hexadecimal digits. */
  readonly directoryId: string;
  readonly fileSystem: LogFileSystem;
  readonly readOnly: boolean;
}

/**
 * Finds the segments and cuts a torn tail off: what the last write before a crash left behind, never acknowledged to anyone.
 * Read-only, the tail is left out instead.
 * @throws CorruptLogError if the last segment is damaged in a place that had been durable. Earlier segments are checked at replay.
 */
export async function recoverLog(place: LogPlace): Promise<RecoveredLog> {
  const names = await place.fileSystem.list(place.folder);
  const firstSequences = names.flatMap((name) => parseSegmentName(name) ?? []).sort((left, right) => left - right);
  const warnings: string[] = [];
  let last: LastSegment | null = null;
  while (last === null) {
    const firstSequence = firstSequences.pop();
    if (firstSequence === undefined) return { segments: [], lastSequence: 0, salt: 0, warnings };
    last = await recoverLastSegment(place, firstSequence, warnings);
  }
  const segments: Segment[] = [];
  for (const firstSequence of firstSequences) {
    const path = join(place.folder, segmentName(firstSequence));
    segments.push({ path, firstSequence, bytes: await place.fileSystem.size(path) });
  }
  segments.push(last.segment);
  return { segments, lastSequence: last.lastSequence, salt: last.salt, warnings };
}

/** Null if the segment was only about to be created and is gone now. */
async function recoverLastSegment(
  place: LogPlace,
  firstSequence: number,
  warnings: string[],
): Promise<LastSegment | null> {
  const path = join(place.folder, segmentName(firstSequence));
  const bytes = await place.fileSystem.read(path);
  const header = decodeSegmentHeader(bytes, place.directoryId, firstSequence);
  if (typeof header === 'string') {
    // The header is made durable before the first record is written: a file without records may have been torn off in it.
    const torn =
      bytes.length < SEGMENT_HEADER_BYTES ||
      (bytes.length === SEGMENT_HEADER_BYTES && bytes.every((byte) => byte === 0));
    if (!torn) throw new CorruptLogError(path, 0, header);
    warnings.push(`write-ahead log: removed ${path}, whose creation had been interrupted`);
    if (!place.readOnly) {
      await place.fileSystem.remove(path);
      await place.fileSystem.syncFolder(place.folder);
    }
    return null;
  }
  const reader = new SegmentReader(bytes, header);
  while (reader.next());
  if (reader.damage !== null && reader.damageWasDurable())
    throw new CorruptLogError(path, reader.offset, reader.damage);
  const tornBytes = bytes.length - reader.offset;
  if (tornBytes > 0) {
    warnings.push(
      `write-ahead log: cut ${tornBytes} bytes off ${path} behind sequence ${reader.sequence}: ` +
        `${reader.damage ?? 'damage'}, left by a write that was interrupted before it was acknowledged`,
    );
  }
  if (!place.readOnly) await settleTail(place, path, tornBytes > 0 ? reader.offset : null);
  return { segment: { path, firstSequence, bytes: reader.offset }, lastSequence: reader.sequence, salt: header.salt };
}

/** What is replayed must be as durable as what is appended next: records found here may still be in the system's cache only. */
async function settleTail(place: LogPlace, path: string, truncateTo: number | null): Promise<void> {
  const file = await place.fileSystem.open(path);
  try {
    if (truncateTo !== null) await file.truncate(truncateTo);
    await file.sync();
  } finally {
    await file.close();
  }
}
