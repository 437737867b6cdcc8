import { tmpdir } from 'node:os';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { PinoLogger } from 'nestjs-pino';
import { MessageRate, serveOpenApi } from '@tessera/http-api';
import type { KafkaLog } from '@tessera/kafka';
import { ApiKeys, Health, Metrics, startHttpService } from '@tessera/platform';
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
  const module = StandaloneModule.register(config.logLevel, store, stream, {
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
  const { app, address } = await startHttpService(module, {
    ...{ logLevel: config.logLevel, metrics, port: config.port, host: config.host },
    prepare: (made) => serveOpenApi(made, version),
  });
  const logger = await app.resolve(PinoLogger);
  log = (level, line) => logger[level](line);
  stream?.start();
  return { app, health, drain, address, stream };
}
