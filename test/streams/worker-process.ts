import { SourceProcess } from '../support/source-process';

const MAIN = 'apps/mapping-worker/src/main.ts';

/** A mapping worker as a process of its own; it has said `WORKER_RUNS` once it is a member of its group. */
export function startWorker(settings: Readonly<Record<string, string>>): SourceProcess {
  return SourceProcess.start(MAIN, {
    environment: { PORT: '0', LOG_LEVEL: 'info', CACHE_MB: '16', ...settings },
  });
}

export const WORKER_RUNS = /The mapping worker runs/;
