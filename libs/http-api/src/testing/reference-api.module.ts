import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { RowDistance } from '@tessera/audience';
import { ReferenceEngine, ReferenceStore, ReferenceUserReader } from '@tessera/audience';
import { ApiKeys, Health, Metrics, PlainJsonAdapter } from '@tessera/platform';
import type { TagStore } from '@tessera/tag-catalog';
import { HttpApiModule } from '../http-api.module';
import { StoreSink } from '../messages/message-sink';
import { serveOpenApi } from '../openapi/serve-openapi.module';
import type { HttpApiOptions, HttpApiPorts } from '../ports';
import { Offsets } from '../requests/offsets';
import type { StreamProgress } from '../requests/raw-positions';
import { MemoryCatalogStore, ReferenceListStore, ReferenceStatistics } from './in-memory-stores';

const OFFSET_WAIT_MS = 50;
const NOTHING_STORED = { tagShards: 0, eventRows: 0 };

/** A whole HTTP API over the reference engine, for tests. */
export interface ReferenceApi {
  readonly server: Server;
  readonly store: ReferenceStore;
  readonly catalogStore: MemoryCatalogStore;
  readonly health: Health;
  readonly drain: AbortController;
  /** The wall clock of the service; move it by setting it. */
  readonly time: { nowMs: number };
  close(): Promise<void>;
}

export interface ReferenceApiChoices {
  /** Reads `tags.raw`; else nobody does. */
  readonly stream?: StreamProgress;
  /** Where rows and lists of single users are said to be. */
  readonly rows?: RowDistance;
  /** Takes the writes; else the reference store does. */
  readonly store?: Pick<TagStore, 'apply' | 'erase'>;
  readonly ports?: Partial<HttpApiPorts>;
  readonly options?: Partial<HttpApiOptions>;
  readonly openApi?: boolean;
}

/** Starts one with a clock that stands at 2026-11-01T00:00:00Z. */
export async function startReferenceApi(choices: ReferenceApiChoices = {}): Promise<ReferenceApi> {
  const time = { nowMs: Date.UTC(2026, 10, 1) };
  const clock = (): number => time.nowMs;
  const store = new ReferenceStore({ nowMs: clock });
  const engine = new ReferenceEngine(store);
  const catalogStore = new MemoryCatalogStore();
  const lists = new ReferenceListStore(store, clock);
  const health = new Health();
  const drain = new AbortController();
  const options = { ...defaultOptions(clock, health, drain.signal), ...choices.options };
  const offsets = new Offsets(options.secret, store, choices.stream ?? null, OFFSET_WAIT_MS);
  const module = HttpApiModule.register(
    {
      catalogStore,
      writes: new StoreSink(choices.store ?? store, offsets),
      offsets,
      engine,
      users: new ReferenceUserReader(engine, choices.rows),
      lists,
      statistics: new ReferenceStatistics(store, engine),
      status: { status: () => Promise.resolve(statusOf(store)) },
      verifier: {
        verify: () => ({
          findings: [],
          users: store.users().length,
          ...NOTHING_STORED,
          dataVersion: store.dataVersion,
        }),
      },
      ...choices.ports,
    },
    options,
  );
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class that nobody makes
  const app: INestApplication<Server> = await NestFactory.create(module, new PlainJsonAdapter(), {
    bodyParser: false,
    logger: false,
    abortOnError: false,
  });
  if (choices.openApi === true) serveOpenApi(app, '0.0.0');
  await app.init();
  return { server: app.getHttpServer(), store, catalogStore, health, drain, time, close: () => app.close() };
}

function defaultOptions(clock: () => number, health: Health, drain: AbortSignal): HttpApiOptions {
  return {
    secret: Buffer.from('a secret of the tests, 32 bytes.'),
    clock,
    timeZone: 'UTC',
    version: '0.0.0',
    apiKeys: new ApiKeys([]),
    health,
    metrics: new Metrics(),
    drain,
    messages: {},
    cuidPattern: null,
    messagesConcurrency: 4,
    requestsConcurrency: 16,
    cursorBytesMax: 1024 * 1024,
    temporaryDirectory: tmpdir(),
  };
}

function statusOf(store: ReferenceStore): Awaited<ReturnType<HttpApiPorts['status']['status']>> {
  return {
    usersBound: store.users().length,
    rememberedIds: 0,
    rememberedIdsMax: 0,
    dataDirectoryBytes: 0,
    lag: 0,
    memory: null,
    details: {},
  };
}
