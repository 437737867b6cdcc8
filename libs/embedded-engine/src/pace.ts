import { loopTurn, nextTurn } from './loop-turn';

/** Writes wait for questions that are under way, but a question that comes later than this after the first of them waits for the writes. */
const JOIN_MS = 20;
/** How long such a question waits at most. */
const WRITES_MS = 50;

/** What a question needs of the engine's writer. */
export interface WriteGate {
  /** Nothing is applied to the state until the function handed back is called. */
  pauseApply(): () => void;
  /** Sequence of the newest record on its way into the state. */
  readonly lastSequence: number;
  waitFor(position: number, timeoutMs: number): Promise<boolean>;
}

/**
 * Lets questions that take long keep the state still without keeping the event loop. Questions and writes take turns: those that come while
 * a question is under way join it for a short time only, then the writes that waited are applied first.
 */
export class ReadTurns {
  #holders = 0;
  #sinceMs = 0;
  #writesApplied: Promise<unknown> | null = null;
  #turnOver: Promise<void> | null = null;
  #endTurn: (() => void) | null = null;
  #resume: (() => void) | null = null;

  constructor(private readonly gate: WriteGate) {}

  /** Of `Pace` alone: resolves when a large question may begin. */
  async next(): Promise<void> {
    while (this.#writesApplied !== null || (this.#holders > 0 && performance.now() - this.#sinceMs > JOIN_MS)) {
      await (this.#writesApplied ?? this.#turnOver);
    }
  }

  /** Of `Pace` alone. */
  hold(): void {
    if (this.#holders++ === 0) {
      this.#sinceMs = performance.now();
      this.#resume = this.gate.pauseApply();
      this.#turnOver = new Promise((resolve) => {
        this.#endTurn = resolve;
      });
    }
  }

  /** Of `Pace` alone. */
  release(): void {
    if (--this.#holders > 0) {
      return;
    }
    this.#resume?.();
    this.#writesApplied = this.gate.waitFor(this.gate.lastSequence, WRITES_MS).finally(() => {
      this.#writesApplied = null;
    });
    this.#endTurn?.();
  }
}

/**
 * Of one question: lets others run when it has held the event loop for long. To be ended. A small question, answered in one go, needs no turn: no
 * write is half applied when it runs.
 */
export class Pace {
  #holds = false;
  #hasEnded = false;

  constructor(private readonly turns: ReadTurns) {
    loopTurn.begin();
  }

  /** Of a large question, before it looks at the state: lets the writes that wait go first. */
  async turn(): Promise<void> {
    if (!this.#holds) {
      await this.turns.next();
      loopTurn.begin();
    }
  }

  /** Keeps the state as it is from now on until the end, also while the event loop runs on. */
  keepStill(): void {
    if (!this.#holds && !this.#hasEnded) {
      this.#holds = true;
      this.turns.hold();
    }
  }

  /** Between two pieces of work. */
  async step(): Promise<void> {
    if (loopTurn.isOver) {
      this.keepStill();
      await nextTurn();
    }
  }

  end(): void {
    this.#hasEnded = true;
    if (this.#holds) {
      this.#holds = false;
      this.turns.release();
    }
  }
}
