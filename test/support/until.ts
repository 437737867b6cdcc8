import { setTimeout as sleep } from 'node:timers/promises';

const WAIT_MS_MAX = 120_000;
const POLL_MS = 20;

/** Resolves when it holds. @throws Error if it does not within two minutes. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + WAIT_MS_MAX;
  while (!(await holds())) {
    if (performance.now() > untilMs) throw new Error(`It did not come about: ${String(holds)}`);
    await sleep(POLL_MS);
  }
}
