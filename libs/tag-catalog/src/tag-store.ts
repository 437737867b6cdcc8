import type { MessageBatch, Rejection, Verdict } from './message';

/** Where a write came from, for idempotency: one whose position is not after the last one applied of the same source is skipped. */
export interface SourcePosition {
  /** E.g. a Kafka topic and partition. */
  readonly source: string;
  /** Of the last thing that the write covers. Safe integers. */
  readonly position: number;
  /**
   * The position of each message or cuid of the write, ascending, none after `position`: with them `SourceProgress` names the refused ones.
   * Left out: it names none.
   */
  readonly each?: readonly number[];
  /** A checksum of what stands at `position`, to be recognised by: 1 to 2^32 − 1. Left out: it can't be. */
  readonly mark?: number;
}

/** A message or cuid that the store itself has refused when it was applied. */
export interface RefusedPosition extends Rejection {
  readonly position: number;
}

/** How far a source has come; as durable as what was applied. */
export interface SourceProgress {
  /** Of the last write applied. */
  readonly position: number;
  readonly mark?: number;
  /** Those that the last write applied refused, ascending: whoever died before telling anybody of them can do so now. */
  readonly refused: readonly RefusedPosition[];
}

export interface BatchOutcome {
  /** One per message, in order. */
  readonly verdicts: readonly Verdict[];
  /** Position in the log after this batch; what an offset token holds. Grows strictly with each batch, erasure and list change. */
  readonly position: number;
}

/** An erasure that is durable and visible. `null` guid: the cuid was not known. */
export interface ErasureOutcome {
  readonly erased: boolean;
  readonly position: number;
}

/**
 * Takes writes. Order: they are applied in the order of the calls. A resolved promise means durable (survives `kill -9`)
 * and visible to every read that starts later. Idempotent by source position: a batch seen before is not applied again and
 * answers with `duplicate` verdicts. Failure: a rejected promise means nothing of the batch was applied or will be; `StoreUnavailableError` says
 * whether a retry helps.
 */
export interface TagStore {
  /**
   * An empty batch is taken too: it moves the position of its source. A batch is applied in one go, and nothing is answered meanwhile: keep it to 1,000
   * messages (1 to 2 ms). More than that is taken, and holds up others.
   */
  apply(batch: MessageBatch, source?: SourcePosition): Promise<BatchOutcome>;
  /** Makes users known who have sent nothing (MEANING section 2, Known users). A verdict for each: `accepted`; `stale` for one known already. */
  bind(cuids: readonly string[], source?: SourcePosition): Promise<BatchOutcome>;
  /** Erases one user (MEANING section 2, Erasure), in order with the batches. One that was seen before, by its position, erases nobody. */
  erase(cuid: string, arrivalMs: number, source?: SourcePosition): Promise<ErasureOutcome>;
  /** Null: nothing of this source was ever applied. */
  progressOf(source: string): SourceProgress | null;
}

/** The store can't take writes or reads now. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  constructor(
    message: string,
    readonly retriable: boolean,
  ) {
    super(message);
  }
}
