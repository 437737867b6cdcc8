import { open, readdir, readFile, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** A file of the log, open for writing. */
export interface LogFile {
  /** Writes all of the bytes at the position, or rejects. */
  write(bytes: Buffer, position: number): Promise<void>;
  /** Resolves once what was written, and the size of the file, survive a power cut. */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/** What the log needs of a file system; a test puts faults between. Paths are absolute. */
export interface LogFileSystem {
  /** Names, in no order. */
  list(folder: string): Promise<string[]>;
  read(path: string): Promise<Buffer>;
  /** In bytes. */
  size(path: string): Promise<number>;
  /** Rejects if the file exists. */
  create(path: string): Promise<LogFile>;
  open(path: string): Promise<LogFile>;
  remove(path: string): Promise<void>;
  /** Makes creations and removals in the folder survive a power cut. */
  syncFolder(folder: string): Promise<void>;
}

class NodeLogFile implements LogFile {
  constructor(private readonly handle: FileHandle) {}

  async write(bytes: Buffer, position: number): Promise<void> {
    // The system may write less than asked, on a nearly full disk for instance.
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.handle.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  }

  async sync(): Promise<void> {
    await this.handle.datasync();
  }

  async truncate(bytes: number): Promise<void> {
    await this.handle.truncate(bytes);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

export const nodeLogFileSystem: LogFileSystem = {
  list: (folder) => readdir(folder),
  read: (path) => readFile(path),
  size: async (path) => (await stat(path)).size,
  create: async (path) => new NodeLogFile(await open(path, 'wx', 0o600)),
  open: async (path) => new NodeLogFile(await open(path, 'r+')),
  remove: (path) => unlink(path),
  syncFolder,
};

/** Makes creations, renames and removals in the folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
