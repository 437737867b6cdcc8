import type { CatalogStore } from '@tessera/tag-catalog';
import type { MessageSink } from '../messages/message-sink';
import type { HttpApiOptions } from '../ports';
import type { StreamOffsets } from '../requests/stream-offsets';

/** Takes erasures. */
export interface ErasureSink {
  /** Durably queued once resolved, behind what was written of the user before. @returns an offset token. @throws StoreUnavailableError */
  erase(cuid: string, arrivalMs: number): Promise<string>;
}

/** The adapters behind the part of the HTTP API that needs no engine. */
export interface IntakeApiPorts {
  readonly catalogStore: Required<CatalogStore>;
  readonly sink: MessageSink & ErasureSink;
  readonly offsets: StreamOffsets;
  /** Names that no tag type can have. */
  readonly namesTaken: ReadonlySet<string>;
}

export type IntakeApiOptions = Omit<HttpApiOptions, 'timeZone' | 'cursorBytesMax' | 'offsetWaitMsMax'>;

/** Nest token. */
export const ERASURE_SINK = Symbol('ErasureSink');
