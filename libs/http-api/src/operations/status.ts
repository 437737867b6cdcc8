import { universeNode } from '@tessera/audience';
import type { DataVersion, SegmentationEngine } from '@tessera/audience';
import { inTime, LateError } from '@tessera/platform';
import { StoreUnavailableError } from '@tessera/tag-catalog';
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

/** An engine may wait some seconds for a moment without writes; a scrape of the metrics waits for 10. */
const COUNT_MS_MAX = 6_000;
const NOT_KNOWN = { known: null, dataVersion: null };

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

  /** Nulls where there is no engine, and while it can't be asked: all else is told then too. */
  async knownUsers(): Promise<{ readonly known: number | null; readonly dataVersion: DataVersion }> {
    const { engine } = this.ports;
    if (engine === null) return NOT_KNOWN;
    try {
      const { counts, dataVersion } = await inTime(engine.counts([universeNode()]), COUNT_MS_MAX);
      return { known: counts[0] ?? 0, dataVersion };
    } catch (error) {
      if (error instanceof StoreUnavailableError || error instanceof LateError) return NOT_KNOWN;
      throw error;
    }
  }
}
