/** What is worked on in one turn of the event loop ends after so long, but for the piece under way (ms). */
const TURN_MS = 2;

/**
 * How long this turn of the event loop has been worked in, by whoever asks. Several pieces of work that each stay within a budget of their own
 * would add up: records that are applied, batches that are packed and questions share one.
 */
class LoopTurn {
  #sinceMs: number | null = null;

  /** Work begins: the first to call it begins the turn. */
  begin(): number {
    if (this.#sinceMs === null) {
      this.#sinceMs = performance.now();
      setImmediate(() => {
        this.#sinceMs = null;
      });
    }
    return this.#sinceMs;
  }

  /** Whoever has more to do leaves it to the next turn. */
  get isOver(): boolean {
    return performance.now() - this.begin() >= TURN_MS;
  }
}

/** Of this thread: it has one event loop. */
export const loopTurn = new LoopTurn();

/** Resolves in the event loop's next turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
