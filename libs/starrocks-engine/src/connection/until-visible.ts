import { setTimeout as pause } from 'node:timers/promises';
import type { StarrocksSession, StatementOptions } from './starrocks-connection';
import { StarrocksError } from './starrocks-error';
import type { WriteOutcome } from './write-outcome';

const POLL_MS = 50;
const TIMEOUT_MS = 60_000;

/** What becomes of a transaction: it is seen, it never will be, or neither is known yet. */
type Visibility = 'visible' | 'never' | 'pending';

/**
 * Waits until what was written is seen by the session's next query. @throws StarrocksError `late` if that takes too long, `refused` if it will never
 * be; the signal's reason.
 */
export async function untilVisible(
  session: Pick<StarrocksSession, 'rows' | 'run'>,
  outcome: WriteOutcome,
  options: StatementOptions,
): Promise<void> {
  if (outcome.isVisible) return;
  const name = outcome.transaction ?? outcome.label ?? 'without a name';
  const { timeoutMs = TIMEOUT_MS, signal } = options;
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    const visibility = await visibilityOf(session, outcome, options);
    if (visibility === 'never') throw new StarrocksError(`StarRocks has cancelled the load ${name}`, 'refused');
    if (visibility === 'visible') {
      // It was the leader of the frontends that said so. The session's own one has then heard of all that the leader has done.
      await session.run('SYNC', options);
      return;
    }
    if (performance.now() > untilMs) {
      throw new StarrocksError(`the load ${name} is committed, but not visible after ${timeoutMs / 1_000} s`, 'late');
    }
    await pause(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}

/**
 * By the transaction's number where there is one: `information_schema.loads` has an INSERT as FINISHED as soon as it is committed. Of a Stream Load
 * it says so when it is visible.
 */
async function visibilityOf(
  session: Pick<StarrocksSession, 'rows'>,
  { transaction, label }: WriteOutcome,
  options: StatementOptions,
): Promise<Visibility> {
  if (transaction !== null) {
    const [row] = await session.rows(`SHOW TRANSACTION WHERE ID = ${wholeOf(transaction)}`, options);
    const status = row?.['TransactionStatus'];
    return status === 'VISIBLE' ? 'visible' : status === 'ABORTED' ? 'never' : 'pending';
  }
  if (label === null) return 'pending';
  // Labels are StarRocks' own or ours: letters, digits, `_` and `-`.
  if (!/^[\w-]{1,128}$/.test(label)) throw new StarrocksError(`not a label: ${JSON.stringify(label)}`, 'refused');
  const [row] = await session.rows(`SELECT STATE FROM information_schema.loads WHERE LABEL = '${label}'`, options);
  const state = row?.['STATE'];
  return state === 'FINISHED' ? 'visible' : state === 'CANCELLED' ? 'never' : 'pending';
}

function wholeOf(transaction: string): string {
  if (/^\d{1,19}$/.test(transaction)) return transaction;
  throw new StarrocksError(`not a number of a transaction: ${JSON.stringify(transaction)}`, 'refused');
}
