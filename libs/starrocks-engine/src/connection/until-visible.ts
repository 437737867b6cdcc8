import { setTimeout as pause } from 'node:timers/promises';
import type { StarrocksSession, StatementOptions } from './starrocks-connection';
import { StarrocksError } from './starrocks-error';
import type { WriteOutcome } from './write-outcome';

const POLL_MS = 50;
const TIMEOUT_MS = 60_000;

/**
 * Waits until what a session has written is seen by its next query. @throws StarrocksError `late` if that takes too long, `refused` if it will never
 * be; the signal's reason.
 */
export async function untilVisible(
  session: Pick<StarrocksSession, 'rows'>,
  { label, isVisible }: WriteOutcome,
  options: StatementOptions,
): Promise<void> {
  if (isVisible || label === null) return;
  // Labels are StarRocks' own or ours: letters, digits, `_` and `-`.
  if (!/^[\w-]{1,128}$/.test(label)) throw new StarrocksError(`not a label: ${JSON.stringify(label)}`, 'refused');
  const { timeoutMs = TIMEOUT_MS, signal } = options;
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    const statement = `SELECT STATE FROM information_schema.loads WHERE LABEL = '${label}'`;
    const [row] = await session.rows(statement, options);
    const state = row?.['STATE'];
    if (state === 'FINISHED') return;
    if (state === 'CANCELLED') throw new StarrocksError(`StarRocks has cancelled the load ${label}`, 'refused');
    if (performance.now() > untilMs) {
      throw new StarrocksError(`the load ${label} is committed, but not visible after ${timeoutMs / 1_000} s`, 'late');
    }
    await pause(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}
