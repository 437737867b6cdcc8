import { execFileSync } from 'node:child_process';

/** Mounts a file system of `megabytes` in memory on a folder. @returns null, or why it can't be done here: mounting takes root. */
export function mountSmall(folder: string, megabytes: number): string | null {
  return mount('-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder);
}

/** Shows a folder once more, at another place where nothing can be written. */
export function mountReadOnly(folder: string, at: string): string | null {
  return mount('--bind', folder, at) ?? mount('-o', 'remount,bind,ro', at);
}

export function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder]);
}

/** Says why a test did nothing; it must not pass in silence. */
export function tellSkipped(reason: string): void {
  process.stderr.write(`skipped, nothing can be mounted here: ${reason}\n`);
}

function mount(...mountArguments: string[]): string | null {
  try {
    execFileSync('mount', mountArguments, { stdio: 'pipe' });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
