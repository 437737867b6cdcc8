import { setTimeout as sleep } from 'node:timers/promises';
import type { StarrocksRow, StarrocksSession, StatementOptions } from '../connection/starrocks-connection';
import { StarrocksError } from '../connection/starrocks-error';
import type { WriteOutcome } from '../connection/write-outcome';

/** What the writer needs of the connections (`StarrocksPool`). */
export interface WriterPool {
  rows(statement: string, options?: StatementOptions): Promise<readonly StarrocksRow[]>;
  write(statement: string, options?: StatementOptions): Promise<WriteOutcome>;
  use<T>(work: (session: StarrocksSession) => Promise<T>, options?: StatementOptions): Promise<T>;
  untilVisible(outcome: WriteOutcome, options?: StatementOptions): Promise<void>;
}

/** A statement may last so much longer than its limit: what StarRocks needs to end it. */
const SLACK_MS = 1_000;

/**
 * Statements of which nothing goes on once they have ended here, however they ended: one whose outcome is not known is waited for until StarRocks has
 * ended it by its limit of time. So whatever is sent next comes after it.
 */
export class SureStatements {
  /** @param timeoutMs limit of the statements of the pool, which StarRocks keeps too. */
  constructor(
    readonly pool: WriterPool,
    readonly timeoutMs: number,
  ) {}

  /** How long a statement can go on that was sent before now, ms. */
  get lingerMs(): number {
    return this.timeoutMs + SLACK_MS;
  }

  /**
   * Resolves when what was written is seen. @param answered called when StarRocks has answered, or the connection is broken.
   * @returns rows written. @throws StarrocksError when nothing of it goes on.
   */
  async write(statement: string, answered: () => void = () => undefined): Promise<number> {
    try {
      const outcome = await this.pool.write(statement).finally(answered);
      await this.seen(outcome);
      return outcome.rows;
    } catch (error) {
      if (error instanceof StarrocksError && error.isUnknown) await this.over();
      throw error;
    }
  }

  /** Until everything is over that was sent before. */
  async over(): Promise<void> {
    await sleep(this.lingerMs);
  }

  /** Until what is committed is seen: it can't be given up. @throws StarrocksError `refused`: it never will be. */
  async seen(outcome: WriteOutcome): Promise<void> {
    for (;;) {
      try {
        await this.pool.untilVisible(outcome);
        return;
      } catch (error) {
        if (error instanceof StarrocksError && error.kind === 'refused') throw error;
        await sleep(SLACK_MS);
      }
    }
  }
}
