const SECONDS = 60;

/** Messages per second over the last minute, in one counter a second. */
export class MessageRate {
  readonly #counts = new Float64Array(SECONDS);
  #second = 0;

  constructor(private readonly clock: () => number) {}

  add(count: number): void {
    this.#advance();
    const at = this.#second % SECONDS;
    this.#counts[at] = (this.#counts[at] ?? 0) + count;
  }

  /** Mean of the last 60 s. */
  perSecond(): number {
    this.#advance();
    return Math.round((this.#counts.reduce((sum, count) => sum + count, 0) / SECONDS) * 100) / 100;
  }

  /** Empties the counters of the seconds that passed since the last look. */
  #advance(): void {
    const now = Math.floor(this.clock() / 1_000);
    const passed = Math.min(SECONDS, Math.max(0, now - this.#second));
    for (let step = 1; step <= passed; step++) this.#counts[(now - passed + step) % SECONDS] = 0;
    this.#second = Math.max(now, this.#second);
  }
}
