import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Health } from '../health/health';

export interface ShutdownOptions {
  readonly server: Server;
  readonly health: Health;
  /** Aborted when requests that read a long stream should stop reading and answer with what they have. */
  readonly drain: AbortController;
  /** Begun at once, beside the requests in flight: other ways in. They end by themselves within a few seconds, and the hooks wait for it. */
  readonly intakes?: readonly (() => Promise<void>)[];
  /** Runs when no request is in flight any more: checkpoint, close files. In order. */
  readonly hooks: readonly (() => Promise<void>)[];
  /** Told once what is happening, for the log. */
  readonly log: (message: string) => void;
  readonly timings?: Partial<ShutdownTimings>;
}

/** Milliseconds from the start of the shutdown. All of it stays under the 10 s that SIGTERM is given. */
export interface ShutdownTimings {
  /** Requests may end by themselves until then; streams are then told to stop. */
  readonly drainAfterMs: number;
  /** Connections still open are cut. */
  readonly cutAfterMs: number;
  /** The hooks must be done. */
  readonly giveUpAfterMs: number;
}

const TIMINGS: ShutdownTimings = { drainAfterMs: 2_000, cutAfterMs: 5_000, giveUpAfterMs: 9_500 };

/**
 * Ends a server in order: not ready, no new connections, requests in flight finish (long streams are told to stop after a
 * while), then the hooks. Calling it again returns the same promise.
 */
export class GracefulShutdown {
  #running: Promise<boolean> | undefined;

  constructor(private readonly options: ShutdownOptions) {}

  /** @returns true if everything ended in time; false if hooks failed or did not end (what is acknowledged is safe in the log either way). */
  run(reason: string): Promise<boolean> {
    this.#running ??= this.#run(reason);
    return this.#running;
  }

  async #run(reason: string): Promise<boolean> {
    const { server, health, drain, log } = this.options;
    const timings = { ...TIMINGS, ...this.options.timings };
    const startedMs = performance.now();
    log(`${reason}: finishing the requests in flight`);
    health.drain();
    const intakes = Promise.allSettled((this.options.intakes ?? []).map((stop) => stop()));
    const drainTimer = setTimeout(() => drain.abort(), timings.drainAfterMs);
    const cutTimer = setTimeout(() => server.closeAllConnections(), timings.cutAfterMs);
    // A connection kept alive becomes idle only after its answer: look again now and then.
    const idleTimer = setInterval(() => server.closeIdleConnections(), 50);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
    for (const ended of await intakes) {
      if (ended.status === 'rejected') log(`closing failed: ${messageOf(ended.reason)}`);
    }
    clearTimeout(drainTimer);
    clearTimeout(cutTimer);
    clearInterval(idleTimer);
    // What requests did not need is the hooks'; what other ways in took longer is not taken from them.
    const leftMs = timings.giveUpAfterMs - Math.min(performance.now() - startedMs, timings.cutAfterMs);
    return this.#runHooks(Math.round(leftMs));
  }

  async #runHooks(budgetMs: number): Promise<boolean> {
    const hooks = async (): Promise<boolean> => {
      for (const hook of this.options.hooks) await hook();
      return true;
    };
    const timer = new AbortController();
    const late = sleep(budgetMs, false, { signal: timer.signal, ref: false }).catch(() => false);
    try {
      const done = await Promise.race([hooks(), late]);
      if (!done)
        this.options.log(`closing took more than ${budgetMs} ms and is broken off; what is acknowledged is safe`);
      return done;
    } catch (error) {
      this.options.log(`closing failed: ${messageOf(error)}`);
      return false;
    } finally {
      timer.abort();
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Runs the shutdown at SIGTERM and SIGINT and ends the process: 0 when all ended in time, else 1. A second signal ends it at once. */
export function shutDownOnSignals(shutdown: GracefulShutdown): void {
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signals += 1;
    if (signals > 1) process.exit(1);
    void shutdown.run(signal).then((inTime) => process.exit(inTime ? 0 : 1));
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
}
