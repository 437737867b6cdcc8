import { MysqlCatalogStore } from '@tessera/catalog-store';
import {
  DEAD_TOPIC,
  Erasures,
  KnownUsers,
  LetterWriter,
  MAPPING_TOPIC,
  MessageEntries,
  OFFLINE_TYPE,
} from '@tessera/ingest';
import { ProfileWork, topicOfType } from '@tessera/ingest';
import type { DurableReceiver, EntryReader, OutcomeReceiver } from '@tessera/ingest';
import { GroupLag, GroupPositions, GroupProducer, KafkaClient, SharedReader, TopicDirectory } from '@tessera/kafka';
import type { SharedReaderOptions, TopicPartition } from '@tessera/kafka';
import { RedisProfiles } from '@tessera/online-profile';
import { quietly, StreamMetrics } from '@tessera/platform';
import type { Health, RunningWorker, WorkerProcess } from '@tessera/platform';
import { RedisConnection } from '@tessera/redis';
import type { CatalogStore, MessageOptions, OnlineProfiles } from '@tessera/tag-catalog';
import type { IngestWorkerConfig } from './config';
import { IngestMetrics } from './ingest-metrics';
import { ProfileKeeper } from './profile-keeper';
import { SourceTopics } from './source-topics';
import { openStore, within } from './starrocks-store';

const KEEP_MS = 1_000;
/** For what is in hand: that of the tag store, then that of the reading. */
const STOP_MS_MAX = 7_000;
const HOUR_MS = 3_600_000;
const KB = 1_024;
const TYPE_PREFIX = topicOfType('');

/** Resolves at once; what it needs may come later. Its stop finishes what is in hand, commits, and leaves the group. */
export async function startIngestWorker(
  config: IngestWorkerConfig,
  { health, registry, log }: WorkerProcess,
): Promise<RunningWorker> {
  const { brokers, groupId, idMemory } = config;
  const client = new KafkaClient({ brokers, clientId: 'tessera-ingest-worker', log });
  const connection = await RedisConnection.open(config.redisUrls);
  const profiles = new RedisProfiles(connection, { idMemory });
  const catalogStore = await MysqlCatalogStore.open(config.mysqlUrl);
  const directory = new TopicDirectory(client);
  const positions = new GroupPositions(client, groupId);
  const letterBox = new GroupProducer(client, DEAD_TOPIC);
  const lag: GroupLag = new GroupLag(client, groupId, () => topics.current);
  const metrics: StreamMetrics = new StreamMetrics(registry, () => lag.read());
  const outcomes = new IngestMetrics(registry, async () => (await profiles.state()).state === 'open');
  const letters = new LetterWriter(letterBox, Date.now, (code) => {
    metrics.addDeadLetter(code);
  });
  const receivers = [letters, outcomes];
  const { starrocksUrls } = config;
  const store =
    starrocksUrls === null
      ? null
      : await openStore(starrocksUrls, config, { catalogStore, profiles, letters, registry, log });
  const tagStore = store?.writer ?? null;
  const workOf = worksWith({ config, catalogStore, profiles, letters, receivers, tagStore });
  const reader: SharedReader = new SharedReader({
    ...{ client, groupId, workOf, ...readerLimits(config) },
    ...watched(metrics, log, () => {
      topics.suspect();
    }),
  });
  const topics: SourceTopics = new SourceTopics(directory, catalogStore, reader);
  const keeper = new ProfileKeeper({
    profiles,
    committed: async () => topics.demanded(await positions.read()),
    settle: () => reader.settle(),
    say: (line) => {
      log('info', line);
    },
  });
  watch(health, { profiles, catalogStore, directory, reader });
  if (store !== null) health.register('starrocks', () => store.state());
  const stopKeeping = keepOn([
    quietly('Topics can not be looked at', () => topics.keep(), log),
    quietly('The online profiles can not be opened', () => keeper.keep(), log),
    ...(store === null
      ? []
      : [
          quietly('What removed types have left can not be ended', () => store.settleLeft(() => topics.removed()), log),
        ]),
  ]);
  reader.start();
  return {
    stop: async () => {
      stopKeeping();
      const startedMs = performance.now();
      await store?.finish(() => reader.settle());
      await within(reader.stop(), STOP_MS_MAX - (performance.now() - startedMs));
      await store?.close();
      connection.close();
      const closed = [letterBox.close(), directory.close(), positions.close(), lag.close(), catalogStore.close()];
      await Promise.allSettled(closed);
    },
  };
}

/** What is said of the reading. */
function watched(
  metrics: StreamMetrics,
  log: WorkerProcess['log'],
  suspect: () => void,
): Pick<SharedReaderOptions, 'onCommit' | 'onFailure' | 'onLost'> {
  return {
    onCommit: (commit) => {
      metrics.addCommit(commit);
    },
    onFailure: (where, error, isNews) => {
      metrics.addFailure();
      suspect();
      if (!isNews) return;
      log('warn', `${where === null ? 'Nothing is read' : `${placeName(where)} begins anew`}: ${messageOf(error)}`);
    },
    onLost: (where, offsets) => {
      metrics.addLost(offsets);
      log(
        'error',
        `${offsets} offsets of ${placeName(where)} are gone and were never read: its retention is too short`,
      );
    },
  };
}

function readerLimits({ batchRecords, batchKb, batchMs, commitMs, waitingMb }: IngestWorkerConfig): {
  readonly batch: { readonly records: number; readonly bytes: number; readonly ageMs: number };
  readonly commitMs: number;
  readonly waitingBytesMax: number;
} {
  return {
    batch: { records: batchRecords, bytes: batchKb * KB, ageMs: batchMs },
    commitMs,
    waitingBytesMax: waitingMb * KB * KB,
  };
}

interface WorkParts {
  readonly config: IngestWorkerConfig;
  readonly catalogStore: CatalogStore;
  readonly profiles: OnlineProfiles;
  readonly letters: LetterWriter;
  readonly receivers: readonly OutcomeReceiver[];
  readonly tagStore: DurableReceiver | null;
}

function worksWith({ config, catalogStore, ...options }: WorkParts): (where: TopicPartition) => ProfileWork {
  const { cuidPattern, futureHours, stringBytesMax, starrocksUrls, starrocksProfileModel } = config;
  const messages: MessageOptions = {
    ...{ futureToleranceMs: futureHours * HOUR_MS, stringBytesMax },
    clearsProfiles: starrocksUrls === null || starrocksProfileModel === 'primary',
    ...(cuidPattern === null ? {} : { cuidPattern }),
  };
  const entriesOf = (topic: string): EntryReader => {
    if (topic === MAPPING_TOPIC) return new Erasures();
    if (topic === topicOfType(OFFLINE_TYPE)) return new KnownUsers();
    return new MessageEntries(topic.slice(TYPE_PREFIX.length), { catalogStore, messages, now: Date.now });
  };
  return (where) => new ProfileWork(where, entriesOf(where.topic), options);
}

/** Does each now and then, never one beside itself. @returns ends it. */
function keepOn(works: readonly (() => Promise<void>)[]): () => void {
  const underWay = new Set<() => Promise<void>>();
  const doAll = (): void => {
    for (const work of works) {
      if (underWay.has(work)) continue;
      underWay.add(work);
      void work().finally(() => underWay.delete(work));
    }
  };
  const timer = setInterval(doAll, KEEP_MS);
  doAll();
  return () => {
    clearInterval(timer);
  };
}

interface Watched {
  readonly profiles: OnlineProfiles;
  readonly catalogStore: MysqlCatalogStore;
  readonly directory: TopicDirectory;
  readonly reader: SharedReader;
}

/** Registers what readiness depends on. */
function watch(health: Health, { profiles, catalogStore, directory, reader }: Watched): void {
  health.register('redis', async () => {
    const { state } = await profiles.state();
    return state === 'open' ? { ok: true } : { ok: false, detail: DETAILS[state] };
  });
  health.register('catalogue', () => catalogStore.state());
  health.register('kafka', async () => {
    const list = await directory.list();
    return list.has(MAPPING_TOPIC) ? { ok: true } : { ok: false, detail: `the topic ${MAPPING_TOPIC} is missing` };
  });
  health.register('sources', () => {
    const [first] = reader.troubles;
    if (first === undefined) return { ok: true };
    const others = reader.troubles.size - 1;
    return { ok: false, detail: `${first[0]}: ${first[1]}${others > 0 ? `, and ${others} others` : ''}` };
  });
}

const DETAILS = {
  behind: 'Redis was restarted; what it has lost is being applied again',
  empty: 'Redis holds no online profiles yet; everything is being applied again',
};

function placeName({ topic, partition }: TopicPartition): string {
  return `Kafka partition ${partition} of ${topic}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
