import { constants, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** Space in the value file is given out in pages: one that is overwritten shares no sector with one that is in use. */
export const PAGE_BYTES = 4096;

/** Consecutive pages of the value file. */
export interface Extent {
  readonly first: number;
  readonly pages: number;
}

/** The file that holds the bytes of chunks, `store/values`: pages without any structure of their own. */
export class ValueFile {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    /** At opening. */
    readonly bytes: number,
  ) {}

  /** Made if missing, unless read-only. */
  static async open(path: string, readOnly: boolean): Promise<ValueFile> {
    const flags = readOnly ? constants.O_RDONLY : constants.O_RDWR | constants.O_CREAT;
    const handle = await open(path, flags, 0o600);
    try {
      return new ValueFile(path, handle, (await handle.stat()).size);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Writes the value over the extents, one after the other. It may end in the middle of the last page. */
  async write(value: Uint8Array, extents: readonly Extent[]): Promise<void> {
    for (const { start, end, position } of spans(value.length, extents)) {
      // The system may write less than asked, on a nearly full disk for instance.
      for (let done = start; done < end;) {
        const { bytesWritten } = await this.handle.write(value, done, end - done, position + done - start);
        done += bytesWritten;
      }
    }
  }

  /** @returns false if the file ends before the value does. */
  readSync(value: Buffer, extents: readonly Extent[]): boolean {
    for (const { start, end, position } of spans(value.length, extents)) {
      for (let done = start; done < end;) {
        const bytesRead = readSync(this.handle.fd, value, done, end - done, position + done - start);
        if (bytesRead === 0) return false;
        done += bytesRead;
      }
    }
    return true;
  }

  /** As {@link readSync}, off the calling thread. */
  async read(value: Buffer, extents: readonly Extent[]): Promise<boolean> {
    for (const { start, end, position } of spans(value.length, extents)) {
      for (let done = start; done < end;) {
        const { bytesRead } = await this.handle.read(value, done, end - done, position + done - start);
        if (bytesRead === 0) return false;
        done += bytesRead;
      }
    }
    return true;
  }

  /** Resolves once what was written, and the size of the file, survive a power cut. */
  sync(): Promise<void> {
    return this.handle.datasync();
  }

  truncate(pages: number): Promise<void> {
    return this.handle.truncate(pages * PAGE_BYTES);
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** Which bytes of a value stand where in the file. */
function* spans(
  length: number,
  extents: readonly Extent[],
): Generator<{ readonly start: number; readonly end: number; readonly position: number }> {
  let start = 0;
  for (const { first, pages } of extents) {
    const end = Math.min(length, start + pages * PAGE_BYTES);
    yield { start, end, position: first * PAGE_BYTES };
    start = end;
  }
}
