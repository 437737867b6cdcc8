import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Metrics } from './metrics';

/** As web servers write it: the caller hung up first. */
const NO_ANSWER = 499;

/** What is logged of a request that failed. It holds no URL (cuids are personal) and no header (keys). */
export interface FailedRequest {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly tookMs: number;
}

/**
 * Express middleware that records every request when its answer is out. Routes are recorded by their pattern: a cuid in a
 * path must become neither a label (one time series per user) nor public.
 *
 * @param onFailure told of every answer from 500 up; null: of none.
 */
export function observeRequests(
  metrics: Metrics,
  onFailure: ((request: FailedRequest) => void) | null = null,
): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  return (request, response, next) => {
    const startedMs = performance.now();
    response.once('close', () => {
      const tookMs = performance.now() - startedMs;
      const { method = '' } = request;
      const route = routeOf(request);
      // Without an answer the status is the 200 that it began with.
      const status = response.headersSent ? response.statusCode : NO_ANSWER;
      metrics.observeRequest(method, route, status, tookMs / 1_000);
      if (onFailure !== null && status >= 500) {
        onFailure({ method, route, status, tookMs: Math.round(tookMs * 1_000) / 1_000 });
      }
    });
    next();
  };
}

function routeOf(request: object): string {
  const route: unknown = 'route' in request ? request.route : undefined;
  if (typeof route !== 'object' || route === null || !('path' in route)) return 'unmatched';
  return typeof route.path === 'string' ? route.path : 'unmatched';
}
