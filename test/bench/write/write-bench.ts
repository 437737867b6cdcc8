import path from 'node:path';
import { bytesBetween, bytesWrittenBy } from '../measure/disk-writes';
import { InFlight } from '../measure/in-flight';
import type { Bench, BenchContext } from '../framework/bench';
import type { Report } from '../framework/report';
import { SUBJECT } from '../framework/result';
import { applyReadyBatches } from '../measure/apply-ready-batches';
import { Samples } from '../measure/samples';
import { rate } from '../measure/pauses';
import { BenchStore } from '../store/bench-store';
import { compare, showBytes } from './expectations';
import { measureHttpIntake } from './http-intake';
import { LmdbPuts } from './lmdb-puts';
import { importVisitors } from './import-visitors';
import { visitorCuid, VISITOR_TYPE, VisitorMessages } from './visitor-messages';

export const writeBench: Bench = {
  name: 'write',
  title: 'Durable messages of three tags for random users, in process and over HTTP',
  peers: ['LMDB puts of the same bytes'],
  users: { full: 10_000_000, short: 50_000 },
  run: runWriteBench,
};

interface Sizes {
  /** Users the messages are drawn from; all of them are known before the timed part. */
  readonly users: number;
  /** Timed messages, in process and again over HTTP. */
  readonly messages: number;
  /** Puts of the same bytes into LMDB, at random keys of as many as there are users. */
  readonly lmdbPuts: number;
}

const FULL = { messages: 3_000_000, lmdbPuts: 500_000 };
const SHORT = { messages: 60_000, lmdbPuts: 10_000 };

const BATCH_MESSAGES = 500;
const BATCHES_IN_FLIGHT = 8;
/** Batches made before the clock runs, so that what is timed is the store. */
const BATCHES_READY = 200;
const IN_PROCESS_TARGET = 100_000;
const HTTP_TARGET = 60_000;
const KEY_BYTES = Buffer.byteLength(visitorCuid(0));
/** Of what a message says beside the cuid: its time 8, level 1, the city's name 8, spend 4. */
const VALUE_BYTES = 21;
const HOUR_MS = 3_600_000;

async function runWriteBench({ users, seed, isShort, folder, report }: BenchContext): Promise<void> {
  const sizes = { users, ...(isShort ? SHORT : FULL) };
  report.note(
    `${sizes.messages.toLocaleString('en-US')} messages for users that are known already; batches of ${BATCH_MESSAGES}, ${BATCHES_IN_FLIGHT} in flight, ` +
      'each durable before it is acknowledged',
  );
  const directory = path.join(folder, 'data');
  const messages = new VisitorMessages(users, seed, Date.now() - HOUR_MS);
  const inProcess = await measureInProcess(directory, messages, sizes, report);
  const lmdb = await measureLmdb(path.join(folder, 'peer'), messages, sizes);
  report.note(
    `LMDB: ${sizes.lmdbPuts.toLocaleString('en-US')} puts of ${KEY_BYTES + VALUE_BYTES} bytes (cuid; time, level, city, spend) at random keys of ` +
      `${users.toLocaleString('en-US')}, same batches, as many in flight: ${Math.round(lmdb.perSecond).toLocaleString('en-US')}/s, ` +
      showBytes(lmdb.diskBytes, sizes.lmdbPuts),
  );
  report.figure({ name: 'in process / LMDB puts', value: inProcess.perSecond / lmdb.perSecond, unit: '×' });
  const http = await measureHttpIntake(directory, messages, sizes.messages, report);
  report.figure({
    name: 'over HTTP NDJSON',
    value: http.perSecond,
    unit: 'messages/s',
    target: { atLeast: HTTP_TARGET },
  });
}

async function measureInProcess(
  directory: string,
  messages: VisitorMessages,
  sizes: Sizes,
  report: Report,
): Promise<{ readonly perSecond: number }> {
  const store = await BenchStore.open(directory);
  await store.declare(VISITOR_TYPE);
  await importVisitors(store, messages);
  const writtenBefore = await bytesWrittenBy('self');
  const { logBytes, elapsedMs, latencies } = await applyAll(store, messages, sizes.messages);
  await store.engine.checkpoint();
  const diskBytes = bytesBetween(writtenBefore, await bytesWrittenBy('self'));
  await compare('in process', messages, async (expression) => await store.count(expression), report);
  await store.close();
  const perSecond = rate(sizes.messages, elapsedMs);
  report.figure({ name: 'in process', value: perSecond, unit: 'messages/s', target: { atLeast: IN_PROCESS_TARGET } });
  report.timing(`acknowledgement of a batch of ${BATCH_MESSAGES}, in process`, SUBJECT, latencies.values);
  report.note(
    `Log: ${(logBytes / sizes.messages).toFixed(1)} bytes a message; ${showBytes(diskBytes, sizes.messages)}, checkpoints included`,
  );
  return { perSecond };
}

async function applyAll(
  store: BenchStore,
  source: VisitorMessages,
  messages: number,
): Promise<{ readonly logBytes: number; readonly elapsedMs: number; readonly latencies: Samples }> {
  const type = store.type(VISITOR_TYPE.name);
  const latencies = new Samples();
  let elapsedMs = 0;
  let logBytes = 0;
  for (let made = 0; made < messages;) {
    const batches: ReturnType<VisitorMessages['batch']>[] = [];
    for (; batches.length < BATCHES_READY && made < messages; made += BATCH_MESSAGES) {
      batches.push(source.batch(type, Math.min(BATCH_MESSAGES, messages - made)));
    }
    const logBefore = store.directory.log.bytes;
    elapsedMs += await applyReadyBatches(store, batches, BATCHES_IN_FLIGHT, latencies);
    const grown = store.directory.log.bytes - logBefore;
    // Where a checkpoint has cut the log meanwhile, the rounds before tell how much it was.
    logBytes += grown > 0 ? grown : (logBytes * batches.length * BATCH_MESSAGES) / made;
  }
  return { logBytes, elapsedMs, latencies };
}

async function measureLmdb(
  folder: string,
  messages: VisitorMessages,
  sizes: Sizes,
): Promise<{ readonly perSecond: number; readonly diskBytes: number | null }> {
  const puts = LmdbPuts.open(folder);
  const value = Buffer.alloc(VALUE_BYTES, 0x61);
  await puts.preload(sizes.users, (user) => [Buffer.from(visitorCuid(user)), value]);
  const batches = Array.from({ length: Math.ceil(sizes.lmdbPuts / BATCH_MESSAGES) }, () =>
    messages.drawUsers(BATCH_MESSAGES).map((user) => [Buffer.from(visitorCuid(user)), value] as const),
  );
  const writtenBefore = await bytesWrittenBy('self');
  const startedMs = performance.now();
  const flight = new InFlight(BATCHES_IN_FLIGHT);
  for (const batch of batches) await flight.start(async () => await puts.put(batch));
  await flight.settle();
  const elapsedMs = performance.now() - startedMs;
  const diskBytes = bytesBetween(writtenBefore, await bytesWrittenBy('self'));
  await puts.close();
  return { perSecond: rate(batches.length * BATCH_MESSAGES, elapsedMs), diskBytes };
}
