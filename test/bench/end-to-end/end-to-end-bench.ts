import path from 'node:path';
import { KafkaClient } from '@tessera/kafka';
import { KafkaServer } from '../../support/services/kafka-server';
import { createBenchUsers } from '../bench-users';
import type { Bench, BenchContext } from '../framework/bench';
import type { Report } from '../framework/report';
import { SUBJECT } from '../framework/result';
import { PING_TYPE } from '../freshness/freshness-subject';
import { BenchServer } from '../http/bench-server';
import { KeepAliveConnection } from '../http/keep-alive-connection';
import { atPace } from '../measure/paced';
import { sleep } from '../measure/pauses';
import { Samples } from '../measure/samples';
import { BenchStore } from '../store/bench-store';
import { importUsers } from '../store/import-users';
import { cuidOfUser } from '../users/user-population';
import { VisibleMessages } from './visible-messages';

export const endToEndBench: Bench = {
  name: 'end-to-end',
  title: 'From a message produced to Kafka to the first count that includes it',
  peers: [],
  users: { full: 1_000_000, short: 20_000 },
  run: runEndToEndBench,
};

const RAW = 'tags.raw';
const PARTITIONS = 8;
const DURATION_MS = { full: 30_000, short: 1_500 };
const WARM_UP_MS = { full: 5_000, short: 1_000 };
const MESSAGES_PER_SECOND = 5_000;
const BATCH_MESSAGES = 25;
const TARGET_MS = 150;
const LAST_MS_MAX = 20_000;
/** Coprime to the numbers of users there are, so that no user gets two of so many messages. */
const USER_STRIDE = 7_919;

interface Message {
  readonly partition: number;
  readonly key: string;
  readonly value: string;
}

interface Phase {
  readonly durationMs: number;
  /** Number of the first message, above all that were used before. */
  readonly firstNumber: number;
  readonly users: number;
}

/**
 * Produces messages to `tags.raw` at a steady pace. Meanwhile one question after the other counts those of each Kafka partition: a message's time ends with the
 * answer that first includes it.
 */
async function runEndToEndBench({ users: size, seed, isShort, folder, report }: BenchContext): Promise<void> {
  const lack = KafkaServer.lacks();
  if (lack !== null) {
    report.note(`Left out: ${lack}`);
    return;
  }
  const form = isShort ? 'short' : 'full';
  const directory = path.join(folder, 'data');
  const store = await BenchStore.open(directory);
  await importUsers(store, createBenchUsers(size, seed), Date.now());
  await store.declare(PING_TYPE);
  await store.close();
  const kafka = await KafkaServer.create(path.join(folder, 'kafka'));
  try {
    await kafka.start();
    await createTopics(kafka);
    const server = await BenchServer.start(directory, undefined, { KAFKA_BROKERS: kafka.broker });
    try {
      report.note(
        `${MESSAGES_PER_SECOND.toLocaleString('en-US')} messages/s in batches of ${BATCH_MESSAGES} over ${PARTITIONS} Kafka partitions, all replicas acknowledging; broker, producer and server on this machine`,
      );
      const client = new KafkaClient({ brokers: [kafka.broker], clientId: 'bench', log: () => undefined });
      // No user gets two messages in one phase: the first would count no longer.
      const mostMs = (size / MESSAGES_PER_SECOND) * 1_000;
      const warmUpMs = Math.min(WARM_UP_MS[form], mostMs);
      await exercise(client, server, { durationMs: warmUpMs, firstNumber: 1, users: size });
      const before = await measured(server);
      const result = await exercise(client, server, {
        durationMs: Math.min(DURATION_MS[form], mostMs),
        firstNumber: 500_000_000,
        users: size,
      });
      tell(report, result, { before, after: await measured(server) });
    } finally {
      await server.stop();
    }
  } finally {
    await kafka.remove();
  }
}

interface Result {
  readonly visible: VisibleMessages;
  /** From the time a batch was due until Kafka had it. */
  readonly acknowledged: Samples;
  readonly sent: number;
  readonly counted: number;
}

async function exercise(client: KafkaClient, server: BenchServer, phase: Phase): Promise<Result> {
  const { durationMs, firstNumber, users } = phase;
  const visible = new VisibleMessages(server.url, PARTITIONS, firstNumber);
  const acknowledged = new Samples();
  const producer = client.producer();
  await producer.connect();
  const watching = visible.watch();
  // Awaited at the end.
  watching.catch(() => undefined);
  const due: { readonly messages: readonly Message[]; readonly dueMs: number }[] = [];
  let sent = 0;
  const state = { isOver: false };
  // What has become due while a request was on its way goes with the next one, as other clients of Kafka do it.
  const sending = (async () => {
    while (!state.isOver || due.length > 0) {
      const batches = due.splice(0);
      const messages = batches.flatMap((batch) => batch.messages);
      if (messages.length > 0) await producer.send({ topic: RAW, messages });
      const nowMs = performance.now();
      for (const { dueMs } of batches) acknowledged.add(nowMs - dueMs);
      sent += messages.length;
      if (due.length === 0) await sleep(1);
    }
  })();
  await atPace({ perSecond: MESSAGES_PER_SECOND / BATCH_MESSAGES, durationMs }, (number, dueMs) => {
    due.push({ messages: messagesOf(visible, number * BATCH_MESSAGES, dueMs, users), dueMs });
    return Promise.resolve();
  });
  state.isOver = true;
  await sending;
  await visible.finish(watching, LAST_MS_MAX);
  await producer.disconnect();
  const counted = visible.delays.values.length;
  return { visible, acknowledged, sent, counted };
}

function messagesOf(visible: VisibleMessages, first: number, dueMs: number, users: number): readonly Message[] {
  return Array.from({ length: BATCH_MESSAGES }, (_, at) => {
    const user = ((first + at) * USER_STRIDE) % users;
    const cuid = cuidOfUser(user);
    const partition = user % PARTITIONS;
    const body = { ping_number: visible.numberOf(partition, dueMs) };
    return { partition, key: cuid, value: JSON.stringify({ header: { type: PING_TYPE.name, cuid }, body }) };
  });
}

interface Measured {
  readonly messages: number;
  readonly batches: number;
  /** From the timestamp of the oldest message of each batch until all of it was durable and visible. */
  readonly seconds: number;
}

function tell(
  report: Report,
  result: Result,
  { before, after }: { readonly before: Measured; readonly after: Measured },
): void {
  const { visible, acknowledged, sent, counted } = result;
  report.timing('produced → counted', SUBJECT, visible.delays.values);
  report.timing('produced → acknowledged by Kafka', SUBJECT, acknowledged.values);
  report.timing('the counts that look', SUBJECT, visible.questions.values);
  const { p50, p95, p99 } = visible.delays.spread();
  report.figure({ name: 'produced → counted, p50', value: p50, unit: 'ms' });
  report.figure({ name: 'produced → counted, p95', value: p95, unit: 'ms' });
  report.figure({ name: 'produced → counted, p99', value: p99, unit: 'ms', target: { atMost: TARGET_MS } });
  const messages = after.messages - before.messages;
  const batches = after.batches - before.batches;
  const value = ((after.seconds - before.seconds) * 1_000) / batches;
  report.figure({ name: 'messages applied in one go, mean', value: messages / batches, unit: '' });
  report.figure({ name: 'oldest of a batch: timestamp in Kafka → durable and visible, mean', value, unit: 'ms' });
  report.check('messages applied', messages, sent);
  report.check('messages counted', counted, sent);
  report.check('messages never seen', visible.unseen, 0);
}

/** What the server itself has measured. */
async function measured({ url }: BenchServer): Promise<Measured> {
  const connection = await KeepAliveConnection.open(url);
  const text = String((await connection.request('GET', '/metrics')).body);
  connection.close();
  const figureOf = (name: string): number =>
    Number(new RegExp(`^tessera_stream_${name}(?:{.*})? (\\S+)`, 'm').exec(text)?.[1]);
  return {
    messages: figureOf('records_total'),
    batches: figureOf('delay_seconds_count'),
    seconds: figureOf('delay_seconds_sum'),
  };
}

async function createTopics({ broker }: KafkaServer): Promise<void> {
  const admin = new KafkaClient({ brokers: [broker], clientId: 'bench', log: () => undefined }).admin();
  await admin.connect();
  const topics = [
    { topic: RAW, numPartitions: PARTITIONS, replicationFactor: 1 },
    { topic: 'tags.dead', numPartitions: 1, replicationFactor: 1 },
  ];
  await admin.createTopics({ waitForLeaders: true, topics });
  await admin.disconnect();
}
