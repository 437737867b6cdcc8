import type { MessageBatch, TagStore, Verdict } from '@tessera/tag-catalog';
import type { Offsets } from '../requests/offsets';

/** Messages that have passed the checks against the catalogue, and what they were read from. */
export interface ReceivedBatch extends MessageBatch {
  /** Each message as JSON, in the order of `messages`. */
  readonly raw: readonly unknown[];
}

/** Takes the messages of one request. */
export interface MessageWriter {
  /**
   * Batches count in the order of the calls. Durable once resolved.
   *
   * @returns one verdict a message. @throws StoreUnavailableError: nothing of the batch is acknowledged.
   */
  write(batch: ReceivedBatch): Promise<readonly Verdict[]>;
  /** An offset token: who reads with it sees all that this request has written by now. */
  offset(): string;
}

/** Where messages go. */
export interface MessageSink {
  /** True: it says at once which messages are stale or duplicate. False: that is found out later, and answers say null. */
  readonly decides: boolean;
  begin(): MessageWriter;
}

/** What became of an erasure. */
export interface Erasure {
  /** False: it is known that there was no such user. */
  readonly erased: boolean;
  /** An offset token: who reads with it does not see the user any more. */
  readonly offset: string;
}

/** Takes erasures. */
export interface ErasureSink {
  /** True: an erasure has taken effect when it is answered. */
  readonly decides: boolean;
  /** Durable once resolved, behind what was written of the user before. @throws StoreUnavailableError */
  erase(cuid: string, arrivalMs: number): Promise<Erasure>;
}

/** A store that applies messages before it answers. */
export class StoreSink implements MessageSink, ErasureSink {
  readonly decides = true;
  /** Highest log position this process has written; a request that applied nothing is at that offset too. */
  #position = 0;

  constructor(
    private readonly store: Pick<TagStore, 'apply' | 'erase'>,
    private readonly offsets: Pick<Offsets, 'issue'>,
  ) {}

  begin(): MessageWriter {
    return {
      write: async ({ arrivalMs, messages }) => {
        const { verdicts, position } = await this.store.apply({ arrivalMs, messages });
        this.#position = Math.max(this.#position, position);
        return verdicts;
      },
      offset: () => this.offsets.issue(this.#position),
    };
  }

  async erase(cuid: string, arrivalMs: number): Promise<Erasure> {
    const { erased, position } = await this.store.erase(cuid, arrivalMs);
    return { erased, offset: this.offsets.issue(position) };
  }
}
