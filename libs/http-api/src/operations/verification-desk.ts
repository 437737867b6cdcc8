import type { VerificationReport, Verifier } from '../ports';

export interface VerificationAnswer extends VerificationReport {
  readonly tookMs: number;
}

/** Runs checks of the store, one at a time: who asks during one is given its report. */
export class VerificationDesk {
  #running: Promise<VerificationAnswer> | undefined;

  constructor(private readonly verifier: Verifier) {}

  verify(): Promise<VerificationAnswer> {
    this.#running ??= this.#verify().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #verify(): Promise<VerificationAnswer> {
    const startedMs = performance.now();
    const { findings, users, tagShards, eventRows, dataVersion } = await this.verifier.verify();
    const tookMs = Math.round((performance.now() - startedMs) * 1_000) / 1_000;
    return { findings, users, tagShards, eventRows, tookMs, dataVersion };
  }
}
