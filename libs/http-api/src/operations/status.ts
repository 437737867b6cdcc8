import { universeNode } from '@tessera/audience';
import type { DataVersion, SegmentationEngine } from '@tessera/audience';
import type { CatalogStore } from '@tessera/tag-catalog';
import type { MemoryStatus, StatusReader } from '../ports';
import type { MessageRate } from './message-rate';

export interface ServiceStatus {
  /** Null: there is none. */
  readonly engine: string | null;
  readonly dataVersion: DataVersion;
  readonly users: { readonly known: number | null; readonly bound: number | null };
  readonly tagTypes: number;
  readonly tags: number;
  readonly messagesPerSecond: number;
  readonly lag: number | null;
  readonly rememberedIds: { readonly count: number | null; readonly max: number | null };
  readonly dataDirectory: { readonly bytes: number | null };
  readonly memory: MemoryStatus | null;
  readonly versions: { readonly tessera: string; readonly node: string; readonly catalog: number };
  readonly uptimeSeconds: number;
  readonly store: { readonly [name: string]: number | string | boolean | null };
}

export interface StatusPorts {
  readonly engine: SegmentationEngine | null;
  readonly catalogStore: CatalogStore;
  readonly status: StatusReader;
}

/** Sums up the state of the service. */
export class StatusDesk {
  constructor(
    private readonly ports: StatusPorts,
    private readonly rate: MessageRate,
    private readonly version: string,
  ) {}

  async read(): Promise<ServiceStatus> {
    const { engine, catalogStore, status } = this.ports;
    const [store, { known, dataVersion }] = await Promise.all([status.status(), this.knownUsers()]);
    const catalog = catalogStore.current();
    return {
      engine: engine?.name ?? null,
      dataVersion,
      users: { known, bound: store.usersBound },
      tagTypes: catalog.types.length,
      tags: [...catalog.tags].length,
      messagesPerSecond: this.rate.perSecond(),
      lag: store.lag,
      rememberedIds: { count: store.rememberedIds, max: store.rememberedIdsMax },
      dataDirectory: { bytes: store.dataDirectoryBytes },
      memory: store.memory,
      versions: { tessera: this.version, node: process.version, catalog: catalog.version },
      uptimeSeconds: Math.floor(process.uptime()),
      store: store.details,
    };
  }

  async knownUsers(): Promise<{ readonly known: number | null; readonly dataVersion: DataVersion }> {
    const { engine } = this.ports;
    if (engine === null) return { known: null, dataVersion: null };
    const { counts, dataVersion } = await engine.counts([universeNode()]);
    return { known: counts[0] ?? 0, dataVersion };
  }
}
