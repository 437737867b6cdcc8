import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

const BLOCK_BYTES = 512;

/** What the files below a folder take on the disk: holes in sparse files are none of it. Files that go meanwhile count as nothing. */
export async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) =>
      stat(path.join(parentPath, name)).then(
        ({ blocks }) => blocks * BLOCK_BYTES,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}
