import { closeSync, openSync, readSync } from 'node:fs';

const TICK_MS = 1;
const NS_PER_MS = 1e6;
const BYTES_MAX = 128;

/**
 * Watches for how long this thread runs from one timer to the next until the function returned is called, which gives the longest time, ms. On a machine
 * that others use too, that is what the process itself holds the event loop for; the rest is waiting for a core. Null: not told by this system.
 */
export function watchThreadTime(): () => number | null {
  let file: number;
  try {
    file = openSync('/proc/thread-self/schedstat', 'r');
  } catch {
    return () => null;
  }
  const buffer = Buffer.alloc(BYTES_MAX);
  const ranMs = (): number =>
    Number(buffer.toString('latin1', 0, readSync(file, buffer, 0, BYTES_MAX, 0)).split(' ')[0]) / NS_PER_MS;
  let longestMs = 0;
  let lastMs = ranMs();
  const timer = setInterval(() => {
    const nowMs = ranMs();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  }, TICK_MS);
  return () => {
    clearInterval(timer);
    closeSync(file);
    return longestMs;
  };
}
