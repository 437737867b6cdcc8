import type { Server } from 'node:http';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Logger, PinoLogger } from 'nestjs-pino';
import type { LogLevel } from '../config/config';
import { ConfigError } from '../config/read-config';
import { logsRequests } from '../logging/logging-options';
import type { Metrics } from '../metrics/metrics';
import { observeRequests } from '../metrics/observe-requests';
import { PlainJsonAdapter } from './plain-json-adapter';

/** A connection on which nothing moves for so long is cut; a stream may otherwise take as long as it likes. */
const IDLE_MS_MAX = 120_000;

export interface HttpServiceOptions {
  readonly logLevel: LogLevel;
  readonly metrics: Metrics;
  readonly port: number;
  readonly host: string;
  /** Called before the routes are made. */
  readonly prepare: (app: NestExpressApplication) => void;
}

/**
 * Builds an application that imports `LoggingModule`, and listens.
 *
 * @returns it, and where it listens, e.g. `http://127.0.0.1:3000`. @throws ConfigError if the port is taken.
 */
export async function startHttpService(
  module: DynamicModule,
  { logLevel, metrics, port, host, prepare }: HttpServiceOptions,
): Promise<{ readonly app: NestExpressApplication; readonly address: string }> {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class that nobody makes
  const app: NestExpressApplication = await NestFactory.create(module, new PlainJsonAdapter(), {
    bodyParser: false,
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  // Nobody needs to know what serves, and hashing every answer for an ETag that no client sends back costs more than it saves.
  app.disable('x-powered-by');
  app.disable('etag');
  const logger = await app.resolve(PinoLogger);
  app.use(observeRequests(metrics, logsRequests(logLevel) ? null : (line) => logger.error(line, 'request failed')));
  prepare(app);
  await app.init();
  app.useLogger(app.get(Logger));
  const server = app.getHttpServer();
  server.requestTimeout = 0;
  server.setTimeout(IDLE_MS_MAX);
  await listen(server, port, host);
  return { app, address: addressOf(server, host) };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new ConfigError([portInUse(port, host)]) : error);
    });
    server.listen(port, host, resolve);
  });
}

function portInUse(port: number, host: string): string {
  return `PORT ${port} on ${host} is in use; stop the process that has it, or choose another with PORT or --port`;
}

function addressOf(server: Server, host: string): string {
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  return `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
}
