import type { ChunkStorePort } from '../storage/checkpoint';

/** Chunks in a map, for tests that restart at every step. */
export class MemoryChunks implements ChunkStorePort {
  readonly stored = new Map<string, Buffer>();

  get(key: string): Buffer | undefined {
    return this.stored.get(key);
  }

  keys(prefix: string): readonly string[] {
    return [...this.stored.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  entries(prefix: string): Iterable<[string, Buffer]> {
    return [...this.stored]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, bytes]) => [key, Buffer.from(bytes)]);
  }

  async commit(changes: Parameters<ChunkStorePort['commit']>[0]): Promise<void> {
    changes.removes.forEach((key) => this.stored.delete(key));
    // Copied at once: what the caller does to its buffers later is seen by nobody.
    changes.puts.forEach(([key, bytes]) => this.stored.set(key, Buffer.from(bytes)));
    return Promise.resolve();
  }
}
