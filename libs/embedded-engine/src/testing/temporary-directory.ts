import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory } from '@tessera/data-directory';

/** A data directory of one test: opened again as often as it likes, gone with `remove`. */
export class TemporaryDirectory {
  #opened: DataDirectory | null = null;

  private constructor(readonly path: string) {}

  static async make(): Promise<TemporaryDirectory> {
    return new TemporaryDirectory(await mkdtemp(join(tmpdir(), 'tessera-engine-')));
  }

  async open(): Promise<DataDirectory> {
    await this.#opened?.close();
    this.#opened = await DataDirectory.open(this.path);
    return this.#opened;
  }

  async remove(): Promise<void> {
    await this.#opened?.close();
    await rm(this.path, { recursive: true, force: true });
  }
}
