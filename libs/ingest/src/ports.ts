import type { Guid } from '@tessera/tag-catalog';

// What the loops of the workers need from a stream and from identity. Adapters are chosen by the apps.

export type StreamHeaders = Readonly<Record<string, Buffer>>;

/** A record as it was read from one partition. */
export interface StreamRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: StreamHeaders;
}

/** A record to be written. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: StreamHeaders;
  readonly timestampMs?: number;
}

/** One cuid and its guid. */
export interface Binding {
  readonly cuid: string;
  readonly guid: Guid;
}

/** cuids to guids; see `IdentityResolver` of libs/identity for what each method promises. */
export interface Resolver {
  resolve(cuids: readonly string[]): Promise<{ readonly guids: Uint32Array; readonly unlogged: readonly Binding[] }>;
  holds(bindings: readonly Binding[]): Promise<boolean>;
  confirm(bindings: readonly Binding[]): Promise<void>;
  unbind(cuid: string): Promise<readonly Guid[]>;
  confirmErased(cuid: string, guids: readonly Guid[]): Promise<void>;
  refresh(): Promise<void>;
}

/** Where dead letters go. */
export interface LetterBox {
  /** Resolves when all replicas have them. */
  write(letters: readonly OutgoingRecord[]): Promise<unknown>;
}

/** Which tag types there are. */
export interface TagTypes {
  /** Waits a few seconds for a type that it does not know yet: it may have been declared a moment ago. */
  has(type: string): Promise<boolean>;
}
