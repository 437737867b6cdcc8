import path from 'node:path';
import { open } from 'lmdb';
import type { RootDatabase } from 'lmdb';

const PRELOAD_BATCH = 50_000;

/** A bare LMDB store with binary keys; a batch is one transaction, on disk once it resolves. */
export class LmdbPuts {
  private constructor(private readonly database: RootDatabase<Buffer, Buffer>) {}

  static open(folder: string): LmdbPuts {
    const database = open<Buffer, Buffer>({
      path: path.join(folder, 'lmdb'),
      noSubdir: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      mapSize: 2 ** 40,
      // A promise then means that the transaction is on disk.
      overlappingSync: false,
      eventTurnBatching: false,
    });
    return new LmdbPuts(database);
  }

  async put(entries: readonly (readonly [key: Buffer, value: Buffer])[]): Promise<void> {
    await this.database.batch(() => {
      for (const [key, value] of entries) void this.database.put(key, value);
    });
  }

  get(key: Buffer): Buffer | undefined {
    return this.database.getBinary(key);
  }

  /** Entries in ascending order of keys, which is the fast way to fill it. */
  async preload(entries: number, entry: (index: number) => readonly [key: Buffer, value: Buffer]): Promise<void> {
    for (let start = 0; start < entries; start += PRELOAD_BATCH) {
      const length = Math.min(PRELOAD_BATCH, entries - start);
      await this.put(Array.from({ length }, (_, at) => entry(start + at)));
    }
  }

  async close(): Promise<void> {
    await this.database.close();
  }
}
