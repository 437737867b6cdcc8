import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StoreUnavailableError } from '@tessera/tag-catalog';
import { DirectoryLockedError } from './errors';

/** open(2) of macOS and the BSDs takes the lock itself. Node's `constants` lack them. */
const BSD_O_SHLOCK = 0x10;
const BSD_O_EXLOCK = 0x20;
const FLOCK_CONFLICT = 1;

/**
 * A flock(2) lock: it belongs to the open file, so the kernel lets go of it when the process ends, however it ends. There is no
 * stale lock to be judged by process ids, which would go wrong between containers that share the directory.
 */
export class DirectoryLock {
  private constructor(private readonly file: FileHandle) {}

  /**
   * Does not wait.
   * @param path the lock file, made if missing.
   * @param shared with other shared holders; excludes an exclusive one.
   * @throws DirectoryLockedError naming `directory` and the holder.
   */
  static async acquire(path: string, directory: string, shared: boolean): Promise<DirectoryLock> {
    const file = process.platform === 'linux' ? await lockLinux(path, shared) : await lockBsd(path, shared);
    if (file === null) throw new DirectoryLockedError(directory, await readHolder(path));
    // For the message that the next one gets, nothing else: a full or read-only disk is no reason to refuse.
    await file
      .truncate(0)
      .then(() => file.write(String(process.pid), 0))
      .catch(() => undefined);
    return new DirectoryLock(file);
  }

  async release(): Promise<void> {
    await this.file.close();
  }
}

/** Node has no flock, but a lock belongs to the open file, not to who took it: flock(1) takes it on ours, inherited as 3. */
async function lockLinux(path: string, shared: boolean): Promise<FileHandle | null> {
  const file = await openLockFile(path, shared);
  try {
    const code = await runFlock(file.fd, shared);
    if (code === 0) return file;
    await file.close();
    if (code === FLOCK_CONFLICT) return null;
  } catch (error) {
    await file.close();
    throw error;
  }
  throw new Error(
    `${path} could not be locked: its file system does not support flock; put the data directory on a local disk`,
  );
}

/** A reader may lock what it can't write, such as a backup on a read-only medium. */
async function openLockFile(path: string, shared: boolean): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  } catch (error) {
    const isReadOnly = error instanceof Error && 'code' in error && (error.code === 'EROFS' || error.code === 'EACCES');
    if (!isReadOnly) throw error;
    if (shared) return open(path, constants.O_RDONLY).catch(() => open(dirname(path), constants.O_RDONLY));
    throw new StoreUnavailableError(
      `${path} can't be written (${error.message}): the data directory must be writable for the user the server runs as`,
      false,
    );
  }
}

function runFlock(descriptor: number, shared: boolean): Promise<number | null> {
  return new Promise((resolve, reject) => {
    // Short options: BusyBox knows no others.
    const child = spawn('flock', ['-n', shared ? '-s' : '-x', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', descriptor],
    });
    child.once('error', (error) => {
      const isMissing = 'code' in error && error.code === 'ENOENT';
      const advice = isMissing ? ': install util-linux' : '';
      reject(
        new Error(`the command flock, which locks the data directory, could not be run (${error.message})${advice}`),
      );
    });
    child.once('exit', resolve);
  });
}

async function lockBsd(path: string, shared: boolean): Promise<FileHandle | null> {
  const lockFlag = shared ? BSD_O_SHLOCK : BSD_O_EXLOCK;
  try {
    return await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | lockFlag, 0o600);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return null;
    throw error;
  }
}

/** Null if the holder has not written it yet. */
async function readHolder(path: string): Promise<number | null> {
  const file = await open(path, 'r');
  try {
    const digits = /^\d+/.exec(await file.readFile('utf8'))?.[0];
    return digits === undefined ? null : Number(digits);
  } finally {
    await file.close();
  }
}
