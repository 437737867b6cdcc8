import type { EmbeddedEngineOptions } from '../engine-options';
import { BackgroundIndexBuilder } from './background-index-builder';
import { ThreadPool } from './thread-pool';

/** What runs beside the engine's own thread. */
export interface Parallel {
  readonly pool: ThreadPool;
  readonly indexBuilder: BackgroundIndexBuilder;
  stop(): Promise<void>;
}

/** For failures nobody wants to know of. */
export function ignore(): void {
  return;
}

/** Null: all is done on the engine's own thread. */
export function openParallel({
  threads = 0,
  threadEntry,
  onBackgroundError = ignore,
}: EmbeddedEngineOptions): Parallel | null {
  if (threads === 0) {
    return null;
  }
  const pool = new ThreadPool(threads, threadEntry);
  const indexBuilder = new BackgroundIndexBuilder(pool, onBackgroundError);
  const stop = async (): Promise<void> => {
    indexBuilder.stop();
    await pool.stop();
  };
  return { pool, indexBuilder, stop };
}
