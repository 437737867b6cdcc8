import path from 'node:path';
import { bytesBelow } from '../measure/disk-use';
import type { Bench, BenchContext } from '../framework/bench';
import type { Report } from '../framework/report';
import { InFlight } from '../measure/in-flight';
import { rate, sleep } from '../measure/pauses';
import { BenchStore } from '../store/bench-store';
import { compare } from './expectations';
import { importVisitors } from './import-visitors';
import { VISITOR_TYPE, VisitorMessages } from './visitor-messages';

export const rewriteBench: Bench = {
  name: 'rewrite',
  title: 'Disk use while the same users are rewritten ten times over, three tags a message',
  peers: [],
  users: { full: 10_000_000, short: 50_000 },
  run: runRewriteBench,
};

const REWRITES = 10;
const BATCH_MESSAGES = 2_000;
const BATCHES_IN_FLIGHT = 8;
/** Log bytes from which on the short form makes a checkpoint: there would be none otherwise. */
const SHORT_CHECKPOINT_BYTES = 2 ** 20;
const LOOK_MS = 250;
const TARGET = 3;
const HOUR_MS = 3_600_000;

interface DiskUse {
  /** The most that was seen, ms of looking apart. */
  readonly most: number;
  readonly atEnd: number;
}

/** The state is what its chunks take after the last checkpoint, without room that is free; disk use is all there is in the directory. */
async function runRewriteBench({ users, seed, isShort, folder, report }: BenchContext): Promise<void> {
  const directory = path.join(folder, 'data');
  const messages = new VisitorMessages(users, seed, Date.now() - HOUR_MS);
  const store = await BenchStore.open(directory, isShort ? { checkpointLogBytes: SHORT_CHECKPOINT_BYTES } : {});
  await store.declare(VISITOR_TYPE);
  await importVisitors(store, messages);
  const imported = await bytesBelow(directory);
  const startedMs = performance.now();
  const use = await watchDisk(directory, async () => {
    await rewrite(store, messages, users * REWRITES);
  });
  const elapsedMs = performance.now() - startedMs;
  await store.engine.checkpoint();
  const { total, free } = store.directory.chunks.fileBytes;
  const closedUse = { ...use, atEnd: await bytesBelow(directory) };
  await compare('rewritten', messages, async (expression) => await store.count(expression), report);
  await store.close();
  report.note(
    `${(users * REWRITES).toLocaleString('en-US')} messages for ${users.toLocaleString('en-US')} users, ` +
      `${Math.round(rate(users * REWRITES, elapsedMs)).toLocaleString('en-US')} messages/s with their making; after the import ${showMib(imported)} on disk`,
  );
  reportUse(report, total - free, closedUse);
}

function reportUse(report: Report, state: number, { most, atEnd }: DiskUse): void {
  report.note(
    `State ${showMib(state)}; disk use at most ${showMib(most)}, after the last checkpoint ${showMib(atEnd)}`,
  );
  report.figure({ name: 'most disk use / state', value: most / state, unit: '×', target: { atMost: TARGET } });
  report.figure({ name: 'disk use after the last checkpoint / state', value: atEnd / state, unit: '×' });
}

async function rewrite(store: BenchStore, source: VisitorMessages, messages: number): Promise<void> {
  const type = store.type(VISITOR_TYPE.name);
  const flight = new InFlight(BATCHES_IN_FLIGHT);
  for (let made = 0; made < messages; made += BATCH_MESSAGES) {
    const batch = source.batch(type, Math.min(BATCH_MESSAGES, messages - made));
    await flight.start(async () => {
      await store.engine.apply({ arrivalMs: Date.now(), messages: batch });
    });
  }
  await flight.settle();
}

async function watchDisk(directory: string, work: () => Promise<void>): Promise<Pick<DiskUse, 'most'>> {
  const over = new AbortController();
  const watching = mostBelow(directory, over.signal);
  try {
    await work();
  } finally {
    over.abort();
  }
  return { most: await watching };
}

async function mostBelow(directory: string, over: AbortSignal): Promise<number> {
  let most = 0;
  while (!over.aborted) {
    most = Math.max(most, await bytesBelow(directory));
    await sleep(LOOK_MS);
  }
  return most;
}

function showMib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
