import { EmbeddedEngine } from '@tessera/embedded-engine';
import { LmdbCatalogStore } from '@tessera/catalog-store';
import { DataDirectory } from '@tessera/data-directory';
import { LocalIdentity } from '@tessera/identity';

/** What one process keeps its data in. */
export interface Store {
  readonly directory: DataDirectory;
  readonly catalogStore: LmdbCatalogStore;
  readonly engine: EmbeddedEngine;
  /** Makes a checkpoint and lets go of the directory. */
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly path: string;
  readonly readOnly: boolean;
  readonly idEntriesMax: number;
  /** Threads that evaluate large questions beside this one. */
  readonly threads: number;
  /** Of the state; Infinity: no limit. */
  readonly memoryBytesMax: number;
  /** Told of failures of background work. */
  readonly onBackgroundError: (error: unknown) => void;
}

/** Where the seed of the identity table lies in the directory's secret; the engine's own seeds take the first 16 bytes. */
const IDENTITY_SEED_AT = 16;
const IDENTITY_SEED_BYTES = 6;

/**
 * Opens the data directory and the engine on it.
 *
 * @throws DirectoryLockedError, DataDirectoryFormatError, CorruptLogError, CorruptChunkError.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const directory = await DataDirectory.open(options.path, { readOnly: options.readOnly });
  try {
    const catalogStore = new LmdbCatalogStore(directory.documents);
    const engine = await EmbeddedEngine.open({
      directory,
      catalog: () => catalogStore.current(),
      identity: new LocalIdentity({ seed: directory.secret.readUIntLE(IDENTITY_SEED_AT, IDENTITY_SEED_BYTES) }),
      clock: () => Date.now(),
      idEntriesMax: options.idEntriesMax,
      threads: options.threads,
      memoryBytesMax: options.memoryBytesMax,
      onBackgroundError: options.onBackgroundError,
      // A read-only directory takes no checkpoint.
      ...(options.readOnly ? { checkpointLogBytes: 0 } : {}),
    });
    const close = async (): Promise<void> => {
      await (options.readOnly ? engine.abandon() : engine.close());
      await directory.close();
    };
    return { directory, catalogStore, engine, close };
  } catch (error) {
    await directory.close();
    throw error;
  }
}
