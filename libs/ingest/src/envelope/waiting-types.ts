import { setTimeout as sleep } from 'node:timers/promises';
import type { TagTypes } from '../ports';

/** How long a type that is not there is waited for, and for how long it is then not waited for again. */
const WAIT_MS = 5_000;
const POLL_MS = 250;

/** The types that are known here, and where they come from. */
export interface TypeList {
  /** Cheap. */
  isKnown(type: string): boolean;
  /** Fetches what was declared elsewhere before this call. @throws if that can't be done now: a type may be there and not be known. */
  look(): Promise<void>;
}

/** Each type that is not known is waited for once: what was declared a moment ago may not have come round yet. */
export class WaitingTypes implements TagTypes {
  #lookedMs = -Infinity;
  readonly #missingUntilMs = new Map<string, number>();

  /** @param now a clock that never goes back, ms: nothing is looked at while it does. */
  constructor(
    private readonly list: TypeList,
    private readonly now: () => number = () => performance.now(),
    private readonly waitMs = WAIT_MS,
  ) {}

  /** @throws what `look` throws. */
  async has(type: string): Promise<boolean> {
    if (this.list.isKnown(type)) return true;
    const isMissed = this.now() < (this.#missingUntilMs.get(type) ?? 0);
    const untilMs = isMissed ? this.now() : this.now() + this.waitMs;
    for (;;) {
      await this.#look();
      if (this.list.isKnown(type)) {
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
  async #look(): Promise<void> {
    if (this.now() - this.#lookedMs < POLL_MS) return;
    await this.list.look();
    this.#lookedMs = this.now();
  }

  /** Names come from messages: they must not pile up. */
  #forgetOld(): void {
    const nowMs = this.now();
    for (const [type, untilMs] of this.#missingUntilMs) if (untilMs <= nowMs) this.#missingUntilMs.delete(type);
  }
}
