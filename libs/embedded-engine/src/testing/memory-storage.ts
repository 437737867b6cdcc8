import { ChunkTracker } from '../storage/chunk-tracker';
import { Residency } from '../storage/residency';

/** For pieces of the state on their own: everything stays in memory. */
export function memoryStorage(): { readonly tracker: ChunkTracker; readonly residency: Residency } {
  const tracker = new ChunkTracker();
  return { tracker, residency: new Residency(tracker, { bytesMax: Infinity, read: () => undefined }) };
}
