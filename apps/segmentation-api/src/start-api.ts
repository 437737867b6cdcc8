import { tmpdir } from 'node:os';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { MysqlCatalogStore } from '@tessera/catalog-store';
import { serveOpenApi, StreamOffsets } from '@tessera/http-api';
import { RAW_TOPIC, TYPES_TAKEN } from '@tessera/ingest';
import { GroupProducer, KafkaClient, TopicDirectory } from '@tessera/kafka';
import type { KafkaLog } from '@tessera/kafka';
import { DatabaseTooNewError, MysqlDatabase } from '@tessera/mysql';
import { ApiKeys, Health, Metrics, startHttpService } from '@tessera/platform';
import type { SegmentationApiConfig } from './config';
import { SegmentationApiModule } from './segmentation-api.module';
import { sharedSecret } from './shared-secret';
import { TagsRawSink } from './tags-raw-sink';

const HOUR_MS = 3_600_000;
const RETRY_MS = 500;
/** Of an engine, which is not there. */
const ENGINE_METRICS = ['tessera_users', 'tessera_data_version', 'tessera_question_duration_seconds'];

/** The HTTP API while it runs. */
export interface SegmentationApi {
  readonly server: Server;
  readonly health: Health;
  readonly drain: AbortController;
  readonly address: string;
  /** When no request is in flight any more. */
  close(): Promise<void>;
}

/** Resolves once it listens, which takes a MySQL that answers; Kafka may come later. */
export async function startApi(
  config: SegmentationApiConfig,
  version: string,
  log: KafkaLog,
): Promise<SegmentationApi> {
  const secret = await readSecret(config.mysqlUrls[0], log);
  const catalogStore = await MysqlCatalogStore.open(config.mysqlUrls[0]);
  const client = new KafkaClient({ brokers: config.brokers, clientId: 'tessera-segmentation-api', log });
  const producer = new GroupProducer(client, RAW_TOPIC);
  const topics = new TopicDirectory(client);
  const offsets = new StreamOffsets(secret, () => catalogStore.refresh());
  const [health, metrics, drain] = [new Health(), new Metrics(), new AbortController()];
  metrics.collectProcessMetrics();
  for (const name of ENGINE_METRICS) metrics.registry.removeSingleMetric(name);
  health.register('catalogue', () => catalogStore.state());
  health.register('kafka', async () => {
    const list = await topics.list();
    if (list.has(RAW_TOPIC)) return { ok: true };
    return { ok: false, detail: `the topic ${RAW_TOPIC} is missing; the mapping worker makes it` };
  });
  const { cuidPattern, stringBytesMax, messagesConcurrency, requestsConcurrency, logLevel, port, host } = config;
  const module = SegmentationApiModule.register(
    logLevel,
    { catalogStore, sink: new TagsRawSink(producer, offsets), offsets, namesTaken: TYPES_TAKEN },
    {
      ...{ secret, version, health, metrics, cuidPattern, messagesConcurrency, requestsConcurrency },
      clock: () => Date.now(),
      apiKeys: new ApiKeys(config.apiKeys),
      drain: drain.signal,
      messages: {
        futureToleranceMs: config.futureHours * HOUR_MS,
        stringBytesMax,
        ...(cuidPattern === null ? {} : { cuidPattern }),
      },
      temporaryDirectory: tmpdir(),
    },
  );
  const { app, address } = await startHttpService(module, {
    ...{ logLevel, metrics, port, host },
    prepare: (made) => {
      serveOpenApi(made, version);
    },
  });
  const close = async (): Promise<void> => {
    await producer.close();
    await topics.close();
    await catalogStore.close();
  };
  return { server: app.getHttpServer(), health, drain, address, close };
}

/** Waits for a MySQL that is not there yet. */
async function readSecret(url: string, log: KafkaLog): Promise<Buffer> {
  const database = await MysqlDatabase.open(url, { connections: 1 });
  try {
    let said = '';
    for (;;) {
      try {
        return await sharedSecret(database);
      } catch (error) {
        if (error instanceof DatabaseTooNewError) throw error;
        const trouble = error instanceof Error ? error.message : String(error);
        if (trouble !== said) log('warn', `Waiting for MySQL: ${trouble}`);
        said = trouble;
        await sleep(RETRY_MS);
      }
    }
  } finally {
    await database.close();
  }
}
