/** Waits; other work of the event loop goes on meanwhile. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Lets everything run that waits for its turn: input, timers, promises. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Items a second. */
export function rate(items: number, elapsedMs: number): number {
  return items / (elapsedMs / 1_000);
}
