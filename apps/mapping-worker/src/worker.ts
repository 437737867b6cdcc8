import { IdentityResolver, MappingStoreUnavailableError, MysqlSequence, RedisConnection } from '@tessera/identity';
import { RedisMappingStore } from '@tessera/identity';
import { MappingWork, WaitingTypes } from '@tessera/ingest';
import { ExactlyOncePipe, GroupLag, KafkaClient, TopicDirectory } from '@tessera/kafka';
import type { KafkaLog } from '@tessera/kafka';
import { StreamMetrics } from '@tessera/platform';
import type { Health } from '@tessera/platform';
import type { Registry } from 'prom-client';
import { randomInt } from 'node:crypto';
import type { MappingWorkerConfig } from './config';
import { IdentityKeeper } from './identity-keeper';
import { registerIdentityMetrics } from './identity-metrics';
import { NewGuids } from './new-guids';

const RAW_TOPIC = 'tags.raw';
const TYPE_PREFIX = 'tags.';
/** They begin with the prefix and are no types. */
const NO_TYPES = ['raw', 'dead'];
const KEEP_MS = 1_000;

/** A mapping worker while it runs. */
export interface MappingWorker {
  /** Finishes what is in hand, commits, leaves the group. */
  stop(): Promise<void>;
}

/** Resolves once it is a member of its group; Redis and MySQL may come later. */
export async function startMappingWorker(
  config: MappingWorkerConfig,
  { health, registry, log }: { readonly health: Health; readonly registry: Registry; readonly log: KafkaLog },
): Promise<MappingWorker> {
  const client = new KafkaClient({ brokers: config.brokers, clientId: 'tessera-mapping-worker', log });
  const connection = await RedisConnection.open(config.redisUrls);
  const sequence = await MysqlSequence.open(config.mysqlUrls[0]);
  const store = new RedisMappingStore(connection);
  const keeper = new IdentityKeeper(client, store, sequence, (line) => {
    log('info', line);
  });
  const topics = new TopicDirectory(client);
  const types = new WaitingTypes(async () => typesOf(await topics.list()), Date.now);
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
  const lag = new GroupLag(client, config.groupId, RAW_TOPIC);
  const metrics = new StreamMetrics(registry, RAW_TOPIC, () => lag.read());
  registerIdentityMetrics(registry, resolver, sequence, newGuids);
  const keep = keepQuietly(keeper, log);
  const pipe = new ExactlyOncePipe({
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
      metrics.addCommit(commit);
    },
    onFailure: (partition, error) => {
      const what =
        partition === null ? 'Not started yet' : `Kafka partition ${partition} begins anew from its last commit`;
      metrics.addFailure();
      log('warn', `${what}: ${messageOf(error)}`);
      if (error instanceof MappingStoreUnavailableError && error.reason !== 'unreachable') keep();
    },
  });
  watch(health, store, sequence, topics);
  keep();
  const timer = setInterval(keep, KEEP_MS);
  await pipe.start();
  return {
    stop: async () => {
      clearInterval(timer);
      await pipe.stop();
      await topics.close();
      await lag.close();
      await sequence.close();
      connection.close();
    },
  };
}

/** Says what is in the way once, not each time it is tried. */
function keepQuietly(keeper: IdentityKeeper, log: KafkaLog): () => void {
  let said = '';
  return () => {
    keeper.keep().then(
      () => {
        said = '';
      },
      (error: unknown) => {
        const trouble = messageOf(error);
        if (trouble !== said) log('warn', `Redis is not up to date: ${trouble}`);
        said = trouble;
      },
    );
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
  empty: 'Redis holds no identity and is being filled from the mapping log',
};

function typesOf(topics: ReadonlySet<string>): ReadonlySet<string> {
  const types = [...topics]
    .filter((topic) => topic.startsWith(TYPE_PREFIX))
    .map((topic) => topic.slice(TYPE_PREFIX.length))
    .filter((type) => !NO_TYPES.includes(type));
  return new Set(types);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
