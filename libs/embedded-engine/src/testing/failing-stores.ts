import type { LogPort } from '../engine-writer';
import type { ChunkStagingPort, ChunkStorePort } from '../storage/checkpoint';

/** A chunk store whose commits can be held back or made to fail, as on a full disk: nothing of them is kept then. */
export class FailingChunks implements ChunkStorePort {
  failure: Error | null = null;
  /** Awaited before every commit. */
  hold: Promise<void> = Promise.resolve();
  commits = 0;

  constructor(private readonly chunks: ChunkStorePort) {}

  get(key: string): Buffer | undefined {
    return this.chunks.get(key);
  }

  keys(prefix: string): readonly string[] {
    return this.chunks.keys(prefix);
  }

  entries(prefix: string): Iterable<[string, Buffer]> {
    return this.chunks.entries(prefix);
  }

  stage(): ChunkStagingPort {
    const staging = this.chunks.stage();
    const keys: string[] = [];
    return {
      put: (key, value) => {
        keys.push(key);
        return staging.put(key, value);
      },
      commit: async (removes) => {
        this.commits++;
        const all = [...keys, ...removes];
        if (new Set(all).size !== all.length) {
          throw new Error(`A key stands twice in one commit: ${all.join(' ')}`);
        }
        await this.hold;
        if (this.failure !== null) {
          throw this.failure;
        }
        await staging.commit(removes);
      },
      abandon: () => staging.abandon(),
    };
  }
}

/**
 * A log whose appends can be made to fail, at once or only when the record is written: then it and all behind it are rejected, and their
 * sequences are given out again.
 */
export class FailingLog implements LogPort {
  failure: Error | null = null;
  writeFailure: Error | null = null;
  #unwritten = 0;

  constructor(private readonly log: LogPort) {}

  get bytes(): number {
    return this.log.bytes;
  }

  get lastSequence(): number {
    return this.log.lastSequence;
  }

  append(payload: Buffer): ReturnType<LogPort['append']> {
    if (this.failure !== null) {
      throw this.failure;
    }
    const failure = this.writeFailure;
    if (failure === null) {
      this.#unwritten = 0;
      return this.log.append(payload);
    }
    const durable = new Promise<void>((_, reject) => {
      setImmediate(() => {
        reject(failure);
      });
    });
    return { sequence: this.log.lastSequence + ++this.#unwritten, durable };
  }

  replay(...parameters: Parameters<LogPort['replay']>): ReturnType<LogPort['replay']> {
    return this.log.replay(...parameters);
  }

  cutBefore(sequence: number): Promise<void> {
    return this.log.cutBefore(sequence);
  }

  startAfter(sequence: number): void {
    this.log.startAfter(sequence);
  }
}
