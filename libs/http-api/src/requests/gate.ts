import { HttpProblem } from '../problem/http-problem';

const RETRY_AFTER_SECONDS = 1;

/** Lets a limited number of requests in at once; the next one is told to come back. */
export class Gate {
  #inside = 0;

  constructor(
    private readonly what: string,
    private readonly insideMax: number,
    private readonly variable: string,
  ) {}

  /**
   * @returns what to call when the request is over; calling it twice does no harm.
   * @throws HttpProblem 429 when it is full.
   */
  enter(): () => void {
    if (this.#inside >= this.insideMax) {
      throw new HttpProblem(
        'too-many-requests',
        `${this.insideMax} ${this.what} are being served already (${this.variable}); retry in ${RETRY_AFTER_SECONDS} s`,
        { retryAfterSeconds: RETRY_AFTER_SECONDS },
      );
    }
    this.#inside++;
    let left = false;
    return () => {
      if (!left) this.#inside--;
      left = true;
    };
  }
}

/** The gate of requests that read or write a long stream. */
export class StreamGate extends Gate {}
