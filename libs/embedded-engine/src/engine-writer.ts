import { type Catalog, StoreUnavailableError } from '@tessera/tag-catalog';
import { type Applied, applyRecord } from './apply-record';
import type { EngineState } from './engine-state';
import { type ChunkStorePort, writeCheckpoint } from './storage/checkpoint';
import { decodeRecord, encodeRecord, type LogRecord } from './storage/log-codec';

/** What the writer needs of the write-ahead log. */
export interface LogPort {
  readonly bytes: number;
  readonly lastSequence: number;
  /** The sequence is given at once, one after the other; `durable` promises are kept in that order. */
  append(payload: Buffer): { readonly sequence: number; readonly durable: Promise<void> };
  replay(
    afterSequence: number,
    visit: (sequence: number, payload: Buffer) => void | Promise<void>,
  ): Promise<{ readonly records: number }>;
  cutBefore(sequence: number): Promise<void>;
  startAfter(sequence: number): void;
}

export interface WriterOptions {
  readonly log: LogPort;
  readonly chunks: ChunkStorePort;
  readonly catalog: () => Catalog;
  readonly checkpointLogBytes: number;
  readonly onBackgroundError: (error: unknown) => void;
}

interface Waiter {
  readonly position: number;
  readonly resolve: (arrived: boolean) => void;
}

/**
 * The one way into the state: a record is appended to the log, and applied once it is durable, in log order. Verdicts are decided when
 * it is applied, so a replay decides the same.
 */
export class EngineWriter {
  /** Last sequence covered by a checkpoint. */
  checkpointSequence: number;
  /** Set when a durable record could not be applied: state and log no longer agree, so nothing is answered any more. */
  failure: string | null = null;
  #stopped = false;
  #underWay = 0;
  readonly #typesUnderWay = new Map<number, number>();
  readonly #waiters = new Set<Waiter>();
  #settle: (() => void)[] = [];
  #checkpoint: Promise<void> | null = null;

  constructor(
    private readonly state: EngineState,
    private readonly options: WriterOptions,
  ) {
    this.checkpointSequence = state.appliedSequence;
  }

  /** Brings the state up to the end of the log; before anything else. */
  async replay(): Promise<void> {
    const { log, catalog } = this.options;
    await log.replay(this.state.appliedSequence, (sequence, payload) => {
      applyRecord(this.state, sequence, decodeRecord(payload, catalog()));
    });
    log.startAfter(this.state.appliedSequence);
  }

  /** Resolves when the record is durable and applied. Rejects if it is not and never will be. */
  async write(record: LogRecord): Promise<{ readonly sequence: number; readonly applied: Applied }> {
    this.#refuseIfClosed();
    const types = record.kind === 'batch' ? new Set(record.batch.messages.map((message) => message.type.id)) : [];
    this.#begin(types);
    try {
      const { sequence, durable } = this.options.log.append(encodeRecord(record));
      await durable;
      const applied = this.#apply(sequence, record);
      this.#checkpointIfDue();
      return { sequence, applied };
    } finally {
      this.#end(types);
    }
  }

  /** A message of this type is on its way into the state. */
  isUnderWay(typeId: number): boolean {
    return (this.#typesUnderWay.get(typeId) ?? 0) > 0;
  }

  /** Resolves when every write begun before the call has ended. */
  async settled(): Promise<void> {
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        this.#settle.push(resolve);
      });
    }
  }

  async waitFor(position: number, timeoutMs: number): Promise<boolean> {
    if (position <= this.state.appliedSequence) {
      return true;
    }
    return new Promise((resolve) => {
      const waiter: Waiter = {
        position,
        resolve: (arrived) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve(arrived);
        },
      };
      const timer = setTimeout(() => {
        waiter.resolve(false);
      }, timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  async checkpoint(): Promise<void> {
    while (this.#checkpoint !== null) {
      await this.#checkpoint.catch(() => undefined);
    }
    this.#checkpoint = this.#makeCheckpoint().finally(() => {
      this.#checkpoint = null;
    });
    await this.#checkpoint;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.settled();
    while (this.#checkpoint !== null) {
      await this.#checkpoint.catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    const alreadyStopped = this.#stopped;
    await this.stop();
    if (!alreadyStopped && this.failure === null) {
      await this.checkpoint();
    }
  }

  async #makeCheckpoint(): Promise<void> {
    if (this.state.appliedSequence === this.checkpointSequence && this.state.tracker.dirtyCount === 0) {
      return;
    }
    const { sequence } = await writeCheckpoint(this.state, this.options.chunks);
    this.checkpointSequence = sequence;
    await this.options.log.cutBefore(sequence + 1);
  }

  #checkpointIfDue(): void {
    const { checkpointLogBytes, log, onBackgroundError } = this.options;
    if (checkpointLogBytes > 0 && this.#checkpoint === null && log.bytes >= checkpointLogBytes && !this.#stopped) {
      this.checkpoint().catch(onBackgroundError);
    }
  }

  #apply(sequence: number, record: LogRecord): Applied {
    if (this.failure !== null) {
      throw new StoreUnavailableError(this.failure, false);
    }
    try {
      const applied = applyRecord(this.state, sequence, record);
      for (const waiter of this.#waiters) {
        if (waiter.position <= sequence) {
          waiter.resolve(true);
        }
      }
      return applied;
    } catch (error) {
      this.failure = `Record ${sequence} of the log could not be applied (${String(error)}); the server answers nothing more, restart it.`;
      throw new StoreUnavailableError(this.failure, false);
    }
  }

  #refuseIfClosed(): void {
    if (this.failure !== null) {
      throw new StoreUnavailableError(this.failure, false);
    }
    if (this.#stopped) {
      throw new StoreUnavailableError('The engine is closing; send the batch again after the restart.', true);
    }
  }

  #begin(types: Iterable<number>): void {
    this.#underWay++;
    for (const typeId of types) {
      this.#typesUnderWay.set(typeId, (this.#typesUnderWay.get(typeId) ?? 0) + 1);
    }
  }

  #end(types: Iterable<number>): void {
    for (const typeId of types) {
      const left = (this.#typesUnderWay.get(typeId) ?? 1) - 1;
      if (left === 0) {
        this.#typesUnderWay.delete(typeId);
      } else {
        this.#typesUnderWay.set(typeId, left);
      }
    }
    this.#underWay--;
    if (this.#underWay === 0) {
      const settle = this.#settle;
      this.#settle = [];
      for (const resolve of settle) {
        resolve();
      }
    }
  }
}
