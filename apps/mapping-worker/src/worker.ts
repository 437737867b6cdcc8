import { IdentityResolver, MappingStoreUnavailableError, MysqlSequence, RedisMappingStore } from '@tessera/identity';
import { MappingWork, WaitingTypes } from '@tessera/ingest';
import { ExactlyOncePipe, KafkaClient, TopicDirectory } from '@tessera/kafka';
import type { KafkaLog } from '@tessera/kafka';
import type { Health } from '@tessera/platform';
import { RedisConnection } from '@tessera/redis';
import { randomInt } from 'node:crypto';
import type { MappingWorkerConfig } from './config';
import { IdentityKeeper } from './identity-keeper';

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
  health: Health,
  log: KafkaLog,
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
  const resolver = new IdentityResolver(store, sequence, {
    cacheMb: config.cacheMb,
    seed: randomInt(2 ** 47),
    leaseSize: config.leaseSize,
  });
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
        { resolver, types, cuidPattern: config.cuidPattern, now: Date.now },
      ),
    onFailure: (partition, error) => {
      const what =
        partition === null ? 'Not started yet' : `Kafka partition ${partition} begins anew from its last commit`;
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
        if (trouble !== said) log('warn', `Redis can't be brought up to date: ${trouble}`);
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
  empty: 'Redis holds no identity; `npm run identity -- rebuild` fills it from the mapping log',
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
