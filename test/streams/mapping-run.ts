import { setTimeout as sleep } from 'node:timers/promises';
import { MAPPING_TOPIC, readMappingEntries } from '@tessera/ingest';
import { committedOffsets, KafkaFailure, readToEnd } from '@tessera/kafka';
import type { KafkaClient } from '@tessera/kafka';
import { seededRandom } from './seeded-random';
import type { SourceProcess } from '../support/source-process';
import type { StreamServers } from './stream-servers';
import { startWorker, WORKER_RUNS } from './worker-process';

/** What a run is to do. */
export interface MappingRun {
  readonly partitions: number;
  readonly messages: number;
  readonly cuids: number;
  /** Workers are killed so many times in all. */
  readonly kills: number;
  /** Redis is killed and started again so many times. */
  readonly redisKills: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface MappingSummary {
  readonly messages: number;
  readonly cuids: number;
  /** Entries of the mapping log, repeats included. */
  readonly logged: number;
  readonly highestGuid: number;
  readonly seconds: number;
}

const RAW = 'tags.raw';
const OUT = 'tags.city';
const GROUP = 'tessera-mapping';
const WORKERS = 2;
const SEND_BATCH = 1_000;
const PAUSE_MS = { least: 500, most: 2_500 };
const END_MS_MAX = 300_000;
const STOP_MS_MAX = 10_000;

/**
 * Sends messages while mapping workers and Redis are killed again and again, waits until all have arrived, and checks: each arrived once, those of a
 * cuid in order; one guid a cuid, one cuid a guid; every guid stands in the mapping log.
 * @throws Error naming the first thing that is not so.
 */
export async function runMapping(servers: StreamServers, run: MappingRun): Promise<MappingSummary> {
  const startedMs = performance.now();
  const { partitions, seed, say } = run;
  await servers.createTopics({ [RAW]: partitions });
  await servers.declare('city');
  // They make the other topics, both at once.
  const workers = Array.from({ length: WORKERS }, () => startWorker(servers.settings));
  const random = seededRandom(seed);
  const sending = send(servers.client, run).then(() => {
    say(`All ${run.messages.toLocaleString('en-US')} messages are sent`);
  });
  const faults = [
    ...new Array<'worker'>(run.kills).fill('worker'),
    ...new Array<'redis'>(run.redisKills).fill('redis'),
  ].sort(() => random(2) - 0.5);
  for (const [index, fault] of faults.entries()) {
    await sleep(PAUSE_MS.least + random(PAUSE_MS.most - PAUSE_MS.least));
    if (fault === 'redis') {
      await servers.redis.kill();
      await sleep(random(1_000));
      await servers.redis.start();
    } else {
      const place = random(WORKERS);
      await workers[place]!.end('SIGKILL');
      workers[place] = startWorker(servers.settings);
    }
    say(`${index + 1} of ${faults.length} faults (${fault})`);
  }
  await sending;
  await untilDone(servers.client, workers);
  for (const worker of workers) await stopInTime(worker);
  const found = await check(servers.client, run);
  return { ...found, seconds: Math.round((performance.now() - startedMs) / 1_000) };
}

async function send(client: KafkaClient, { messages, cuids, seed }: MappingRun): Promise<void> {
  const random = seededRandom(seed + 1);
  const producer = client.producer();
  await producer.connect();
  for (let start = 0; start < messages; start += SEND_BATCH) {
    const batch = Array.from({ length: Math.min(SEND_BATCH, messages - start) }, (_, index) => {
      const cuid = `user-${random(cuids)}`;
      return { key: cuid, value: JSON.stringify({ header: { type: 'city', cuid }, body: { n: start + index } }) };
    });
    await producer.send({ topic: RAW, messages: batch });
  }
  await producer.disconnect();
}

/** Until the positions committed are the ends. */
async function untilDone(client: KafkaClient, workers: readonly SourceProcess[]): Promise<void> {
  const untilMs = performance.now() + END_MS_MAX;
  for (;;) {
    const lag = await lagNow(client).catch((error: unknown) => {
      // The group may have no coordinator yet.
      if (error instanceof KafkaFailure && error.retriable) return Infinity;
      throw error;
    });
    if (lag === 0) return;
    if (performance.now() > untilMs) {
      const said = workers.map((worker) => worker.output.slice(-2_000)).join('\n---\n');
      throw new Error(`${lag} messages are not done after ${END_MS_MAX / 1_000} s:\n${said}`);
    }
    await sleep(250);
  }
}

async function lagNow(client: KafkaClient): Promise<number> {
  const ends = await client.withAdmin((admin) => admin.fetchTopicOffsets(RAW));
  const committed = await committedOffsets(client, GROUP, RAW);
  return ends.reduce((sum, { partition, high }) => sum + Number(high) - (committed.get(partition) ?? 0), 0);
}

async function stopInTime(worker: SourceProcess): Promise<void> {
  await worker.printed(WORKER_RUNS);
  const startedMs = performance.now();
  const { code, output } = await worker.end('SIGTERM');
  const tookMs = performance.now() - startedMs;
  if (code !== 0 || tookMs > STOP_MS_MAX) {
    throw new Error(`SIGTERM: exit code ${String(code)} after ${Math.round(tookMs)} ms:\n${output.slice(-2_000)}`);
  }
}

async function check(client: KafkaClient, { messages }: MappingRun): Promise<Omit<MappingSummary, 'seconds'>> {
  const guidOf = new Map<string, number>();
  const lastOf = new Map<string, number>();
  let arrived = 0;
  await readToEnd(client, OUT, (_partition, records) => {
    for (const { key, value, headers } of records) {
      const cuid = String(key);
      const guid = Number(headers['guid']?.toString());
      const { body } = JSON.parse(String(value)) as { body: { n: number } };
      demand((guidOf.get(cuid) ?? guid) === guid, `${cuid} has the guids ${guidOf.get(cuid)} and ${guid}`);
      demand((lastOf.get(cuid) ?? -1) < body.n, `${cuid}: message ${body.n} came behind ${lastOf.get(cuid)}, or twice`);
      guidOf.set(cuid, guid);
      lastOf.set(cuid, body.n);
      arrived++;
    }
  });
  // Each message has a number of its own, and none came twice or out of order for its cuid: as many as were sent are all of them.
  demand(arrived === messages, `${arrived} messages arrived of ${messages}`);
  demand(new Set(guidOf.values()).size === guidOf.size, 'a guid belongs to two cuids');
  const loggedOf = new Map<string, number>();
  let logged = 0;
  let highestGuid = 0;
  await readToEnd(client, MAPPING_TOPIC, (_partition, records) => {
    for (const { cuid, guid } of readMappingEntries(records)) {
      demand((loggedOf.get(cuid) ?? guid) === guid, `the log binds ${cuid} to ${loggedOf.get(cuid)} and ${guid}`);
      loggedOf.set(cuid, guid);
      highestGuid = Math.max(highestGuid, guid);
      logged++;
    }
  });
  for (const [cuid, guid] of guidOf) demand(loggedOf.get(cuid) === guid, `${cuid} → ${guid} is not in the mapping log`);
  return { messages: arrived, cuids: guidOf.size, logged, highestGuid };
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
