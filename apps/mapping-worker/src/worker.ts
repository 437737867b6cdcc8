import { MysqlCatalogStore } from '@tessera/catalog-store';
import { IdentityResolver, MappingStoreUnavailableError, MysqlSequence } from '@tessera/identity';
import { RedisMappingStore } from '@tessera/identity';
import { MappingWork, RAW_TOPIC, WaitingTypes } from '@tessera/ingest';
import { ExactlyOncePipe, GroupLag, KafkaClient, KafkaFailure, TopicDirectory } from '@tessera/kafka';
import type { KafkaLog } from '@tessera/kafka';
import { quietly, StreamMetrics } from '@tessera/platform';
import type { Health, RunningWorker, WorkerProcess } from '@tessera/platform';
import { RedisConnection } from '@tessera/redis';
import { randomInt } from 'node:crypto';
import type { MappingWorkerConfig } from './config';
import { IdentityKeeper } from './identity-keeper';
import { registerIdentityMetrics } from './identity-metrics';
import { NewGuids } from './new-guids';

import { WorkerTopics } from './worker-topics';

const KEEP_MS = 1_000;

/** Resolves once it is a member of its group; Redis and MySQL may come later. Its stop finishes what is in hand, commits, and leaves the group. */
export async function startMappingWorker(
  config: MappingWorkerConfig,
  { health, registry, log }: WorkerProcess,
): Promise<RunningWorker> {
  let hasStarted = false;
  health.register('worker', () => (hasStarted ? { ok: true } : { ok: false, detail: 'starting' }));
  const client = new KafkaClient({ brokers: config.brokers, clientId: 'tessera-mapping-worker', log });
  const connection = await RedisConnection.open(config.redisUrls);
  const sequence = await MysqlSequence.open(config.mysqlUrl);
  const store = new RedisMappingStore(connection);
  const keeper = new IdentityKeeper(client, store, sequence, (line) => {
    log('info', line);
  });
  const catalogStore = await MysqlCatalogStore.open(config.mysqlUrl);
  const directory = new TopicDirectory(client);
  health.register('catalogue', () => catalogStore.state());
  const topics = new WorkerTopics({
    ...{ topics: directory, catalogStore },
    ...{ partitions: config.partitions, replicationFactor: config.replicationFactor },
    log,
  });
  const types = new WaitingTypes(topics);
  const newGuids = new NewGuids(config.newGuidsAlarm, (line) => {
    log('warn', line);
  });
  const resolver = new IdentityResolver(store, sequence, {
    cacheMb: config.cacheMb,
    seed: randomInt(2 ** 47),
    leaseSize: config.leaseSize,
    onBound: (count) => {
      newGuids.add(count);
    },
  });
  const lag = new GroupLag(client, config.groupId, () => [RAW_TOPIC]);
  const metrics = new StreamMetrics(registry, () => lag.read());
  registerIdentityMetrics(registry, resolver, sequence, newGuids);
  const keep = quietly('Redis is not up to date', () => keeper.keep(), log);
  const pipe = pipeOf(config, client, { resolver, types, topics, metrics, keep, log });
  watch(health, store, sequence, directory);
  const timer = setInterval(() => {
    void keep();
  }, KEEP_MS);
  void keep();
  await topics.start(health);
  await pipe.start();
  hasStarted = true;
  return {
    stop: async () => {
      clearInterval(timer);
      topics.stop();
      await pipe.stop();
      await directory.close();
      await catalogStore.close();
      await lag.close();
      await sequence.close();
      connection.close();
    },
  };
}

interface PipeParts {
  readonly resolver: IdentityResolver;
  readonly types: WaitingTypes;
  readonly topics: WorkerTopics;
  readonly metrics: StreamMetrics;
  /** Called when Redis has lost something. */
  readonly keep: () => Promise<void>;
  readonly log: KafkaLog;
}

function pipeOf(
  config: MappingWorkerConfig,
  client: KafkaClient,
  { resolver, types, topics, metrics, keep, log }: PipeParts,
): ExactlyOncePipe {
  return new ExactlyOncePipe({
    client,
    groupId: config.groupId,
    topic: RAW_TOPIC,
    commitRecords: config.commitRecords,
    commitMs: config.commitMs,
    workOf: (partition) =>
      new MappingWork(
        { topic: RAW_TOPIC, partition },
        {
          ...{ resolver, types, cuidPattern: config.cuidPattern, now: Date.now },
          onDeadLetter: (code) => {
            metrics.addDeadLetter(code);
          },
        },
      ),
    onCommit: (commit) => {
      metrics.addCommit({ topic: RAW_TOPIC, ...commit });
    },
    onFailure: (partition, error) => {
      const what =
        partition === null ? 'Not started yet' : `Kafka partition ${partition} begins anew from its last commit`;
      metrics.addFailure();
      log('warn', `${what}: ${messageOf(error)}`);
      if (error instanceof MappingStoreUnavailableError && error.reason !== 'unreachable') void keep();
      if (error instanceof KafkaFailure && error.kind === 'missingTopic') topics.suspect();
    },
  });
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
  empty: 'Redis holds no identity and is being filled from the mapping log',
};

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
