import { readFile } from 'node:fs/promises';

/**
 * Bytes that a process caused to be sent to the disk so far, counted by the kernel when a page is made dirty.
 * @returns null where the kernel tells no such thing (not Linux).
 */
export async function bytesWrittenBy(pid: number | 'self'): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/io`, 'utf8').catch(() => '');
  const written = /^write_bytes: (\d+)$/m.exec(text)?.[1];
  return written === undefined ? null : Number(written);
}

/** What was written between two readings, null if there was nothing to read. */
export function bytesBetween(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : after - before;
}
