import { setTimeout as sleep } from 'node:timers/promises';
import type { TagTypes } from '../ports';

/** How long a type that is not there is waited for, and for how long it is then not waited for again. */
const WAIT_MS = 5_000;
const POLL_MS = 250;

/** The types that somebody lists, each waited for once: what was declared a moment ago may not have come round yet. */
export class WaitingTypes implements TagTypes {
  #known: ReadonlySet<string> = new Set();
  #listedMs = -Infinity;
  readonly #missingUntilMs = new Map<string, number>();

  /**
   * @param list all types there are now.
   * @param now wall clock, ms.
   */
  constructor(
    private readonly list: () => Promise<ReadonlySet<string>>,
    private readonly now: () => number,
    private readonly waitMs = WAIT_MS,
  ) {}

  async has(type: string): Promise<boolean> {
    if (this.#known.has(type)) return true;
    const isMissed = this.now() < (this.#missingUntilMs.get(type) ?? 0);
    const untilMs = isMissed ? this.now() : this.now() + this.waitMs;
    for (;;) {
      await this.#refresh();
      if (this.#known.has(type)) {
        this.#missingUntilMs.delete(type);
        return true;
      }
      if (this.now() >= untilMs) break;
      await sleep(POLL_MS);
    }
    if (isMissed) return false;
    this.#forgetOld();
    this.#missingUntilMs.set(type, this.now() + this.waitMs);
    return false;
  }

  /** Unless that was done a moment ago. */
  async #refresh(): Promise<void> {
    if (this.now() - this.#listedMs < POLL_MS) return;
    this.#known = await this.list();
    this.#listedMs = this.now();
  }

  /** Names come from messages: they must not pile up. */
  #forgetOld(): void {
    const nowMs = this.now();
    for (const [type, untilMs] of this.#missingUntilMs) if (untilMs <= nowMs) this.#missingUntilMs.delete(type);
  }
}
