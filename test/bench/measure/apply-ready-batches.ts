import type { TagMessage } from '@tessera/tag-catalog';
import type { BenchStore } from '../store/bench-store';
import { InFlight } from './in-flight';
import type { Samples } from './samples';

/**
 * Writes batches that are ready, so many of them in flight at once.
 * @param latencies takes ms of each batch, from its sending to its acknowledgement.
 * @returns ms until all are durable.
 */
export async function applyReadyBatches(
  store: BenchStore,
  batches: readonly (readonly TagMessage[])[],
  inFlight: number,
  latencies: Samples,
): Promise<number> {
  const startedMs = performance.now();
  const flight = new InFlight(inFlight);
  for (const messages of batches) {
    await flight.start(async () => {
      const sentMs = performance.now();
      await store.engine.apply({ arrivalMs: Date.now(), messages });
      latencies.add(performance.now() - sentMs);
    });
  }
  await flight.settle();
  return performance.now() - startedMs;
}
