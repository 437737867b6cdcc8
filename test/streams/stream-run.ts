import { setTimeout as sleep } from 'node:timers/promises';
import { ReferenceStore } from '@tessera/audience';
import type { Catalog } from '@tessera/tag-catalog';
import { Catalog as EmptyCatalog, declareTagType, parseMessage } from '@tessera/tag-catalog';
import { readToEnd } from '@tessera/kafka';
import type { ReadRecord } from '@tessera/kafka';
import { RunningServer } from '../support/running-server';
import type { KafkaServer } from '../support/services/kafka-server';
import { seededRandom } from './seeded-random';
import { ask, eventually, rawMessage, StreamClient } from './stream-client';
import type { RawRecord } from './stream-client';

/** What a run is to do. */
export interface StreamRun {
  readonly partitions: number;
  /** Messages sent at least; it goes on until the last fault is over. */
  readonly messages: number;
  readonly cuids: number;
  /** The process is killed so many times, */
  readonly kills: number;
  /** told to stop so many times, */
  readonly stops: number;
  /** and Kafka is killed so many times. */
  readonly kafkaKills: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface StreamSummary {
  readonly messages: number;
  readonly users: number;
  /** Records that could not be used, each with a letter; some have more than one. */
  readonly refused: number;
  readonly letters: number;
  readonly seconds: number;
}

type Random = (limit: number) => number;

const RAW = 'tags.raw';
const SEND_BATCH = 100;
const SEND_PAUSE_MS_MAX = 60;
const PAUSE_MS = { least: 300, most: 1_500 };
const END_MS_MAX = 120_000;
const STOP_MS_MAX = 10_000;
const USERS_A_CALL = 500;
const TYPES = [
  {
    name: 'city',
    kind: 'profile',
    tags: [
      { name: 'town', valueType: 'string' },
      { name: 'visits', valueType: 'int' },
      { name: 'likes', valueType: 'set' },
    ],
  },
  { name: 'visit', kind: 'event', properties: [{ name: 'page', valueType: 'int' }] },
];

/**
 * Sends increments, events without ids, plain writes, erasures, offline users and broken records while the standalone process and Kafka are killed again and
 * again. Then every user is compared with what the reference store makes of the records of the topic, each taken once, in the order of its partition; and
 * every record that it refuses has a dead letter, no other one.
 * @throws Error naming the first thing that is not so.
 */
export async function runStream(kafka: KafkaServer, dataDirectory: string, run: StreamRun): Promise<StreamSummary> {
  const startedMs = performance.now();
  const stream = new StreamClient(kafka.broker);
  await stream.createTopics({ [RAW]: run.partitions, 'tags.dead': 2 });
  const start = (): Promise<RunningServer> =>
    RunningServer.start(dataDirectory, { environment: { KAFKA_BROKERS: kafka.broker } });
  let server = await start();
  let isOver = false;
  const sending = send(stream, run, () => isOver);
  // It is awaited at the end.
  sending.catch(() => undefined);
  try {
    for (const type of TYPES) await ask(server, 'POST', '/v1/tag-types', type);
    const random = seededRandom(run.seed);
    const faults = [
      ...new Array<'kill'>(run.kills).fill('kill'),
      ...new Array<'stop'>(run.stops).fill('stop'),
      ...new Array<'kafka'>(run.kafkaKills).fill('kafka'),
    ].sort(() => random(2) - 0.5);
    for (const [index, fault] of faults.entries()) {
      await sleep(PAUSE_MS.least + random(PAUSE_MS.most - PAUSE_MS.least));
      if (fault === 'kafka') {
        await kafka.kill();
        await sleep(random(1_000));
        await kafka.start();
      } else {
        if (fault === 'stop') await stopInTime(server);
        else await server.kill();
        server = await start();
      }
      run.say(`${index + 1} of ${faults.length} faults (${fault})`);
    }
    isOver = true;
    await sending;
    await untilDone(server);
    const summary = await compare(stream, server);
    await stopInTime(server);
    return { ...summary, seconds: Math.round((performance.now() - startedMs) / 1_000) };
  } finally {
    // Without effect on one that has ended.
    await server.kill();
  }
}

/** While Kafka is away some may be written twice: they are two records then, and count twice. */
async function send(
  { client }: StreamClient,
  { messages, cuids, seed, say }: StreamRun,
  isOver: () => boolean,
): Promise<void> {
  const random = seededRandom(seed + 1);
  let producer = client.producer();
  let sent = 0;
  for (; sent < messages || !isOver(); sent += SEND_BATCH) {
    const first = sent;
    const batch = Array.from({ length: SEND_BATCH }, (_, index) =>
      draw(random, `user-${random(cuids)}`, first + index),
    );
    await eventually(async () => {
      try {
        await producer.connect();
        await producer.send({ topic: RAW, messages: batch });
      } catch (error) {
        await producer.disconnect().catch(() => undefined);
        producer = client.producer();
        throw error;
      }
    });
    await sleep(random(SEND_PAUSE_MS_MAX));
  }
  await producer.disconnect();
  say(`All ${sent.toLocaleString('en-US')} messages are sent`);
}

function draw(random: Random, cuid: string, number: number): RawRecord {
  const kind = random(100);
  if (kind < 50) return rawMessage('city', cuid, { visits: { $inc: 1 + random(9) } });
  if (kind < 75) return rawMessage('visit', cuid, { page: number });
  if (kind < 85) return rawMessage('city', cuid, { town: `town-${number}`, likes: { $add: [`tea-${random(5)}`] } });
  // Refused by the store, if there was an increment before: the result is out of range.
  if (kind < 90) return rawMessage('city', cuid, { visits: { $inc: Number.MAX_SAFE_INTEGER } });
  if (kind < 93) return rawMessage('sys_erase', cuid, {});
  if (kind < 95) return rawMessage('sys_offline_cuid', `offline-${random(1_000)}`, {});
  if (kind < 97) return rawMessage('city', cuid, { visits: 'many' });
  if (kind < 98) return { key: cuid, value: null };
  return { key: cuid, value: '{"header":' };
}

async function untilDone(server: RunningServer): Promise<void> {
  await eventually(async () => {
    const { body } = await server.ask('GET', '/health/ready');
    const { lag } = (await ask(server, 'GET', '/v1/status')) as { lag: number };
    if (lag !== 0 || !(body as { ready: boolean }).ready) {
      throw new Error(`Not done: lag ${lag}, ${JSON.stringify(body)}\n${server.output.slice(-2_000)}`);
    }
  }, END_MS_MAX);
  // The lag is that of a second ago.
  await sleep(1_500);
  const { lag } = (await ask(server, 'GET', '/v1/status')) as { lag: number };
  if (lag !== 0) await untilDone(server);
}

async function stopInTime(server: RunningServer): Promise<void> {
  const startedMs = performance.now();
  const { code: exitCode } = await server.stop();
  const tookMs = performance.now() - startedMs;
  if (exitCode === 0 && tookMs <= STOP_MS_MAX) return;
  throw new Error(
    `SIGTERM: exit code ${String(exitCode)} after ${Math.round(tookMs)} ms:\n${server.output.slice(-2_000)}`,
  );
}

async function compare(stream: StreamClient, server: RunningServer): Promise<Omit<StreamSummary, 'seconds'>> {
  const model = new Model();
  await readToEnd(stream.client, RAW, async (partition, records) => {
    for (const record of records) await model.take(partition, record);
  });
  const { users } = (await ask(server, 'GET', '/v1/status')) as { users: { known: number } };
  demand(users.known, model.store.users().length, 'users known');
  const cuids = model.store.users().map(({ cuid }) => cuid);
  for (let first = 0; first < cuids.length; first += USERS_A_CALL) {
    const some = cuids.slice(first, first + USERS_A_CALL);
    const answer = (await ask(server, 'POST', '/v1/users/batch', { cuids: some })) as
      { users: UserAnswer[] } | UserAnswer[];
    const found = Array.isArray(answer) ? answer : answer.users;
    for (const [place, cuid] of some.entries()) demand(described(found[place]), model.describe(cuid), cuid);
  }
  const letters = await lettersOf(stream);
  demand([...new Set(letters)].sort(), [...model.refused].sort(), 'letters');
  return { messages: model.taken, users: cuids.length, refused: model.refused.size, letters: letters.length };
}

async function lettersOf(stream: StreamClient): Promise<readonly string[]> {
  const letters: string[] = [];
  await readToEnd(stream.client, 'tags.dead', (_partition, records) => {
    letters.push(...records.map(({ headers }) => String(headers['dead.origin'])));
  });
  return letters;
}

interface UserAnswer {
  readonly tags: Readonly<Record<string, { readonly value: unknown }>>;
  readonly events: Readonly<Record<string, { readonly count: number }>>;
}

function described(user: UserAnswer | undefined): object {
  const likes = user?.tags['likes']?.value ?? null;
  return {
    town: user?.tags['town']?.value ?? null,
    visits: user?.tags['visits']?.value ?? null,
    likes: Array.isArray(likes) ? [...(likes as string[])].sort() : likes,
    rows: user?.events['visit']?.count ?? 0,
  };
}

/** What the records amount to when each counts once, in order for each user. */
class Model {
  readonly store = new ReferenceStore({ nowMs: Date.now });
  readonly refused = new Set<string>();
  taken = 0;
  readonly #catalog = TYPES.reduce<Catalog>((catalog, type) => {
    const declared = declareTagType(catalog, type);
    if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
    return declared.value;
  }, EmptyCatalog.empty);

  async take(partition: number, record: ReadRecord): Promise<void> {
    this.taken += 1;
    if (!(await this.#apply(record))) this.refused.add(`${RAW}/${partition}/${record.offset}`);
  }

  describe(cuid: string): object {
    const user = this.store.userByCuid(cuid);
    const valueOf = (name: string): unknown => user?.fields.get(this.#catalog.tag(name)!.id)?.state.value ?? null;
    const likes = valueOf('likes') as readonly string[] | null;
    return {
      town: valueOf('town'),
      visits: valueOf('visits'),
      likes: likes === null ? null : [...likes].sort(),
      rows: user?.rows.get(this.#catalog.type('visit')!.id)?.length ?? 0,
    };
  }

  /** False: it is refused. */
  async #apply({ timestampMs, key, value }: ReadRecord): Promise<boolean> {
    const raw = jsonOf(value);
    if (raw === null) return false;
    if (raw.header.type === 'sys_erase') await this.store.erase(String(key));
    else if (raw.header.type === 'sys_offline_cuid') await this.store.bind([String(key)]);
    else {
      const parsed = parseMessage(this.#catalog, raw, timestampMs);
      if (parsed.kind !== 'message') return false;
      const { verdicts } = await this.store.apply({ arrivalMs: timestampMs, messages: [parsed.message] });
      return typeof verdicts[0] === 'string';
    }
    return true;
  }
}

function jsonOf(value: Buffer | null): { readonly header: { readonly type: string } } | null {
  try {
    return value === null ? null : (JSON.parse(value.toString()) as { header: { type: string } });
  } catch {
    return null;
  }
}

function demand(found: unknown, expected: unknown, what: string): void {
  const [is, was] = [JSON.stringify(found), JSON.stringify(expected)];
  if (is !== was) throw new Error(`${what}: ${is.slice(0, 1_000)} instead of ${was.slice(0, 1_000)}`);
}
