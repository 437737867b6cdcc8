/** "Now" of a plan. An object, so that the planner can tell whether anything depended on it. */
export interface AsOf {
  /** Milliseconds since the epoch. */
  readonly asOfMs: number;
}

/** Knows whether it was read: what was made without reading it is the same at every other as-of. */
export class WatchedAsOf implements AsOf {
  readonly #asOfMs: number;
  #wasRead = false;

  constructor(asOfMs: number) {
    this.#asOfMs = asOfMs;
  }

  get asOfMs(): number {
    this.#wasRead = true;
    return this.#asOfMs;
  }

  get wasRead(): boolean {
    return this.#wasRead;
  }
}
