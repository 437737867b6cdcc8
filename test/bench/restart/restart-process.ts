// The engine's process in the restart bench: restart-process <directory> <role> <users> <seed> <messages>
//   prepare     imports the users, makes a checkpoint, ends
//   open        opens, answers the count of every line of input (a rule's expression), ends in order with the input
//   write       opens, writes messages that no checkpoint takes up, then waits for its end
//   checkpoint  opens, writes messages at full speed with checkpoints in between, ends without one of its own
// Speaks in lines `<word> <JSON>`.
import { createInterface } from 'node:readline';
import type { JsonValue } from '@tessera/tag-catalog';
import { createBenchUsers } from '../bench-users';
import { watchEventLoop } from '../measure/event-loop';
import { applyReadyBatches } from '../measure/apply-ready-batches';
import { Samples } from '../measure/samples';
import { importUsers } from '../store/import-users';
import { BenchStore } from '../store/bench-store';
import { RestartUpdates, toMessages } from './restart-messages';

const BATCH_MESSAGES = 500;
const BATCHES_IN_FLIGHT = 8;
const BATCHES_READY = 200;
const MINUTE_MS = 60_000;

interface Task {
  readonly users: number;
  readonly seed: number;
  readonly messages: number;
}

function say(word: string, json: JsonValue): void {
  console.log(`${word} ${JSON.stringify(json)}`);
}

async function open(directory: string): Promise<BenchStore> {
  const startedMs = performance.now();
  const store = await BenchStore.open(directory, { checkpointLogBytes: 0 });
  say('opened', { elapsedMs: performance.now() - startedMs, users: store.engine.status().users });
  return store;
}

async function prepare(directory: string, { users, seed }: Task): Promise<void> {
  const store = await BenchStore.open(directory);
  // Before every message that is written later.
  await importUsers(store, createBenchUsers(users, seed), Date.now() - MINUTE_MS);
  await store.close();
}

async function answer(directory: string): Promise<void> {
  const store = await open(directory);
  for await (const line of createInterface({ input: process.stdin })) {
    const startedMs = performance.now();
    const count = await store.count(JSON.parse(line) as JsonValue);
    say('count', { count, elapsedMs: performance.now() - startedMs });
  }
  const startedMs = performance.now();
  await store.close();
  say('closed', { elapsedMs: performance.now() - startedMs });
}

/** Writes all messages, their making not timed. */
async function writeMessages(
  store: BenchStore,
  { users, seed, messages }: Task,
  latencies: Samples,
): Promise<{ readonly elapsedMs: number }> {
  const updates = new RestartUpdates(users, seed);
  const startMs = Date.now();
  let elapsedMs = 0;
  for (let made = 0; made < messages;) {
    const batches: ReturnType<typeof toMessages>[] = [];
    for (; batches.length < BATCHES_READY && made < messages; made += BATCH_MESSAGES) {
      const length = Math.min(BATCH_MESSAGES, messages - made);
      const drawn = Array.from({ length }, () => updates.next());
      batches.push(toMessages(store, drawn, startMs + made / BATCH_MESSAGES));
    }
    elapsedMs += await applyReadyBatches(store, batches, BATCHES_IN_FLIGHT, latencies);
  }
  return { elapsedMs };
}

async function write(directory: string, task: Task): Promise<void> {
  const store = await open(directory);
  const { elapsedMs } = await writeMessages(store, task, new Samples());
  say('written', { elapsedMs, logBytes: store.directory.log.bytes });
  // Until it is killed.
  await new Promise<never>(() => setInterval(() => undefined, MINUTE_MS));
}

async function checkpointWhileWriting(directory: string, task: Task): Promise<void> {
  const store = await open(directory);
  const half = { ...task, messages: Math.ceil(task.messages / 2) };
  const quiet = new Samples();
  await writeMessages(store, half, quiet);
  const busy = new Samples();
  const startedMs = performance.now();
  const stopWatching = watchEventLoop();
  const checkpoint = { elapsedMs: 0 };
  const checkpointed = store.engine.checkpoint().then(() => {
    checkpoint.elapsedMs = performance.now() - startedMs;
  });
  let written = 0;
  for (let round = 1; checkpoint.elapsedMs === 0; round += 1) {
    const seed = task.seed + round;
    await writeMessages(store, { ...task, seed, messages: BATCHES_READY * BATCH_MESSAGES }, busy);
    written += BATCHES_READY * BATCH_MESSAGES;
  }
  await checkpointed;
  const delay = stopWatching();
  say('checkpointed', {
    checkpointMs: checkpoint.elapsedMs,
    written,
    quietMs: [...quiet.values],
    busyMs: [...busy.values],
    delayP99Ms: delay.p99Ms,
    delayMaxMs: delay.maxMs,
    findings: store.engine.verify().findings.length,
  });
  await store.abandon();
}

async function main(): Promise<void> {
  const [directory = '', role, users, seed, messages] = process.argv.slice(2);
  const task = { users: Number(users), seed: Number(seed), messages: Number(messages) };
  if (role === 'prepare') await prepare(directory, task);
  else if (role === 'open') await answer(directory);
  else if (role === 'write') await write(directory, task);
  else if (role === 'checkpoint') await checkpointWhileWriting(directory, task);
  else throw new Error(`There is no role "${role ?? ''}"`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
