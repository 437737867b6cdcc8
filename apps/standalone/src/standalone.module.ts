import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { HttpApiModule, Offsets, StoreSink } from '@tessera/http-api';
import type { HttpApiOptions, StoreStatus } from '@tessera/http-api';
import { LoggingModule } from '@tessera/platform';
import type { LogLevel } from '@tessera/platform';
import type { Store } from './open-store';
import type { KafkaStream } from './stream/kafka-stream';

/** The HTTP API on the embedded engine. */
@Module({})
export class StandaloneModule {
  /** @param stream null: none is read. */
  static register(
    logLevel: LogLevel,
    store: Store,
    stream: Pick<KafkaStream, 'lag' | 'reached'> | null,
    options: HttpApiOptions,
  ): DynamicModule {
    const { engine, catalogStore } = store;
    const offsets = new Offsets(options.secret, engine, stream);
    const httpApi = HttpApiModule.register(
      {
        catalogStore,
        writes: new StoreSink(engine, offsets),
        offsets,
        engine,
        users: engine.users,
        lists: engine.lists,
        statistics: engine.statistics,
        status: { status: () => statusOf(store, stream?.lag ?? 0) },
        verifier: {
          verify: () => {
            const { dataVersion } = engine;
            return { ...engine.verify(), dataVersion };
          },
        },
      },
      options,
    );
    return { module: StandaloneModule, imports: [LoggingModule.register(logLevel), httpApi] };
  }
}

async function statusOf({ engine, directory }: Store, lag: number): Promise<StoreStatus> {
  const status = engine.status();
  const { bytes, memory } = status;
  return {
    usersBound: status.users,
    rememberedIds: status.rememberedIds,
    rememberedIdsMax: status.rememberedIdsMax,
    dataDirectoryBytes: await directory.sizeBytes(),
    memory: {
      used: memory.usedBytes,
      limit: memory.bytesMax,
      resident: process.memoryUsage.rss(),
      ...engine.memoryByField(),
      identity: bytes.identity,
      ids: bytes.ids,
      lists: bytes.lists,
      caches: bytes.caches,
      reads: memory.reads,
      evictions: memory.evictions,
      refusesWrites: memory.isOver,
    },
    lag,
    details: {
      highestGuid: status.highestGuid,
      checkpointSequence: status.checkpointSequence,
      logBytes: status.logBytes,
      threadTasks: status.threadTasks,
      indexesToBuild: status.indexesToBuild,
    },
  };
}
