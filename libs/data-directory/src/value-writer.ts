import type { Extent, ValueFile } from './value-file';

/** Bytes handed to the system at the same time: what memory a writer that does not wait can take, its own apart. */
const UNDER_WAY_BYTES_MAX = 32 * 2 ** 20;
/** The disk is told to take what was written every so many bytes, so that no later sync, of the log for one, has to wait for gigabytes. */
const SYNC_BYTES = 32 * 2 ** 20;

/** Writes into the value file with back-pressure. */
export class ValueWriter {
  #underWay = 0;
  #unsynced = 0;
  #syncing: Promise<void> = Promise.resolve();
  #waiting: (() => void)[] = [];
  /** Grows with every sync that failed: what was written before may be lost even if a later one succeeds. */
  failedSyncs = 0;

  constructor(private readonly file: ValueFile) {}

  /** Resolves once the system has the bytes: they may change then. They are on disk after the next {@link sync}. */
  async write(value: Uint8Array, extents: readonly Extent[]): Promise<void> {
    while (this.#underWay > 0 && this.#underWay + value.length > UNDER_WAY_BYTES_MAX) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#underWay += value.length;
    try {
      await this.file.write(value, extents);
    } finally {
      this.#underWay -= value.length;
      this.#waiting.splice(0).forEach((wake) => wake());
    }
    this.#unsynced += value.length;
    if (this.#unsynced < SYNC_BYTES) return;
    // Writing goes on during one sync, but not past it.
    const previous = this.#syncing;
    void this.sync().catch(() => undefined);
    await previous;
  }

  /** What was written before is on disk once resolved. */
  sync(): Promise<void> {
    this.#unsynced = 0;
    const sync = this.#syncing
      .catch(() => undefined)
      .then(() => this.file.sync())
      .catch((error: unknown) => {
        this.failedSyncs++;
        throw error;
      });
    sync.catch(() => undefined);
    this.#syncing = sync;
    return sync;
  }
}
