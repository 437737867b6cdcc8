import { universeNode } from '@tessera/audience';
import type { SegmentationEngine, UserReader } from '@tessera/audience';
import type { CatalogStore } from '@tessera/tag-catalog';
import type { MemoryStatus, StatusReader } from '../ports';
import type { MessageRate } from './message-rate';

export interface ServiceStatus {
  readonly engine: string;
  readonly dataVersion: number;
  readonly users: { readonly known: number; readonly bound: number };
  readonly tagTypes: number;
  readonly tags: number;
  readonly messagesPerSecond: number;
  readonly lag: number;
  readonly rememberedIds: { readonly count: number; readonly max: number };
  readonly dataDirectory: { readonly bytes: number };
  readonly memory: MemoryStatus | null;
  readonly versions: { readonly tessera: string; readonly node: string; readonly catalog: number };
  readonly uptimeSeconds: number;
  readonly store: { readonly [name: string]: number | string | boolean | null };
}

export interface StatusPorts {
  readonly engine: SegmentationEngine;
  readonly users: UserReader;
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
    const { engine, users, catalogStore, status } = this.ports;
    const [store, known] = await Promise.all([status.status(), this.knownUsers()]);
    const catalog = catalogStore.current();
    return {
      engine: engine.name,
      dataVersion: users.dataVersion,
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

  async knownUsers(): Promise<number> {
    const { counts } = await this.ports.engine.counts([universeNode()]);
    return counts[0] ?? 0;
  }
}
