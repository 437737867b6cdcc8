import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Metrics } from './metrics';

/**
 * Express middleware that records every request when its answer is out. Routes are recorded by their pattern: a cuid in a
 * path must become neither a label (one time series per user) nor public.
 */
export function observeRequests(
  metrics: Metrics,
): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  return (request, response, next) => {
    const startedNs = process.hrtime.bigint();
    response.once('close', () => {
      const seconds = Number(process.hrtime.bigint() - startedNs) / 1e9;
      metrics.observeRequest(request.method ?? '', routeOf(request), response.statusCode, seconds);
    });
    next();
  };
}

function routeOf(request: object): string {
  const route: unknown = 'route' in request ? request.route : undefined;
  if (typeof route !== 'object' || route === null || !('path' in route)) return 'unmatched';
  return typeof route.path === 'string' ? route.path : 'unmatched';
}
