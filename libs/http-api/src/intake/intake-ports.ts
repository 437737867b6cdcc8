import type { CatalogStore } from '@tessera/tag-catalog';
import type { ErasureSink, MessageSink } from '../messages/message-sink';
import type { HttpApiOptions } from '../ports';
import type { StreamOffsets } from '../requests/stream-offsets';

/** The adapters behind the part of the HTTP API that needs no engine. */
export interface IntakeApiPorts {
  readonly catalogStore: Required<CatalogStore>;
  readonly sink: MessageSink & ErasureSink;
  readonly offsets: StreamOffsets;
  /** Names that no tag type can have. */
  readonly namesTaken: ReadonlySet<string>;
}

export type IntakeApiOptions = Omit<HttpApiOptions, 'timeZone' | 'cursorBytesMax'>;

/** Nest token. */
export const ERASURE_SINK = Symbol('ErasureSink');
