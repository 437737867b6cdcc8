import { RowBuffer } from './row-buffer';
import type { WriterBatch } from './row-buffer';
import type { KnownGuids } from './known-guids';
import type { Claim, RoundExtent } from './source-claims';
import type { BufferedBytes } from './writer-options';

/** Another process writes the source now, or nobody has opened it here: it is to be opened anew. */
export class SourceLostError extends Error {
  override readonly name = 'SourceLostError';
  constructor(source: string) {
    super(`${source} is written to StarRocks by another process now, or not open here; it begins anew`);
  }
}

/** What a round writes of one source. */
export interface RoundPart<R> {
  readonly state: SourceState<R>;
  readonly buffer: RowBuffer<R>;
  readonly extent: RoundExtent;
  /** The opening that it belongs to. */
  readonly opening: number;
}

export interface SourceStateOptions<R> {
  readonly known: KnownGuids;
  readonly bytesOf: (record: R) => number;
  readonly buffered: BufferedBytes;
}

/** A source that this process writes: what waits, what is being written, what is durable. */
export class SourceState<R> {
  readonly writer: string;
  readonly fromMs: number;
  /** Everything below is durable in StarRocks. */
  durable: number;
  /** Everything below was taken, or is not to be written. */
  through: number;
  /** What lies below may have been written before, under this claim or another one: whoever writes it again has to say so. */
  reached: number;
  isLost = false;
  /** Number of the opening that is listened to. */
  teller = 0;
  /** Between `restart` and `drop`: somebody tells it. */
  isTold = false;
  #from: number;
  #pending: RowBuffer<R>;
  #underWay: RoundPart<R> | null = null;
  #opening = 0;

  constructor(
    readonly source: string,
    claim: Claim,
    private readonly options: SourceStateOptions<R>,
  ) {
    this.writer = claim.writer;
    this.fromMs = claim.fromMs;
    this.durable = claim.next;
    this.through = claim.next;
    this.reached = claim.begun;
    this.#from = claim.next;
    this.#pending = this.#buffer();
  }

  /** Waiting, not those under way. */
  get rows(): number {
    return this.#pending.rows;
  }

  get bytes(): number {
    return this.#pending.bytes;
  }

  get hasRows(): boolean {
    return !this.#pending.isEmpty;
  }

  /** Nothing waits, nothing is under way. */
  get isIdle(): boolean {
    return this.#pending.isEmpty && this.#underWay === null;
  }

  /** A position that passes over nothing is to be written. */
  get needsPass(): boolean {
    return this.#pending.isEmpty && this.through > this.durable;
  }

  take(batch: WriterBatch<R>): void {
    const before = this.#pending.bytes;
    this.#pending.add(batch);
    this.options.buffered.bytes += this.#pending.bytes - before;
    this.through = Math.max(this.through, (batch.entries.at(-1)?.offset ?? -1) + 1);
  }

  /** Everything below was taken, by whoever tells it. */
  pass(nextOffset: number): void {
    this.through = Math.max(this.through, nextOffset);
  }

  /** What waits is dropped. */
  drop(): void {
    this.options.buffered.bytes -= this.#pending.bytes;
    this.#pending = this.#buffer();
    this.#opening++;
    this.isTold = false;
    this.through = this.#from = this.durable;
  }

  /** What is taken from now on begins there; what was told before from there on is told again. */
  restart(position: number): void {
    this.drop();
    this.durable = this.through = this.#from = position;
    this.isTold = true;
  }

  /** What waits, for a round; null: there is nothing to be written or said. */
  begin(): RoundPart<R> | null {
    if (this.isLost || this.#underWay !== null || (this.#pending.isEmpty && !this.needsPass)) return null;
    const extent = { from: this.#from, through: this.through };
    const part = { state: this, buffer: this.#pending, extent, opening: this.#opening };
    this.#underWay = part;
    this.#pending = this.#buffer();
    this.#from = this.through;
    return part;
  }

  done(part: RoundPart<R>): void {
    const { through } = part.extent;
    this.#over(part);
    this.reached = Math.max(this.reached, through);
    // Of an earlier opening: what it has written is told again.
    if (part.opening === this.#opening) this.durable = Math.max(this.durable, through);
  }

  lose(part: RoundPart<R>): void {
    this.#over(part);
    this.drop();
    this.isLost = true;
  }

  /** Whether who has told it goes on telling. */
  tells(part: RoundPart<R>): boolean {
    return this.isTold && part.opening === this.#opening;
  }

  /** It has failed, and is told again from `durable` on. */
  abandon(part: RoundPart<R>): void {
    this.#over(part);
  }

  /** Whoever opens the source next is told of it again. */
  giveUp(part: RoundPart<R>): void {
    this.#over(part);
    this.isLost = true;
  }

  #over(part: RoundPart<R>): void {
    if (this.#underWay === part) this.#underWay = null;
    this.options.buffered.bytes -= part.buffer.bytes;
  }

  #buffer(): RowBuffer<R> {
    return new RowBuffer<R>((guid) => this.options.known.has(guid), this.options.bytesOf);
  }
}
