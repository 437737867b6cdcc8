import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { MAPPING_TOPIC } from '@tessera/ingest';
import { committedOffsets } from '@tessera/kafka';
import type { KafkaClient } from '@tessera/kafka';
import { Random } from '../../../apps/standalone/src/sample/random';
import { StreamServers } from '../../streams/stream-servers';
import type { Bench, BenchContext } from '../framework/bench';
import type { Report } from '../framework/report';
import { spreadOf } from '../framework/statistics';
import { ChildProgram } from '../http/child-process';
import { drawCuid } from '../identity/random-cuids';
import { sleep } from '../measure/pauses';
import { countCopies } from './count-copies';

export const mappingBench: Bench = {
  name: 'mapping',
  title: 'Messages through the mapping worker on a real Kafka, cuids known to its cache',
  peers: ['a bare kafkajs loop with the same transactions'],
  users: { full: 100_000, short: 2_000 },
  run: runMappingBench,
};

const PARTITIONS = 16;
const MESSAGE_BYTES = 200;
/** Behind one message of each cuid. */
const MESSAGES = { full: 600_000, short: 6_000 };
const ROUNDS = { full: 3, short: 1 };
const RATIO_TARGET = 0.9;
const SEND_BATCH = 2_000;
const POLL_MS = 50;
const NOTHING: ReadonlyMap<number, number> = new Map();
const RUN_MS_MAX = 300_000;
const RAW = 'tags.raw';
const WORKER = { name: 'mapping worker', script: 'apps/mapping-worker/src/main', topic: 'tags.bench' };
const BARE = { name: 'bare loop', script: 'test/bench/mapping/bare-loop', topic: 'copies' };
type Program = typeof WORKER;

interface Sizes {
  /** Messages that make the cuids known. */
  readonly warm: number;
  readonly measured: number;
}

/** What one run of a program has reached. */
interface Rate {
  /** Behind the warm messages. */
  readonly perSecond: number;
  readonly group: string;
}

async function runMappingBench({ users, seed, isShort, folder, report }: BenchContext): Promise<void> {
  const reason = StreamServers.lacks();
  if (reason !== null) {
    report.note(`Left out: ${reason}`);
    return;
  }
  const servers = await StreamServers.create(path.join(folder, 'servers'));
  try {
    await servers.start();
    const topics = { [RAW]: PARTITIONS, [MAPPING_TOPIC]: PARTITIONS, 'tags.dead': 1 };
    await servers.createTopics({ ...topics, [WORKER.topic]: PARTITIONS, [BARE.topic]: PARTITIONS });
    await servers.declare(WORKER.topic.slice('tags.'.length));
    const sizes = { warm: users, measured: isShort ? MESSAGES.short : MESSAGES.full };
    report.note(
      `${sizes.measured.toLocaleString('en-US')} messages of ${MESSAGE_BYTES} bytes for cuids of 32 hex digits; ${PARTITIONS} Kafka partitions; ` +
        'transactions of 5,000 messages or 200 ms a partition; one broker on the same machine',
    );
    await produce(servers.client, sizes, seed);
    await compare(servers, sizes, isShort ? ROUNDS.short : ROUNDS.full, report);
  } finally {
    await servers.remove();
  }
}

async function compare(servers: StreamServers, sizes: Sizes, rounds: number, report: Report): Promise<void> {
  const rates = { worker: [] as number[], bare: [] as number[], two: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    rates.worker.push((await run(servers, WORKER, 1, sizes)).perSecond);
    rates.bare.push((await run(servers, BARE, 1, sizes)).perSecond);
    rates.two.push((await run(servers, WORKER, 2, sizes)).perSecond);
  }
  const all = sizes.warm + sizes.measured;
  report.check('messages that the workers wrote', await countCopies(servers.client, WORKER.topic), 2 * rounds * all);
  report.check('messages that the bare loop wrote', await countCopies(servers.client, BARE.topic), rounds * all);
  const [worker, bare, two] = [rates.worker, rates.bare, rates.two].map((some) => spreadOf(some).p50) as [
    number,
    number,
    number,
  ];
  const unit = 'messages/s';
  report.figure({ name: 'mapping worker', value: worker, unit });
  report.figure({ name: 'bare loop', value: bare, unit });
  report.figure({
    name: 'mapping worker / bare loop',
    value: worker / bare,
    unit: '×',
    target: { atLeast: RATIO_TARGET },
  });
  report.figure({ name: 'two mapping workers', value: two, unit });
  report.figure({ name: 'two mapping workers / one', value: two / worker, unit: '×' });
}

/** One message of each cuid, then as many as are measured for random ones. */
async function produce(client: KafkaClient, { warm, measured }: Sizes, seed: number): Promise<void> {
  const random = new Random(seed);
  const producer = client.producer();
  await producer.connect();
  for (let start = 0; start < warm + measured; start += SEND_BATCH) {
    const count = Math.min(SEND_BATCH, warm + measured - start);
    const messages = Array.from({ length: count }, (_, index) => {
      const at = start + index;
      return messageOf(drawCuid(seed, at < warm ? at : random.between(0, warm - 1)));
    });
    await producer.send({ topic: RAW, messages });
  }
  await producer.disconnect();
}

function messageOf(cuid: string): { key: string; value: string } {
  const head = `{"header":{"type":"bench","cuid":"${cuid}"},"body":{"text":"`;
  const tail = '"}}';
  return { key: cuid, value: head + 'x'.repeat(MESSAGE_BYTES - head.length - tail.length) + tail };
}

/** Lets processes of a new group read everything, and times what is behind the warm messages. */
async function run(servers: StreamServers, program: Program, processes: number, sizes: Sizes): Promise<Rate> {
  const group = `bench-${randomBytes(6).toString('hex')}`;
  const environment = {
    ...servers.settings,
    ...{ GROUP_ID: group, PORT: '0', LOG_LEVEL: 'warn', CACHE_MB: '64', COPY_TO: program.topic },
  };
  const started = Array.from({ length: processes }, () => new ChildProgram(program.script, [], { environment }));
  try {
    const { warm, measured } = sizes;
    const warmAt = await reach(servers.client, group, warm, started);
    const endAt = await reach(servers.client, group, warm + measured, started);
    return { perSecond: ((endAt.messages - warmAt.messages) / (endAt.ms - warmAt.ms)) * 1_000, group };
  } finally {
    await Promise.all(started.map((one) => one.end('SIGTERM')));
  }
}

/** Waits until the group has committed so many messages. */
async function reach(
  client: KafkaClient,
  group: string,
  messages: number,
  programs: readonly ChildProgram[],
): Promise<{ readonly messages: number; readonly ms: number }> {
  const untilMs = performance.now() + RUN_MS_MAX;
  for (;;) {
    // A group that is being made has no coordinator for a moment.
    const committed = await committedOffsets(client, group, RAW).catch(() => NOTHING);
    const ms = performance.now();
    const sum = [...committed.values()].reduce((total, offset) => total + offset, 0);
    if (sum >= messages) return { messages: sum, ms };
    const ended = programs.find(({ hasEnded }) => hasEnded);
    if (ended !== undefined) throw new Error(`${ended.script} has ended:\n${ended.errorOutput}`);
    if (ms > untilMs)
      throw new Error(`only ${sum} of ${messages} messages are committed:\n${programs[0]?.errorOutput}`);
    await sleep(POLL_MS);
  }
}
