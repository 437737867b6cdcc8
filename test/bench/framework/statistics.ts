/** What is kept of a row of samples, in their unit. */
export interface Spread {
  readonly samples: number;
  readonly best: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly worst: number;
}

/** NaN everywhere without samples. */
export function spreadOf(samples: ArrayLike<number>): Spread {
  const sorted = Float64Array.from(samples).sort();
  return {
    samples: sorted.length,
    best: sorted[0] ?? Number.NaN,
    p50: medianOfSorted(sorted),
    p95: percentileOfSorted(sorted, 0.95),
    p99: percentileOfSorted(sorted, 0.99),
    worst: sorted.at(-1) ?? Number.NaN,
  };
}

/** NaN without samples. */
export function median(samples: ArrayLike<number>): number {
  return medianOfSorted(Float64Array.from(samples).sort());
}

function medianOfSorted(sorted: Float64Array): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** The least sample that at least this part (0 to 1) of all samples do not exceed. */
function percentileOfSorted(sorted: Float64Array, part: number): number {
  return sorted[Math.max(1, Math.ceil(part * sorted.length)) - 1] ?? Number.NaN;
}

/** Runs it and tells how long it took, ms. */
export async function stopwatch<T>(
  work: () => T | Promise<T>,
): Promise<{ readonly value: T; readonly elapsedMs: number }> {
  const startedMs = performance.now();
  const value = await work();
  return { value, elapsedMs: performance.now() - startedMs };
}
