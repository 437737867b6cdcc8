import { StarrocksError } from './starrocks-error';

interface Waiter {
  readonly go: () => void;
  readonly fail: (error: unknown) => void;
}

/** So many at once, the others one behind the other in the order in which they came, and not too many of those. */
export class WaitingLine {
  readonly #line = new Set<Waiter>();
  #free: number;
  #closed = false;

  constructor(
    places: number,
    private readonly waitingMax: number,
  ) {
    this.#free = places;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** @returns gives the place back; once is enough. @throws StarrocksError `overloaded`; the signal's reason. */
  async take(waitMs: number, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#closed) throw closedError();
    if (this.#free > 0) this.#free--;
    else await this.#wait(waitMs, signal);
    let isTaken = true;
    return () => {
      if (isTaken) this.#give();
      isTaken = false;
    };
  }

  /** Those that wait fail, and so do those who come. */
  close(): void {
    this.#closed = true;
    for (const waiter of this.#line) waiter.fail(closedError());
    this.#line.clear();
  }

  #wait(waitMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#line.size >= this.waitingMax) {
      const message = `${this.#line.size} statements wait for StarRocks already; try again later, or raise STARROCKS_CONCURRENCY`;
      return Promise.reject(new StarrocksError(message, 'overloaded'));
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#line.delete(waiter);
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
      };
      const fail = (error: unknown): void => {
        leave();
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      const aborted = (): void => {
        fail(signal?.reason);
      };
      const waiter: Waiter = {
        go: () => {
          leave();
          resolve();
        },
        fail,
      };
      const timer = setTimeout(() => {
        fail(new StarrocksError(`no connection to StarRocks was free within ${waitMs / 1_000} s`, 'overloaded'));
      }, waitMs);
      signal?.addEventListener('abort', aborted, { once: true });
      this.#line.add(waiter);
    });
  }

  #give(): void {
    const [next] = this.#line;
    if (next === undefined) this.#free++;
    else next.go();
  }
}

function closedError(): StarrocksError {
  return new StarrocksError('the connections to StarRocks are being closed', 'unreachable');
}
