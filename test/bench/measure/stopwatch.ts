/** What the work gave, and how long it took. */
export interface Timed<T> {
  readonly value: T;
  readonly elapsedMs: number;
}

export async function timed<T>(work: () => T | Promise<T>): Promise<Timed<T>> {
  const startedMs = performance.now();
  const value = await work();
  return { value, elapsedMs: performance.now() - startedMs };
}

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
