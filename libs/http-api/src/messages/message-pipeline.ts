import type { Rejection, TagMessage, Verdict } from '@tessera/tag-catalog';
import type { MessageWriter } from './message-sink';
import type { Rejections } from './rejections';

/** What a store applies in one go, which is to take a few milliseconds at most (`MessageWriter.write`). */
const BATCH_MESSAGES_MAX = 1_000;
const BATCH_BYTES_MAX = 1024 * 1024;
/** One is being made durable while the next is being read. */
const BATCHES_IN_FLIGHT_MAX = 2;

/** What has become of the messages of one request so far. */
export interface Tally {
  accepted: number;
  stale: number;
  duplicate: number;
}

class PendingBatch {
  readonly messages: TagMessage[] = [];
  readonly raw: unknown[] = [];
  readonly indexes: number[] = [];
  readonly rejected: { readonly index: number; readonly rejection: Rejection }[] = [];
  bytes = 0;

  constructor(readonly arrivalMs: number) {}

  get full(): boolean {
    return (
      this.messages.length >= BATCH_MESSAGES_MAX ||
      this.rejected.length >= BATCH_MESSAGES_MAX ||
      this.bytes >= BATCH_BYTES_MAX
    );
  }

  get empty(): boolean {
    return this.messages.length === 0 && this.rejected.length === 0;
  }
}

/**
 * Hands the messages of one request to the store in batches, in order, with at most two of them on their way; the producer waits for room,
 * which is what makes the request stream wait. Results are taken in order. After a batch has failed nothing more is handed over.
 */
export class MessagePipeline {
  readonly tally: Tally = { accepted: 0, stale: 0, duplicate: 0 };
  #pending: PendingBatch | undefined;
  readonly #inFlight = new Set<Promise<void>>();
  #lastSettled: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #offered = false;

  constructor(
    private readonly writer: MessageWriter,
    private readonly rejections: Rejections,
    private readonly clock: () => number,
  ) {}

  /** When the batch that the next message joins was read, ms: the time of messages that carry none. */
  get arrivalMs(): number {
    return this.#batch().arrivalMs;
  }

  /** True: call `flush` before adding more. */
  get full(): boolean {
    return this.#pending?.full ?? false;
  }

  /** @param raw the message as JSON. */
  add(message: TagMessage, raw: unknown, index: number, bytes: number): void {
    const batch = this.#batch();
    batch.messages.push(message);
    batch.raw.push(raw);
    batch.indexes.push(index);
    batch.bytes += bytes;
  }

  reject(index: number, rejection: Rejection): void {
    this.#batch().rejected.push({ index, rejection });
  }

  /** Says that nothing more is at hand for now: what is pending goes as soon as there is room. Does not wait. */
  offer(): void {
    if (this.#inFlight.size < BATCHES_IN_FLIGHT_MAX) this.#send();
    else this.#offered = true;
  }

  /** Hands over what is pending; waits for room, not for the result. Throws what an earlier batch failed with. */
  async flush(): Promise<void> {
    while (this.#inFlight.size >= BATCHES_IN_FLIGHT_MAX) await Promise.race(this.#inFlight);
    this.#throwFailure();
    this.#send();
  }

  /** Hands over the rest and waits for all results. */
  async finish(): Promise<void> {
    await this.flush();
    await this.settle();
    this.#throwFailure();
  }

  /** Waits for what is on its way, whatever comes of it; what is pending is dropped. */
  async settle(): Promise<void> {
    this.#pending = undefined;
    await Promise.all(this.#inFlight);
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #batch(): PendingBatch {
    return (this.#pending ??= new PendingBatch(this.clock()));
  }

  #send(): void {
    const batch = this.#pending;
    this.#pending = undefined;
    this.#offered = false;
    if (batch === undefined || batch.empty || this.#failure !== undefined) return;
    const settled = this.#apply(batch, this.#lastSettled).catch((error: unknown) => {
      this.#failure ??= { error };
    });
    this.#lastSettled = settled;
    this.#inFlight.add(settled);
    void settled.then(() => {
      this.#inFlight.delete(settled);
      if (this.#offered) this.#send();
    });
  }

  async #apply(batch: PendingBatch, previous: Promise<void>): Promise<void> {
    const { arrivalMs, messages, raw } = batch;
    const applied = messages.length > 0 ? this.writer.write({ arrivalMs, messages, raw }) : undefined;
    // The previous batch settles first, so that results are in order; a failure of this one must not go unhandled meanwhile.
    applied?.catch(() => undefined);
    await previous;
    const verdicts = (await applied) ?? [];
    const rejected = [...batch.rejected];
    for (const [at, verdict] of verdicts.entries()) {
      const rejection = this.#count(verdict);
      if (rejection !== undefined) rejected.push({ index: batch.indexes[at] ?? 0, rejection });
    }
    rejected.sort((left, right) => left.index - right.index);
    for (const { index, rejection } of rejected) this.rejections.add({ index, ...rejection });
  }

  #count(verdict: Verdict): Rejection | undefined {
    if (typeof verdict !== 'string') return verdict;
    this.tally[verdict]++;
    return undefined;
  }
}
