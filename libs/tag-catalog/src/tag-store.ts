import type { MessageBatch, Verdict } from './message';

/** Where a batch came from, for idempotency: a batch whose position is not after the last one applied of the same source is skipped. */
export interface SourcePosition {
  /** E.g. a Kafka topic and partition. */
  readonly source: string;
  readonly position: number;
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
 * Takes writes. Order: batches are applied in the order of the calls. A resolved promise means durable (survives `kill -9`)
 * and visible to every read that starts later. Idempotent by source position: a batch seen before is not applied again and
 * answers with `duplicate` verdicts. Failure: a rejected promise means nothing of the batch was applied or will be; `StoreUnavailableError` says
 * whether a retry helps.
 */
export interface TagStore {
  /** A batch is applied in one go, and nothing is answered meanwhile: keep it to 1,000 messages (1 to 2 ms). More than that is taken, and holds up others. */
  apply(batch: MessageBatch, source?: SourcePosition): Promise<BatchOutcome>;
  /** Erases one user (MEANING section 2, Erasure), in order with the batches. */
  erase(cuid: string, arrivalMs: number): Promise<ErasureOutcome>;
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
