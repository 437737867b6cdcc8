import { tmpdir } from 'node:os';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { MysqlCatalogStore } from '@tessera/catalog-store';
import { serveOpenApi, StreamOffsets } from '@tessera/http-api';
import type { HttpApiPorts } from '@tessera/http-api';
import { RAW_TOPIC, TYPES_TAKEN } from '@tessera/ingest';
import { GroupProducer, KafkaClient } from '@tessera/kafka';
import type { KafkaLog } from '@tessera/kafka';
import { DatabaseTooNewError, MysqlDatabase } from '@tessera/mysql';
import { ApiKeys, Health, Metrics, startHttpService } from '@tessera/platform';
import type { SegmentationApiConfig } from './config';
import { followCaller, seenBehind } from './engine/caller';
import { openEngine } from './engine/open-engine';
import type { OpenedEngine } from './engine/open-engine';
import { SegmentationApiModule } from './segmentation-api.module';
import { sharedSecret } from './shared-secret';
import { DistributedStatus } from './status';
import { StreamWatch } from './stream/stream-watch';
import { TagsRawSink } from './tags-raw-sink';
import { DistributedUserReader } from './users/distributed-user-reader';
import { GuidLookup } from './users/guid-lookup';
import { openRedisUsers } from './users/open-users';
import type { RedisUsers } from './users/open-users';

const HOUR_MS = 3_600_000;
const MB = 1_048_576;
const RETRY_MS = 500;
/** Of an engine. */
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

/** Where everything is that the API stands on. */
interface Stores {
  readonly secret: Buffer;
  readonly catalogStore: MysqlCatalogStore;
  readonly producer: GroupProducer;
  readonly stream: StreamWatch;
  readonly redis: RedisUsers;
  readonly lookup: GuidLookup;
  /** Null: there is none. */
  readonly engine: OpenedEngine | null;
  close(): Promise<void>;
}

/** Resolves once it listens, which takes a MySQL that answers; everything else may come later. */
export async function startApi(
  config: SegmentationApiConfig,
  version: string,
  log: KafkaLog,
): Promise<SegmentationApi> {
  const stores = await openStores(config, log);
  const { secret, catalogStore, engine } = stores;
  const [health, metrics, drain] = [new Health(), new Metrics(), new AbortController()];
  metrics.collectProcessMetrics();
  if (engine === null) for (const name of ENGINE_METRICS) metrics.registry.removeSingleMetric(name);
  watch(health, stores);
  const { cuidPattern, stringBytesMax, messagesConcurrency, requestsConcurrency, logLevel, port, host } = config;
  const offsets = new StreamOffsets(secret, () => catalogStore.refresh(), seenBehind(stores.stream.applied));
  const module = SegmentationApiModule.register(logLevel, portsOf(stores, offsets), {
    ...{ secret, version, health, metrics, cuidPattern, messagesConcurrency, requestsConcurrency },
    clock: () => Date.now(),
    timeZone: config.timeZone,
    apiKeys: new ApiKeys(config.apiKeys),
    drain: drain.signal,
    messages: {
      futureToleranceMs: config.futureHours * HOUR_MS,
      stringBytesMax,
      clearsProfiles: config.starrocksUrls === null || config.starrocksProfileModel === 'primary',
      ...(cuidPattern === null ? {} : { cuidPattern }),
    },
    cursorBytesMax: config.cursorsMb * MB,
    temporaryDirectory: tmpdir(),
  });
  const { app, address } = await startHttpService(module, {
    ...{ logLevel, metrics, port, host },
    prepare: (made) => {
      made.use(followCaller);
      serveOpenApi(made, version);
    },
  });
  return { server: app.getHttpServer(), health, drain, address, close: () => stores.close() };
}

async function openStores(config: SegmentationApiConfig, log: KafkaLog): Promise<Stores> {
  const secret = await readSecret(config.mysqlUrl, log);
  const catalogStore = await MysqlCatalogStore.open(config.mysqlUrl);
  const client = new KafkaClient({ brokers: config.brokers, clientId: 'tessera-segmentation-api', log });
  const producer = new GroupProducer(client, RAW_TOPIC);
  const stream = new StreamWatch(client, catalogStore, config);
  const redis = await openRedisUsers(config.redisUrls);
  const lookup = new GuidLookup(redis.identity);
  const engine =
    config.starrocksUrls === null ? null : openEngine(config.starrocksUrls, config, { catalogStore, lookup, log });
  const close = async (): Promise<void> => {
    await producer.close();
    await stream.close();
    redis.close();
    await engine?.close();
    await catalogStore.close();
  };
  return { secret, catalogStore, producer, stream, redis, lookup, engine, close };
}

function portsOf(stores: Stores, offsets: StreamOffsets): HttpApiPorts {
  const { catalogStore, producer, stream, redis, lookup, engine } = stores;
  return {
    catalogStore,
    writes: new TagsRawSink(producer, offsets),
    offsets,
    namesTaken: TYPES_TAKEN,
    users: new DistributedUserReader(lookup, redis.profiles, engine?.singleUsers ?? null),
    engine: engine?.engine ?? null,
    lists: engine?.lists ?? null,
    statistics: engine?.statistics ?? null,
    verifier: engine?.verifier ?? null,
    status: new DistributedStatus({
      bound: async () => (await redis.identity.size()).entries,
      rememberedIds: () => redis.profiles.rememberedIds(),
      lags: stream.lags,
    }),
  };
}

/** Registers what readiness depends on. */
function watch(health: Health, { catalogStore, stream, redis, engine }: Stores): void {
  health.register('catalogue', () => catalogStore.state());
  health.register('kafka', async () => {
    if ((await stream.topics()).has(RAW_TOPIC)) return { ok: true };
    return { ok: false, detail: `the topic ${RAW_TOPIC} is missing; the mapping worker makes it` };
  });
  health.register('identity', () => redis.identityState());
  health.register('profiles', () => redis.profilesState());
  if (engine !== null) health.register('starrocks', () => engine.state());
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
