import type { DataDirectory } from '@tessera/data-directory';
import type { Catalog } from '@tessera/tag-catalog';
import type { IdentityPort } from './identity-port';
import type { ThreadEntry } from './parallel/thread-pool';

export interface EmbeddedEngineOptions {
  readonly directory: DataDirectory;
  /** The newest catalogue; called at every use. */
  readonly catalog: () => Catalog;
  /** Empty; the engine fills it from the directory and owns it. */
  readonly identity: IdentityPort;
  /** Wall clock, ms. */
  readonly clock: () => number;
  /** Newest ids remembered for duplicates; default 50 million (MEANING section 2, id). */
  readonly idEntriesMax?: number;
  /** Log bytes after which a checkpoint is made by itself; default: a quarter of the state's bytes, at least 256 and at most 512 MiB. 0: never. */
  readonly checkpointLogBytes?: number;
  /** Threads beside the caller's that evaluate large questions and build indexes; default 0: all is done on the caller's. */
  readonly threads?: number;
  /** How they are started; default: from the compiled files. */
  readonly threadEntry?: ThreadEntry;
  /** Tests × shards of a question from which on they evaluate it; default 64. */
  readonly parallelFrom?: number;
  /** Bytes that the state may take in memory: past it, what was not used for longest is read from disk when it is needed. Default: no limit. */
  readonly memoryBytesMax?: number;
  /** Told of failures of background work (checkpoints); default: nothing. */
  readonly onBackgroundError?: (error: unknown) => void;
}

/** Figures for status pages and metrics. */
export interface EngineStatus {
  readonly users: number;
  readonly highestGuid: number;
  readonly dataVersion: number;
  readonly checkpointSequence: number;
  readonly rememberedIds: number;
  readonly rememberedIdsMax: number;
  readonly logBytes: number;
  readonly memory: {
    /** What all of it takes; the parts are in `bytes`. */
    readonly usedBytes: number;
    /** Null: no limit. */
    readonly bytesMax: number | null;
    /** Chunks read back from disk, and chunks that left memory, since the start. */
    readonly reads: number;
    readonly evictions: number;
    /** Writes are refused until it takes less. */
    readonly isOver: boolean;
  };
  /** Tasks given to evaluation threads so far. */
  readonly threadTasks: number;
  readonly bytes: {
    readonly identity: number;
    readonly tags: number;
    readonly events: number;
    readonly lists: number;
    readonly ids: number;
    /** Counts kept for rules that are asked again, and records on their way into the state. */
    readonly caches: number;
  };
}
