import { type Catalog, StoreUnavailableError, type TagMessage } from '@tessera/tag-catalog';
import { ApplyQueue } from './apply-queue';
import { type Applied, applyRecord } from './apply-record';
import type { EngineState } from './engine-state';
import { loopTurn } from './loop-turn';
import { roomSteps } from './make-room';
import { type ChunkStorePort, writeCheckpoint } from './storage/checkpoint';
import { decodeRecord, encodeRecord, type LogRecord, type StoredRecord } from './storage/log-codec';
import { packBatch } from './storage/packed-batch';

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
  /** Log bytes at which a checkpoint is due; asked at the start and after each checkpoint. 0: never. */
  readonly checkpointLogBytes: () => number;
  readonly onBackgroundError: (error: unknown) => void;
}

/** A checkpoint that failed is tried again once the log has grown by this part of what makes one due. */
const RETRY_PARTS = 4;
/** Appended and not applied yet: past it writers wait before their record is made. */
const PENDING_BYTES_MAX = 64 * 1024 * 1024;

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
  readonly #queue: ApplyQueue;
  #stopped = false;
  #underWay = 0;
  /** Erasures appended and not applied: until then a guid may stop being its cuid's. */
  #erasuresUnderWay = 0;
  #pendingBytes = 0;
  /** Writers that wait for room, in turn. */
  readonly #roomSeekers: (() => void)[] = [];
  #letsInNextTurn = false;
  readonly #typesUnderWay = new Map<number, number>();
  readonly #waiters = new Set<Waiter>();
  #settle: (() => void)[] = [];
  #checkpoint: Promise<void> | null = null;
  #closing: Promise<void> | null = null;
  /** Why nobody else may write now. */
  #excluded: string | null = null;
  /** After a failed checkpoint in the background: log bytes at which it is tried again. */
  #retryAtLogBytes = 0;
  /** 0: never. */
  #dueAtLogBytes = 0;

  constructor(
    private readonly state: EngineState,
    private readonly options: WriterOptions,
  ) {
    this.checkpointSequence = state.appliedSequence;
    this.#queue = new ApplyQueue({
      prepare: (record) => roomSteps(state, record),
      apply: (sequence, record) => this.#apply(sequence, record),
    });
  }

  /** Brings the state up to the end of the log; before anything else. */
  async replay(): Promise<void> {
    const { log, catalog } = this.options;
    await log.replay(this.state.appliedSequence, (sequence, payload) => {
      try {
        applyRecord(this.state, sequence, decodeRecord(payload, catalog()));
      } catch (error) {
        throw new Error(
          `Record ${sequence} of the log can't be applied (${messageOf(error)}). Nothing was changed; start the version that wrote it, or restore the data directory from a backup.`,
          { cause: error },
        );
      }
    });
    log.startAfter(this.state.appliedSequence);
    this.#dueAtLogBytes = this.options.checkpointLogBytes();
  }

  /** Resolves when the record is durable and applied. Rejects if it is not and never will be. Records are appended in the order of the calls. */
  async write(record: LogRecord): Promise<{ readonly sequence: number; readonly applied: Applied }> {
    this.#refuseIfClosed();
    const types = record.kind === 'batch' ? typesOf(record.batch.messages) : [];
    this.#begin(types);
    try {
      if (!this.#hasRoom || this.#roomSeekers.length > 0) {
        // Appended in the very call that lets it in, so that nobody who comes later goes first.
        return await new Promise((resolve) => {
          this.#roomSeekers.push(() => {
            resolve(this.#append(record));
          });
          this.#letNextIn();
        });
      }
      return await this.#append(record);
    } finally {
      this.#end(types);
    }
  }

  /**
   * Holds the state still: records are made durable, but not applied, until the function handed back is called. Holders are counted.
   * Writers wait meanwhile, so it is for seconds at most.
   */
  pauseApply(): () => void {
    return this.#queue.pause();
  }

  /** Bytes of records appended and not applied yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** A message of this type is on its way into the state. */
  isUnderWay(typeId: number): boolean {
    return (this.#typesUnderWay.get(typeId) ?? 0) > 0;
  }

  /** Writes are under way. */
  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  async waitFor(position: number, timeoutMs: number): Promise<boolean> {
    if (position <= this.state.appliedSequence) {
      return true;
    }
    if (this.#stopped) {
      return false;
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

  /** @throws StoreUnavailableError after a failure: state and log no longer agree, so nothing of it may reach the disk. */
  async checkpoint(): Promise<void> {
    // Looked at without a pause before the next line, so that only one of those who wait begins.
    while (this.#checkpoint !== null) {
      await this.#checkpoint.catch(() => undefined);
    }
    this.#checkpoint = this.#makeCheckpoint().finally(() => {
      this.#checkpoint = null;
    });
    await this.#checkpoint;
  }

  /**
   * Waits for the writes under way and refuses others with this reason, until the function it gives is called: what is not in the log may
   * only be changed so, and must be in a checkpoint before the next record.
   */
  async exclude(reason: string): Promise<() => void> {
    this.#refuseIfClosed();
    this.#excluded = reason;
    await this.#settled();
    return () => {
      this.#excluded = null;
    };
  }

  /** Takes no more writes, and ends when those under way are answered and no checkpoint is being made. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#settled();
    for (const waiter of this.#waiters) {
      waiter.resolve(false);
    }
    while (this.#checkpoint !== null) {
      await this.#checkpoint.catch(() => undefined);
    }
  }

  /** Stops with a last checkpoint, unless it was stopped before. Calling it again waits for the same. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #settled(): Promise<void> {
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        this.#settle.push(resolve);
      });
    }
  }

  async #close(): Promise<void> {
    const alreadyStopped = this.#stopped;
    await this.stop();
    if (!alreadyStopped && this.failure === null) {
      await this.checkpoint();
    }
  }

  async #makeCheckpoint(): Promise<void> {
    this.#refuseIfFailed();
    for (const steps = this.state.sweepSteps(); steps.next().done !== true;) {
      await this.#queue.turn();
    }
    await this.#queue.turn();
    this.#refuseIfFailed();
    if (this.state.appliedSequence === this.checkpointSequence && this.state.tracker.dirtyCount === 0) {
      return;
    }
    const { sequence } = await writeCheckpoint(this.state, this.options.chunks, { turn: () => this.#queue.turn() });
    this.checkpointSequence = sequence;
    this.#dueAtLogBytes = this.options.checkpointLogBytes();
    await this.options.log.cutBefore(sequence + 1);
  }

  async #append(record: LogRecord): Promise<{ readonly sequence: number; readonly applied: Applied }> {
    const { log } = this.options;
    const isErasure = record.kind === 'erase';
    let pendingBytes = 0;
    try {
      this.#refuseIfFailed();
      const stored = record.kind === 'batch' ? this.#pack(record) : record;
      const payload = encodeRecord(stored);
      const { sequence, durable } = log.append(payload);
      pendingBytes = payload.length;
      this.#pendingBytes += pendingBytes;
      this.#erasuresUnderWay += Number(isErasure);
      this.#letNextIn();
      try {
        await durable;
        const applied = await this.#queue.add(sequence, stored);
        this.#checkpointIfDue();
        return { sequence, applied };
      } finally {
        this.#erasuresUnderWay -= Number(isErasure);
      }
    } finally {
      this.#pendingBytes -= pendingBytes;
      this.#letNextIn();
    }
  }

  /** Rows give the guid where they can: it is looked up once, here, and never again, at replay least of all. */
  #pack(record: Extract<LogRecord, { kind: 'batch' }>): StoredRecord {
    const { identity } = this.state;
    return packBatch(
      record.batch,
      record.source,
      this.#erasuresUnderWay > 0
        ? null
        : (cuids, out) => {
            identity.lookupMany(cuids, out);
          },
    );
  }

  /** Of memory, and in this turn of the event loop: making a record of a large batch takes about a millisecond. */
  get #hasRoom(): boolean {
    return this.#pendingBytes <= PENDING_BYTES_MAX && !loopTurn.isOver;
  }

  /** The next one that waits for room, if there is some. */
  #letNextIn(): void {
    if (this.#roomSeekers.length === 0 || this.#pendingBytes > PENDING_BYTES_MAX) {
      return;
    }
    if (!loopTurn.isOver) {
      this.#letOneIn();
    } else if (!this.#letsInNextTurn) {
      this.#letsInNextTurn = true;
      setImmediate(() => {
        this.#letsInNextTurn = false;
        // One in each turn, even if others have used it up: writes must not wait for questions that follow each other without end.
        this.#letOneIn();
        this.#letNextIn();
      });
    }
  }

  #letOneIn(): void {
    if (this.#pendingBytes <= PENDING_BYTES_MAX) {
      this.#roomSeekers.shift()?.();
    }
  }

  #checkpointIfDue(): void {
    const { log, onBackgroundError } = this.options;
    const dueAt = this.#dueAtLogBytes;
    const isDue = dueAt > 0 && log.bytes >= Math.max(dueAt, this.#retryAtLogBytes);
    if (!isDue || this.#checkpoint !== null || this.#stopped) {
      return;
    }
    this.#retryAtLogBytes = 0;
    this.checkpoint().catch((error: unknown) => {
      this.#retryAtLogBytes = log.bytes + dueAt / RETRY_PARTS;
      onBackgroundError(error);
    });
  }

  #apply(sequence: number, record: StoredRecord): Applied {
    this.#refuseIfFailed();
    try {
      const applied = applyRecord(this.state, sequence, record);
      for (const waiter of this.#waiters) {
        if (waiter.position <= sequence) {
          waiter.resolve(true);
        }
      }
      return applied;
    } catch (error) {
      this.failure = `Record ${sequence} of the log could not be applied (${messageOf(error)}); the server answers nothing more, restart it.`;
      throw new StoreUnavailableError(this.failure, false);
    }
  }

  #refuseIfFailed(): void {
    if (this.failure !== null) {
      throw new StoreUnavailableError(this.failure, false);
    }
  }

  #refuseIfClosed(): void {
    this.#refuseIfFailed();
    if (this.#stopped) {
      throw new StoreUnavailableError('The engine is closing; send the batch again after the restart.', true);
    }
    if (this.#excluded !== null) {
      throw new StoreUnavailableError(this.#excluded, true);
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

/** Types of the messages, each once or more often. */
function typesOf(messages: readonly TagMessage[]): number[] {
  const types: number[] = [];
  for (const { type } of messages) {
    if (types.at(-1) !== type.id) {
      types.push(type.id);
    }
  }
  return types;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
