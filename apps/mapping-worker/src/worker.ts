import { MysqlCatalogStore } from '@tessera/catalog-store';
import { IdentityResolver, MappingStoreUnavailableError, MysqlSequence, RedisConnection } from '@tessera/identity';
import { RedisMappingStore } from '@tessera/identity';
import { MappingWork, RAW_TOPIC, WaitingTypes } from '@tessera/ingest';
import { ExactlyOncePipe, KafkaClient, KafkaFailure, TopicDirectory } from '@tessera/kafka';
import type { KafkaLog } from '@tessera/kafka';
import type { Health } from '@tessera/platform';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MappingWorkerConfig } from './config';
import { IdentityKeeper } from './identity-keeper';
import { WorkerTopics } from './worker-topics';

const KEEP_MS = 1_000;

/** A mapping worker while it runs. */
export interface MappingWorker {
  /** Finishes what is in hand, commits, leaves the group. */
  stop(): Promise<void>;
}

/** Resolves once it is a member of its group; Redis and MySQL may come later. */
export async function startMappingWorker(
  config: MappingWorkerConfig,
  health: Health,
  log: KafkaLog,
): Promise<MappingWorker> {
  let hasStarted = false;
  health.register('worker', () => (hasStarted ? { ok: true } : { ok: false, detail: 'starting' }));
  const client = new KafkaClient({ brokers: config.brokers, clientId: 'tessera-mapping-worker', log });
  const connection = await RedisConnection.open(config.redisUrls);
  const sequence = await MysqlSequence.open(config.mysqlUrls[0]);
  const store = new RedisMappingStore(connection);
  const keeper = new IdentityKeeper(client, store, sequence, (line) => {
    log('info', line);
  });
  const catalogStore = await MysqlCatalogStore.open(config.mysqlUrls[0]);
  const directory = new TopicDirectory(client);
  const topics = new WorkerTopics({
    ...{ topics: directory, catalogStore },
    ...{ partitions: config.partitions, replicationFactor: config.replicationFactor },
    say: (line) => {
      log('info', line);
    },
  });
  const types = new WaitingTypes(topics, Date.now);
  const resolver = new IdentityResolver(store, sequence, {
    cacheMb: config.cacheMb,
    seed: randomInt(2 ** 47),
    leaseSize: config.leaseSize,
  });
  const keep = quietly("Redis can't be brought up to date", () => keeper.keep(), log);
  const keepTopics = quietly("Topics can't be looked at or made", () => topics.keep(), log);
  const pipe = new ExactlyOncePipe({
    client,
    groupId: config.groupId,
    topic: RAW_TOPIC,
    commitRecords: config.commitRecords,
    commitMs: config.commitMs,
    workOf: (partition) =>
      new MappingWork(
        { topic: RAW_TOPIC, partition },
        { resolver, types, cuidPattern: config.cuidPattern, now: Date.now },
      ),
    onFailure: (partition, error) => {
      const what =
        partition === null ? 'Not started yet' : `Kafka partition ${partition} begins anew from its last commit`;
      log('warn', `${what}: ${messageOf(error)}`);
      if (error instanceof MappingStoreUnavailableError && error.reason !== 'unreachable') void keep();
      if (error instanceof KafkaFailure && error.kind === 'missingTopic') topics.suspect();
    },
  });
  watch(health, store, sequence, directory);
  health.register('catalogue', () => catalogStore.state());
  health.register('mappingLog', () => topics.mappingLog);
  void keep();
  const timer = setInterval(() => {
    void keep();
    void keepTopics();
  }, KEEP_MS);
  // What is written before the mapping log is safe could not be rebuilt.
  while (!topics.mappingLog.ok) {
    await keepTopics();
    if (!topics.mappingLog.ok) await sleep(KEEP_MS);
  }
  await pipe.start();
  hasStarted = true;
  return {
    stop: async () => {
      clearInterval(timer);
      await pipe.stop();
      await directory.close();
      await catalogStore.close();
      await sequence.close();
      connection.close();
    },
  };
}

/** Work that is tried again and again; says what is in its way once, not each time. */
function quietly(failed: string, work: () => Promise<void>, log: KafkaLog): () => Promise<void> {
  let said = '';
  return async () => {
    try {
      await work();
      said = '';
    } catch (error) {
      const trouble = messageOf(error);
      if (trouble !== said) log('warn', `${failed}: ${trouble}`);
      said = trouble;
    }
  };
}

/** Registers what readiness depends on. */
function watch(health: Health, store: RedisMappingStore, sequence: MysqlSequence, topics: TopicDirectory): void {
  health.register('redis', async () => {
    const state = await store.state();
    return state === 'open' ? { ok: true } : { ok: false, detail: DETAILS[state] };
  });
  health.register('mysql', async () => {
    await sequence.next();
    return { ok: true };
  });
  health.register('kafka', async () => {
    const list = await topics.list();
    return list.has(RAW_TOPIC) ? { ok: true } : { ok: false, detail: `the topic ${RAW_TOPIC} is missing` };
  });
}

const DETAILS = {
  behind: 'Redis was restarted and is being brought up to date with the mapping log',
  empty: 'Redis holds no identity; `npm run identity -- rebuild` fills it from the mapping log',
};

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
