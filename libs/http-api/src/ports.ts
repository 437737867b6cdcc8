import type {
  FieldStatisticsReader,
  ListStore,
  DataVersion,
  ReferencePort,
  SegmentationEngine,
  UserReader,
} from '@tessera/audience';
import type { CatalogStore, MessageOptions } from '@tessera/tag-catalog';
import type { ApiKeys, Health, Metrics } from '@tessera/platform';
import type { ErasureSink, MessageSink } from './messages/message-sink';
import type { MessageRate } from './operations/message-rate';
import type { ReadOffsets } from './requests/offsets';

/** Where the memory goes, in bytes. */
export interface MemoryStatus {
  /** What the state takes; null as the limit: there is none. */
  readonly used: number;
  readonly limit: number | null;
  /** Of the whole process. */
  readonly resident: number;
  /** By tag (`type.tag`) and by event type: values, indexes, rows. */
  readonly tags: { readonly [tag: string]: number };
  readonly events: { readonly [type: string]: number };
  readonly writeTimes: number;
  readonly identity: number;
  readonly ids: number;
  readonly lists: number;
  readonly caches: number;
  /** Pieces of the state read back from disk, and pieces that left memory, since the start. */
  readonly reads: number;
  readonly evictions: number;
  /** True: writes are refused until the state takes less. */
  readonly refusesWrites: boolean;
}

/** What `GET /v1/status` shows of the store beside what the other ports tell. */
export interface StoreStatus {
  /** Users that ever got a number and are not erased. */
  readonly usersBound: number | null;
  /** Message ids remembered against repeats, and at most how many; null: not known here. */
  readonly rememberedIds: number | null;
  readonly rememberedIdsMax: number | null;
  /** Null: there is none. */
  readonly dataDirectoryBytes: number | null;
  /** Messages of a stream that are not visible yet; 0 without one; null: not known here. */
  readonly lag: number | null;
  /** Null where the store keeps no state of its own in memory. */
  readonly memory: MemoryStatus | null;
  /** Further figures of the adapter, shown as they are. */
  readonly details: { readonly [name: string]: number | string | boolean | null };
}

export interface StatusReader {
  status(): Promise<StoreStatus>;
}

/** What a check of the store found. */
export interface VerificationReport {
  /** One sentence for each thing that does not agree; empty: all is well. */
  readonly findings: readonly string[];
  readonly users: number;
  /** Null: there are none. */
  readonly tagShards: number | null;
  readonly eventRows: number;
  /** At the beginning of the check. */
  readonly dataVersion: DataVersion;
}

/** Compares everything that the store holds twice. Reads all of it once: slow, and requests may have to wait meanwhile. */
export interface Verifier {
  verify(): VerificationReport | Promise<VerificationReport>;
}

/** The adapters behind the HTTP API. One object may stand for several ports. */
export interface HttpApiPorts {
  readonly catalogStore: CatalogStore;
  readonly writes: MessageSink & ErasureSink;
  /** Tokens that `writes` gives out. */
  readonly offsets: ReadOffsets;
  /** Names that no tag type can have here; left out: none. */
  readonly namesTaken?: ReadonlySet<string>;
  /** Null, as any of the following: what needs it is answered with 501. */
  readonly engine: SegmentationEngine | null;
  readonly users: UserReader;
  readonly lists: ListStore | null;
  readonly statistics: FieldStatisticsReader | null;
  readonly verifier: Verifier | null;
  /** Left out: lists only. */
  readonly references?: ReferencePort;
  readonly status: StatusReader;
}

/** How the HTTP API behaves; all of it comes from the app. */
export interface HttpApiOptions {
  /** At least 16 bytes, the same after a restart: signs offset tokens and cursors. */
  readonly secret: Uint8Array;
  /** Wall clock, ms. */
  readonly clock: () => number;
  /** Zone of requests that name none. */
  readonly timeZone: string;
  /** Shown in status and OpenAPI. */
  readonly version: string;
  readonly apiKeys: ApiKeys;
  readonly health: Health;
  readonly metrics: Metrics;
  /** Where messages are counted; given by an app that takes some another way too. */
  readonly rate?: MessageRate;
  /** Aborted at shutdown: streams end where they are. */
  readonly drain: AbortSignal;
  readonly messages: MessageOptions;
  /** Narrows cuids in paths and bodies as in messages. */
  readonly cuidPattern: RegExp | null;
  readonly messagesConcurrency: number;
  readonly requestsConcurrency: number;
  /** Memory for the results that member cursors page through. */
  readonly cursorBytesMax: number;
  /** For the list of refused messages of a request when it grows past a few MiB. */
  readonly temporaryDirectory: string;
}

/** Nest tokens under which the module provides the ports and options. */
export const CATALOG_STORE = Symbol('CatalogStore');
export const SEGMENTATION_ENGINE = Symbol('SegmentationEngine');
export const READ_OFFSETS = Symbol('ReadOffsets');
export const HTTP_API_OPTIONS = Symbol('HttpApiOptions');

/** References while there are no saved audiences: lists only. */
export function listReferences(lists: Pick<ListStore, 'has'>): ReferencePort {
  return {
    audience: () => Promise.resolve(undefined),
    hasSnapshot: () => Promise.resolve(false),
    hasList: (id) => lists.has(id),
  };
}
