import { sleep } from './pauses';

const TICK_MS = 1;

export interface Pace {
  readonly perSecond: number;
  readonly durationMs: number;
}

/** Starts a turn for each due time, never waiting for the one before: whoever is slow gets a queue, not fewer questions. */
export async function atPace(
  { perSecond, durationMs }: Pace,
  turn: (number: number, dueMs: number) => Promise<void>,
): Promise<void> {
  const turns = Math.max(1, Math.round((perSecond * durationMs) / 1_000));
  const startedMs = performance.now();
  const due = (number: number): number => startedMs + (number * 1_000) / perSecond;
  const underWay: Promise<void>[] = [];
  for (let number = 0; number < turns;) {
    for (; number < turns && due(number) <= performance.now(); number += 1) {
      const running = turn(number, due(number));
      // It is awaited at the end; until then nobody else looks at it.
      running.catch(() => undefined);
      underWay.push(running);
    }
    await sleep(TICK_MS);
  }
  await Promise.all(underWay);
}
