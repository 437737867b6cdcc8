import { tmpdir } from 'node:os';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { serveOpenApi } from '@tessera/http-api';
import { ApiKeys, Health, Metrics, startHttpService } from '@tessera/platform';
import type { TesseraConfig } from '@tessera/platform';
import type { Store } from './open-store';
import { StandaloneModule } from './standalone.module';
import { watchStore } from './watch-store';

/** The HTTP service while it runs. */
export interface Service {
  readonly app: NestExpressApplication;
  readonly health: Health;
  /** Abort it and long streams stop where they are. */
  readonly drain: AbortController;
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  readonly address: string;
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
  const module = StandaloneModule.register(config.logLevel, store, {
    secret: store.directory.secret,
    clock: () => Date.now(),
    timeZone: config.timeZone,
    version,
    apiKeys: new ApiKeys(config.apiKeys),
    health,
    metrics,
    drain: drain.signal,
    messages: {
      futureToleranceMs: config.futureHours * HOUR_MS,
      stringBytesMax: config.stringBytesMax,
      ...(config.cuidPattern === null ? {} : { cuidPattern: config.cuidPattern }),
    },
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
  return { app, health, drain, address };
}
