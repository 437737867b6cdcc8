import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
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
    // For the message that the next one gets, nothing else.
    await file.truncate(0);
    await file.write(String(process.pid), 0);
    return new DirectoryLock(file);
  }

  async release(): Promise<void> {
    await this.file.close();
  }
}

/** Node has no flock, but a lock belongs to the open file, not to who took it: flock(1) takes it on ours, inherited as 3. */
async function lockLinux(path: string, shared: boolean): Promise<FileHandle | null> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
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

function runFlock(descriptor: number, shared: boolean): Promise<number | null> {
  return new Promise((resolve, reject) => {
    // Short options: BusyBox knows no others.
    const child = spawn('flock', ['-n', shared ? '-s' : '-x', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', descriptor],
    });
    child.once('error', (error) => {
      reject(
        new Error(
          `the command flock, which locks the data directory, could not be run (${error.message}): install util-linux`,
        ),
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
