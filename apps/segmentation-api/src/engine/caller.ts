import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { StreamProgress } from '@tessera/http-api';

/** Who is answered by what runs now. */
interface Caller {
  /** Aborted when the caller hangs up. */
  readonly gone: AbortSignal;
  /** True: the caller has named what the answer must hold. */
  mustSee: boolean;
}

const callers = new AsyncLocalStorage<Caller>();

/** Middleware: what is asked of the engine for a request ends when its caller hangs up. */
export function followCaller(_request: IncomingMessage, response: ServerResponse, next: () => void): void {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(new Error('the caller is gone'));
  });
  callers.run({ gone: gone.signal, mustSee: false }, next);
}

/** Undefined outside of requests. */
export function callerGone(): AbortSignal | undefined {
  return callers.getStore()?.gone;
}

/** Whether what is read for the request under way must hold all that was written when its `minOffset` was reached. */
export function callerMustSee(): boolean {
  return callers.getStore()?.mustSee ?? false;
}

/**
 * The stream as requests wait for it. That the ingest workers have committed means that rows are visible at the leader of StarRocks' frontends; the one that will be
 * asked may not have heard of it yet. So whoever has waited reads in sync.
 */
export function seenBehind(stream: StreamProgress): StreamProgress {
  return {
    reached: (positions, timeoutMs) => {
      const caller = callers.getStore();
      if (caller !== undefined) caller.mustSee = true;
      return stream.reached(positions, timeoutMs);
    },
  };
}
