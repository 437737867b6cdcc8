import { LmdbCatalogStore } from '@tessera/catalog-store';
import { DataDirectory } from '@tessera/data-directory';
import { EmbeddedEngine } from '@tessera/embedded-engine';
import { LocalIdentity } from '@tessera/identity';
import type { Catalog } from '@tessera/tag-catalog';
import { catalogBefore, CLOCK_MS } from './workload';

export interface OpenedEngine {
  readonly engine: EmbeddedEngine;
  readonly directory: DataDirectory;
  readonly catalogStore: LmdbCatalogStore;
}

export interface OpenOptions {
  readonly readOnly?: boolean;
  /** Given to a directory that has no catalogue yet; one that all operations of the workload can do with if left out. */
  readonly firstCatalog?: Catalog;
  /** Wall clock, ms; that of the workload if left out. */
  readonly clock?: () => number;
  readonly idEntriesMax?: number;
}

/** Where the standalone server takes the seed of the identity table from. */
const IDENTITY_SEED_AT = 16;
/** More than a spec gets through without changing the catalogue. */
const OPERATIONS_MAX = 20_000;

/** Opens directory, catalogue and engine as the standalone server does, but with a clock of its own and with checkpoints only when asked for. */
export async function openEngine(path: string, options: OpenOptions = {}): Promise<OpenedEngine> {
  const { readOnly = false } = options;
  const directory = await DataDirectory.open(path, { readOnly });
  try {
    const catalogStore = new LmdbCatalogStore(directory.documents);
    const { firstCatalog = catalogBefore(OPERATIONS_MAX) } = options;
    if (!readOnly && catalogStore.current().types.length === 0) await catalogStore.update(() => firstCatalog);
    const engine = await EmbeddedEngine.open({
      directory,
      catalog: () => catalogStore.current(),
      identity: new LocalIdentity({ seed: directory.secret.readUInt32LE(IDENTITY_SEED_AT) }),
      clock: options.clock ?? ((): number => CLOCK_MS),
      checkpointLogBytes: 0,
      ...(options.idEntriesMax === undefined ? {} : { idEntriesMax: options.idEntriesMax }),
    });
    return { engine, directory, catalogStore };
  } catch (error) {
    await directory.close();
    throw error;
  }
}
