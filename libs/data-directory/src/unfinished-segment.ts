import type { LogFile } from './log-file-system';
import type { LogPlace } from './recover-log';

/** A segment whose creation has not been completed, and may not even have begun. */
export interface UnfinishedSegment {
  readonly path: string;
  file: LogFile | null;
  /** It was there and was removed, but perhaps not durably. */
  isRemoved: boolean;
}

/** Afterwards it is gone, even after a power cut. Where nothing was made, nothing is needed, no file descriptor for one. */
export async function removeUnfinished(place: LogPlace, segment: UnfinishedSegment): Promise<void> {
  await segment.file?.close().catch(() => undefined);
  segment.file = null;
  await place.fileSystem.remove(segment.path).then(() => (segment.isRemoved = true), ignoreMissing);
  if (segment.isRemoved) await place.fileSystem.syncFolder(place.folder);
}

/** For a removal of what is not there. */
export function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
