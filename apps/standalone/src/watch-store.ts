import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { emptyNode } from '@tessera/audience';
import type { DependencyState, Health } from '@tessera/platform';
import type { Store } from './open-store';

const FREE_BYTES_MIN = 64 * 1024 * 1024;

/** Registers what readiness depends on: that the engine answers, and that its directory can be written. */
export function watchStore(health: Health, { engine, directory }: Store): void {
  health.register('engine', async () => {
    await engine.counts([emptyNode()]);
    return { ok: true };
  });
  health.register('dataDirectory', () => checkDirectory(directory.path));
}

async function checkDirectory(path: string): Promise<DependencyState> {
  await access(path, constants.W_OK);
  const { bavail, bsize } = await statfs(path);
  if (bavail * bsize >= FREE_BYTES_MIN) return { ok: true };
  return { ok: false, detail: `less than ${FREE_BYTES_MIN / 1_048_576} MiB of disk are free for the data directory` };
}
