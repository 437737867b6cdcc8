import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Logger, PinoLogger } from 'nestjs-pino';
import { MessageRate, serveOpenApi } from '@tessera/http-api';
import type { KafkaLog } from '@tessera/kafka';
import {
  ApiKeys,
  ConfigError,
  Health,
  logsRequests,
  Metrics,
  observeRequests,
  PlainJsonAdapter,
} from '@tessera/platform';
import type { TesseraConfig } from '@tessera/platform';
import type { Store } from './open-store';
import { StandaloneModule } from './standalone.module';
import { KafkaStream } from './stream/kafka-stream';
import { watchStore } from './watch-store';

/** The HTTP service while it runs. */
export interface Service {
  readonly app: NestExpressApplication;
  readonly health: Health;
  /** Abort it and long streams stop where they are. */
  readonly drain: AbortController;
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  readonly address: string;
  /** Null: none is read. */
  readonly stream: KafkaStream | null;
}

const MB = 1024 * 1024;
const HOUR_MS = 3_600_000;
/** A connection on which nothing moves for so long is cut; a stream may otherwise take as long as it likes. */
const IDLE_MS_MAX = 120_000;

/** Builds the service on an open store and listens. */
export async function startService(config: TesseraConfig, store: Store, version: string): Promise<Service> {
  const health = new Health();
  const metrics = new Metrics();
  const drain = new AbortController();
  metrics.collectProcessMetrics();
  watchStore(health, store);
  const messages = {
    futureToleranceMs: config.futureHours * HOUR_MS,
    stringBytesMax: config.stringBytesMax,
    ...(config.cuidPattern === null ? {} : { cuidPattern: config.cuidPattern }),
  };
  const rate = new MessageRate(Date.now);
  let log: KafkaLog = () => undefined;
  const stream =
    config.kafkaBrokers === null
      ? null
      : new KafkaStream(config.kafkaBrokers, config, store, {
          messages,
          metrics,
          count: (messagesTaken) => rate.add(messagesTaken),
          log: (level, line) => log(level, line),
        });
  if (stream !== null) health.register('kafka', () => stream.state);
  const module = StandaloneModule.register(config.logLevel, store, () => stream?.lag ?? 0, {
    secret: store.directory.secret,
    clock: () => Date.now(),
    timeZone: config.timeZone,
    version,
    apiKeys: new ApiKeys(config.apiKeys),
    health,
    metrics,
    drain: drain.signal,
    messages,
    rate,
    cuidPattern: config.cuidPattern,
    messagesConcurrency: config.messagesConcurrency,
    requestsConcurrency: config.requestsConcurrency,
    cursorBytesMax: config.cursorsMb * MB,
    temporaryDirectory: tmpdir(),
  });
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
  app.use(
    observeRequests(metrics, logsRequests(config.logLevel) ? null : (line) => logger.error(line, 'request failed')),
  );
  serveOpenApi(app, version);
  await app.init();
  app.useLogger(app.get(Logger));
  const server = app.getHttpServer();
  server.requestTimeout = 0;
  server.setTimeout(IDLE_MS_MAX);
  await listen(server, config.port, config.host);
  log = (level, line) => logger[level](line);
  stream?.start();
  return { app, health, drain, address: addressOf(server, config.host), stream };
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
