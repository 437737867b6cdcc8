import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';

/** Up to so many cores, threads that evaluate questions leave none to those that would help to collect garbage. */
const FEW_CORES = 4;

/**
 * Young garbage is collected by the thread that made it alone, in some milliseconds. With helpers it waits for the last of them, which on few busy
 * cores are not run for 100 ms and more. To be called before anything else.
 */
export function preferShortPauses(cores = availableParallelism()): void {
  if (cores <= FEW_CORES) setFlagsFromString('--no-parallel-scavenge');
}
