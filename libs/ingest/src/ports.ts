import type { Guid, ProfileEntry, ProfileOutcome } from '@tessera/tag-catalog';
import type { Origin } from './topics';

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

/** Entries of one source that were applied together, and what became of each. */
export interface AppliedBatch {
  readonly origin: Origin;
  readonly entries: readonly ProfileEntry[];
  /** The record that each was read from. */
  readonly records: readonly StreamRecord[];
  readonly outcomes: readonly ProfileOutcome[];
}

/**
 * Is given what became of all entries, in the order of each source, and before its position moves past them: what it has not taken when the process dies it
 * is given again, as `ProfileOutcome` says.
 */
export interface OutcomeReceiver {
  /**
   * One call at a time for each source. After a throw the source begins anew from its position.
   * @param signal aborted when nobody waits for the end any more.
   */
  take(applied: AppliedBatch, signal: AbortSignal): Promise<void>;
}

/** A receiver that makes durable what it was given later than it takes it, and knows by itself how far it has come: a tag store. */
export interface DurableReceiver {
  /**
   * A source comes to this process, or begins anew. Whoever opened it before is told so at the next call.
   * @throws where it can't be known from where on the source is needed.
   */
  open(origin: Origin): Promise<Opening>;
  /** What is taken from now on begins there: not after what the opening needs. @throws as `take` */
  begin(opening: Opening, position: number): void;
  /** As `OutcomeReceiver.take`. @throws also where the source has been opened anew since. */
  take(batch: AppliedBatch, opening: Opening, signal: AbortSignal): Promise<void>;
  /** Everything below the offset was taken or is not for it. @returns everything below this one is durable. @throws as `take` */
  settle(opening: Opening, nextOffset: number): number;
  /** The source is somebody else's now, or will be opened anew: what is not durable will be told again. */
  leave(opening: Opening): void;
}

/** A source that is told to a durable receiver. */
export interface Opening {
  readonly origin: Origin;
  /** The offset from which the receiver needs the source. */
  readonly next: number;
  /** No other opening has the same. */
  readonly id: number;
}
