import type { ChunkStagingPort, ChunkStorePort } from '../storage/checkpoint';

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

  stage(): ChunkStagingPort {
    const puts = new Map<string, Buffer>();
    return {
      put: (key, value) => {
        // Copied at once: what the caller does to its buffers later is seen by nobody.
        puts.set(key, Buffer.from(value));
        return Promise.resolve();
      },
      commit: (removes) => {
        removes.forEach((key) => this.stored.delete(key));
        puts.forEach((value, key) => this.stored.set(key, value));
        return Promise.resolve();
      },
      abandon: () => Promise.resolve(),
    };
  }
}
