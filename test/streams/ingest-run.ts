import { setTimeout as sleep } from 'node:timers/promises';
import { MysqlCatalogStore } from '@tessera/catalog-store';
import { committedOffsets } from '@tessera/kafka';
import type { KafkaClient } from '@tessera/kafka';
import { declareTagType } from '@tessera/tag-catalog';
import type { JsonValue } from '@tessera/tag-catalog';
import type { SourceProcess } from '../support/source-process';
import { compareProfiles } from './compare-profiles';
import type { ComparedProfiles } from './compare-profiles';
import { drawIngestMessage, INGEST_TYPES, LATE_TYPE } from './draw-ingest-message';
import { INGEST_RUNS, openProfiles, startIngest } from './ingest-process';
import { seededRandom } from './seeded-random';
import { eventually } from './stream-client';
import type { StreamServers } from './stream-servers';
import { startWorker, WORKER_RUNS } from './worker-process';

/** What a run is to do. */
export interface IngestRun {
  readonly partitions: number;
  /** Sent at least; it goes on until the last fault is over. */
  readonly messages: number;
  readonly cuids: number;
  /** Ingest workers are killed so many times in all, */
  readonly kills: number;
  /** told to stop so many times, */
  readonly stops: number;
  /** and Redis is killed and started again so many times: it loses its last second. */
  readonly redisKills: number;
  /** Kafka is killed and started again so many times. */
  readonly kafkaKills: number;
  /** As is StarRocks, where there is one. */
  readonly starrocksKills: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface IngestSummary extends ComparedProfiles {
  readonly sent: number;
  readonly seconds: number;
}

const WORKERS = 2;
const SEND_BATCH = 100;
const SEND_PAUSE_MS_MAX = 60;
const PAUSE_MS = { least: 400, most: 2_000 };
const END_MS_MAX = 180_000;
const STOP_MS_MAX = 10_000;
const GROUPS = { 'tags.raw': 'tessera-mapping' } as const;
const INGEST_GROUP = 'tessera-ingest';

/**
 * Sends messages of all kinds while two ingest workers and Redis are killed again and again, waits until all are applied, and compares every
 * user's profile in Redis, and the tables in StarRocks if there is one, with what the reference engine makes of the records of the topics, each taken once and in order; and
 * every record that it refuses has a dead letter, no other one.
 * @throws Error naming the first thing that is not so.
 */
export async function runIngest(servers: StreamServers, run: IngestRun): Promise<IngestSummary> {
  const startedMs = performance.now();
  await servers.createTopics({ 'tags.raw': run.partitions });
  const catalogStore = await MysqlCatalogStore.open(servers.mariadb.url);
  const declare = (json: JsonValue): Promise<unknown> =>
    catalogStore.update((catalog) => {
      const declared = declareTagType(catalog, json);
      if (!declared.ok) throw new Error(declared.errors.map(({ message }) => message).join());
      return declared.value;
    });
  for (const type of INGEST_TYPES) await declare(type);
  const mapping = startWorker(servers.settings);
  const ingest = Array.from({ length: WORKERS }, () => startIngest(servers.storeSettings));
  const { profiles, close } = await openProfiles(servers.redis.url);
  let isOver = false;
  let isLate = false;
  try {
    await Promise.all([mapping.printed(WORKER_RUNS), ...ingest.map((worker) => worker.printed(INGEST_RUNS))]);
    const sending = sendMessages(
      servers.client,
      run,
      () => isOver,
      () => isLate,
    );
    // It is awaited at the end.
    sending.catch(() => undefined);
    await meetFaults(servers, run, ingest, async () => {
      await declare(LATE_TYPE);
      isLate = true;
    });
    isOver = true;
    const sent = await sending;
    run.say(`All ${sent.toLocaleString('en-US')} messages are sent`);
    await untilDone(servers.client, [mapping, ...ingest]);
    for (const worker of ingest) await stopInTime(worker);
    const state = await profiles.state();
    if (state.state !== 'open') throw new Error(`all is applied, but the profiles are ${state.state}`);
    await catalogStore.refresh();
    const starrocksUrl = servers.starrocks?.mysqlUrl ?? null;
    const compared = await compareProfiles(servers.client, profiles, catalogStore.current(), starrocksUrl);
    return { ...compared, sent, seconds: Math.round((performance.now() - startedMs) / 1_000) };
  } finally {
    await Promise.all([mapping, ...ingest].map((worker) => worker.end('SIGKILL')));
    close();
    await catalogStore.close();
  }
}

/** @param halfway called in the middle. */
async function meetFaults(
  servers: StreamServers,
  { kills, stops, redisKills, kafkaKills, starrocksKills, seed, say }: IngestRun,
  ingest: SourceProcess[],
  halfway: () => Promise<void>,
): Promise<void> {
  const random = seededRandom(seed);
  const faults = [
    ...new Array<'kill'>(kills).fill('kill'),
    ...new Array<'stop'>(stops).fill('stop'),
    ...new Array<'redis'>(redisKills).fill('redis'),
    ...new Array<'kafka'>(kafkaKills).fill('kafka'),
    ...new Array<'starrocks'>(servers.starrocks === null ? 0 : starrocksKills).fill('starrocks'),
  ].sort(() => random(2) - 0.5);
  for (const [index, fault] of faults.entries()) {
    await sleep(PAUSE_MS.least + random(PAUSE_MS.most - PAUSE_MS.least));
    if (index === faults.length >> 1) await halfway();
    const place = random(WORKERS);
    const worker = ingest[place]!;
    if (fault === 'redis' || fault === 'kafka' || fault === 'starrocks') {
      await servers[fault]?.kill();
      await sleep(random(1_000));
      await servers[fault]?.start();
    } else {
      if (fault === 'stop') await stopInTime(worker);
      else await worker.end('SIGKILL');
      ingest[place] = startIngest(servers.storeSettings);
    }
    say(`${index + 1} of ${faults.length} faults (${fault})`);
  }
}

/** Sends messages of all kinds to `tags.raw`, at least so many, until it is over. @returns how many. */
export async function sendMessages(
  client: KafkaClient,
  { messages, cuids, seed }: Pick<IngestRun, 'messages' | 'cuids' | 'seed'>,
  isOver: () => boolean,
  isLate: () => boolean,
): Promise<number> {
  const random = seededRandom(seed + 1);
  let producer = client.producer();
  let sent = 0;
  for (; sent < messages || !isOver(); sent += SEND_BATCH) {
    const first = sent;
    const batch = Array.from({ length: SEND_BATCH }, (_, index) =>
      drawIngestMessage(random, { cuids, number: first + index, isLate: isLate() }),
    );
    // While Kafka is away some may be written twice: they are two records then, and count twice unless they have an id.
    await eventually(async () => {
      try {
        await producer.connect();
        await producer.send({ topic: 'tags.raw', messages: batch });
      } catch (error) {
        await producer.disconnect().catch(() => undefined);
        producer = client.producer();
        throw error;
      }
    });
    await sleep(random(SEND_PAUSE_MS_MAX));
  }
  await producer.disconnect();
  return sent;
}

/** Until the positions committed are the ends, of all topics. */
export async function untilDone(client: KafkaClient, workers: readonly SourceProcess[]): Promise<void> {
  const untilMs = performance.now() + END_MS_MAX;
  for (const topic of await sourceTopics(client)) {
    const group = topic === 'tags.raw' ? GROUPS[topic] : INGEST_GROUP;
    for (;;) {
      const ends = await client.withAdmin((admin) => admin.fetchTopicOffsets(topic));
      const committed = await committedOffsets(client, group, topic);
      const lag = ends.reduce((sum, { partition, high }) => sum + Number(high) - (committed.get(partition) ?? 0), 0);
      if (lag === 0) break;
      if (performance.now() > untilMs) {
        const said = workers.map((worker) => worker.output.slice(-3_000)).join('\n---\n');
        throw new Error(`${lag} records of ${topic} are not done after ${END_MS_MAX / 1_000} s:\n${said}`);
      }
      await sleep(250);
    }
  }
}

/** `tags.raw` first: what it has not sent on yet makes the others longer. */
async function sourceTopics(client: KafkaClient): Promise<readonly string[]> {
  const all = await client.withAdmin((admin) => admin.listTopics());
  const others = all.filter((topic) => topic.startsWith('tags.') && topic !== 'tags.raw' && topic !== 'tags.dead');
  return ['tags.raw', 'sys_cguid_mapping', ...others];
}

/** @throws Error if it takes too long or fails. */
export async function stopInTime(worker: SourceProcess): Promise<void> {
  await worker.printed(INGEST_RUNS);
  const startedMs = performance.now();
  const { code, output } = await worker.end('SIGTERM');
  const tookMs = performance.now() - startedMs;
  if (code !== 0 || tookMs > STOP_MS_MAX) {
    throw new Error(`SIGTERM: exit code ${String(code)} after ${Math.round(tookMs)} ms:\n${output.slice(-2_000)}`);
  }
}
