import { StarrocksError } from '../starrocks-error';

const AGAIN_MS = 20;

/** A statement or load that others may end: by KILL, or when its time is over. */
export class Task {
  #again: NodeJS.Timeout | null = null;
  #ended: StarrocksError | null = null;
  #interrupt: (() => void) | null = null;

  /** Ends it with this error, now or where it next looks. */
  cancel(error: StarrocksError): void {
    this.#ended ??= error;
    this.#interrupt?.();
    // DuckDB takes no notice before it has begun.
    this.#again ??= setInterval(() => this.#interrupt?.(), AGAIN_MS);
  }

  /** @throws StarrocksError if it was ended. */
  check(): void {
    if (this.#ended !== null) throw this.#ended;
  }

  /** Runs work that `interrupt` can stop. */
  async run<T>(work: () => Promise<T>, interrupt: () => void): Promise<T> {
    this.check();
    this.#interrupt = interrupt;
    try {
      const result = await work();
      this.check();
      return result;
    } catch (error) {
      this.check();
      throw error;
    } finally {
      this.#interrupt = null;
      this.#rest();
    }
  }

  /** Nothing is left to be stopped. */
  #rest(): void {
    if (this.#again !== null) clearInterval(this.#again);
    this.#again = null;
  }

  /** @param seconds until it is ended by itself. */
  static async within<T>(
    seconds: number,
    variable: string,
    work: (task: Task) => Promise<T>,
    task = new Task(),
  ): Promise<T> {
    const timer = setTimeout(() => {
      task.cancel(
        new StarrocksError(
          `Query reached its timeout of ${seconds} seconds, please increase the '${variable}' session variable and retry`,
          5024,
        ),
      );
    }, seconds * 1_000);
    try {
      return await work(task);
    } finally {
      clearTimeout(timer);
      // It may have been ended while it waited for others.
      task.#rest();
    }
  }
}
