import type { IncomingMessage, ServerResponse } from 'node:http';
import pino from 'pino';
import type { Options } from 'pino-http';
import type { LogLevel } from '../config/config';

type Logged = Options & { readonly stream: pino.DestinationStream };

/**
 * How requests are logged: one line when the answer is out, at `debug` unless it failed. Lines hold the route's pattern, never
 * the URL (cuids are personal), and no header (keys).
 *
 * @param destination where the lines go; standard error unless a test wants to read them.
 */
export function loggingOptions(
  level: LogLevel,
  destination: pino.DestinationStream = pino.destination({ fd: 2, sync: true }),
): Logged {
  return {
    level,
    stream: destination,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    quietReqLogger: true,
    customLogLevel: (_request: IncomingMessage, response: ServerResponse, error?: Error) =>
      error !== undefined || response.statusCode >= 500 ? 'error' : 'debug',
    serializers: {
      req: () => undefined,
      res: () => undefined,
    },
    customSuccessObject: (request: IncomingMessage, response: ServerResponse, value: unknown) =>
      requestLine(request, response, value),
    customErrorObject: (request: IncomingMessage, response: ServerResponse, error: Error, value: unknown) => ({
      ...requestLine(request, response, value),
      err: error,
    }),
  };
}

/** True at levels at which requests that went well are logged too. */
export function logsRequests(level: LogLevel): boolean {
  return level === 'debug' || level === 'trace';
}

function requestLine(request: IncomingMessage, response: ServerResponse, value: unknown): object {
  const route: unknown = 'route' in request ? request.route : undefined;
  const path = typeof route === 'object' && route !== null && 'path' in route ? route.path : 'unmatched';
  const took = typeof value === 'object' && value !== null && 'responseTime' in value ? value.responseTime : undefined;
  return { method: request.method, route: path, status: response.statusCode, tookMs: took };
}
