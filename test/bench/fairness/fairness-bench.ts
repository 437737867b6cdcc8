import path from 'node:path';
import type { TagMessage } from '@tessera/tag-catalog';
import { Random } from '../../../apps/standalone/src/sample/random';
import { preferShortPauses } from '../../../apps/standalone/src/short-pauses';
import { createBenchUsers } from '../bench-users';
import type { BenchUsers } from '../bench-users';
import { describeDelay, watchEventLoop } from '../measure/event-loop';
import { InFlight } from '../measure/in-flight';
import { atPace } from '../measure/paced';
import type { Bench, BenchContext } from '../framework/bench';
import type { Report } from '../framework/report';
import { SUBJECT } from '../framework/result';
import { Samples } from '../measure/samples';
import { watchThreadTime } from '../measure/thread-time';
import { nextTurn, rate } from '../measure/pauses';
import { holdsColumns } from '../lookup/lookup-bench';
import { importUsers } from '../store/import-users';
import { countByColumns, drawRule, drawSmallRule } from '../store/bench-rules';
import type { BenchRule } from '../store/bench-rules';
import { BenchStore, fieldOf } from '../store/bench-store';
import type { TypeDeclaration } from '../store/bench-store';
import { cuidOfUser } from '../users/user-population';

export const fairnessBench: Bench = {
  name: 'fairness',
  title: 'Lookups and small counts beside large counts and writes at full speed, all in one process',
  peers: [],
  users: { full: 258_000_000, short: 200_000 },
  run: runFairnessBench,
};

const DURATION_MS = { full: 30_000, short: 1_500 };
/** That evaluate large questions, beside the main thread. */
const THREADS = 2;
const LOOKUPS_PER_SECOND = 500;
const SMALL_COUNTS_PER_SECOND = 20;
const BATCH_MESSAGES = 500;
const BATCHES_IN_FLIGHT = 4;
/** Batches that are written again and again, each time as of now. */
const BATCHES_READY = 100;
const LOOKUP_TARGET_MS = 10;
const DELAY_TARGET_MS = 5;
/** Rules of each kind whose counts are compared: at full size that takes seconds each. */
const CHECKED = 3;

/** What the writer writes: a type of its own, so that the rules' answers stay what the columns say. */
const WRITTEN_TYPE: TypeDeclaration = {
  name: 'written',
  kind: 'profile',
  tags: [
    { name: 'written_level', valueType: 'int' },
    { name: 'written_score', valueType: 'int' },
    { name: 'written_note', valueType: 'string' },
  ],
};

interface Asked {
  readonly rule: BenchRule;
  readonly count: number;
}

/** Each question is timed from when it was due. */
async function runFairnessBench({ users: size, seed, isShort, folder, report }: BenchContext): Promise<void> {
  // As the server does.
  preferShortPauses();
  const durationMs = isShort ? DURATION_MS.short : DURATION_MS.full;
  report.note(
    `For ${durationMs / 1_000} s at once: counts of 5 terms one after the other, ${LOOKUPS_PER_SECOND} lookups/s, ${SMALL_COUNTS_PER_SECOND} small counts/s, ` +
      `and writes at full speed (${BATCH_MESSAGES} a batch, ${BATCHES_IN_FLIGHT} in flight); ${THREADS} threads for evaluation`,
  );
  const users = createBenchUsers(size, seed);
  const store = await BenchStore.open(path.join(folder, 'data'), { threads: THREADS });
  await importUsers(store, users, Date.now());
  await store.declare(WRITTEN_TYPE);
  const random = new Random(seed, 8);
  // Indexes are made when they are first asked; that is not what is measured here.
  await store.count(drawRule(random, true).expression);
  await store.count(drawSmallRule(random).expression);
  await contend(store, users, { durationMs, seed }, report);
  await store.abandon();
}

interface Run {
  readonly durationMs: number;
  readonly seed: number;
}

async function contend(store: BenchStore, users: BenchUsers, { durationMs, seed }: Run, report: Report): Promise<void> {
  const batches = createBatches(store, users.users, seed);
  const endMs = performance.now() + durationMs;
  const isOver = (): boolean => performance.now() >= endMs;
  const stopWatching = watchEventLoop();
  const stopTiming = watchThreadTime();
  const [lookups, small, large, written] = await Promise.all([
    lookUp(store, users, { durationMs, seed }),
    countSmall(store, { durationMs, seed }),
    countLarge(store, isOver, seed),
    write(store, batches, isOver),
  ]);
  const delay = stopWatching();
  const ranMs = stopTiming();
  report.timing('lookups', SUBJECT, lookups.samples.values);
  report.timing('small counts', SUBJECT, small.samples.values);
  report.timing('large counts beside them', SUBJECT, large.samples.values);
  report.note(`Written beside all that: ${Math.round(rate(written, durationMs)).toLocaleString('en-US')} messages/s`);
  report.note(describeDelay(delay));
  const lookupMs = lookups.samples.spread().p99;
  report.figure({ name: 'lookup p99', value: lookupMs, unit: 'ms', target: { atMost: LOOKUP_TARGET_MS } });
  report.figure({ name: 'small count p99', value: small.samples.spread().p99, unit: 'ms' });
  report.figure({
    name: 'longest hold of the event loop',
    value: delay.maxMs,
    unit: 'ms',
    target: { atMost: DELAY_TARGET_MS },
  });
  // The longest hold less what the thread waited for a core or for memory to be collected by other threads.
  if (ranMs !== null) report.figure({ name: 'longest the thread itself ran in one turn', value: ranMs, unit: 'ms' });
  report.check('wrong lookups', lookups.wrong, 0);
  for (const { rule, count } of [...small.asked.slice(0, CHECKED), ...large.asked.slice(0, CHECKED)]) {
    report.check(JSON.stringify(rule.expression), count, countByColumns(users, rule));
  }
}

async function lookUp(
  store: BenchStore,
  users: BenchUsers,
  { durationMs, seed }: Run,
): Promise<{ readonly samples: Samples; readonly wrong: number }> {
  const random = new Random(seed, 9);
  const samples = new Samples();
  let wrong = 0;
  await atPace({ perSecond: LOOKUPS_PER_SECOND, durationMs }, async (_number, dueMs) => {
    const index = random.between(0, users.users - 1);
    if (!holdsColumns(store.engine.user(cuidOfUser(index)), users, index)) wrong += 1;
    samples.add(performance.now() - dueMs);
  });
  return { samples, wrong };
}

async function countSmall(
  store: BenchStore,
  { durationMs, seed }: Run,
): Promise<{ readonly samples: Samples; readonly asked: readonly Asked[] }> {
  const random = new Random(seed, 10);
  const samples = new Samples();
  const asked: Asked[] = [];
  await atPace({ perSecond: SMALL_COUNTS_PER_SECOND, durationMs }, async (_number, dueMs) => {
    const rule = drawSmallRule(random);
    asked.push({ rule, count: await store.count(rule.expression) });
    samples.add(performance.now() - dueMs);
  });
  return { samples, asked };
}

async function countLarge(
  store: BenchStore,
  isOver: () => boolean,
  seed: number,
): Promise<{ readonly samples: Samples; readonly asked: readonly Asked[] }> {
  const random = new Random(seed, 11);
  const samples = new Samples();
  const asked: Asked[] = [];
  do {
    const rule = drawRule(random, true);
    const startedMs = performance.now();
    asked.push({ rule, count: await store.count(rule.expression) });
    samples.add(performance.now() - startedMs);
    await nextTurn();
  } while (!isOver());
  return { samples, asked };
}

/** @returns messages acknowledged. */
async function write(
  store: BenchStore,
  batches: readonly (readonly TagMessage[])[],
  isOver: () => boolean,
): Promise<number> {
  const flight = new InFlight(BATCHES_IN_FLIGHT);
  let written = 0;
  for (let next = 0; !isOver(); next = (next + 1) % batches.length) {
    await flight.start(async () => {
      const arrivalMs = Date.now();
      const messages = (batches[next] ?? []).map((message) => ({ ...message, timeMs: arrivalMs }));
      await store.engine.apply({ arrivalMs, messages });
      written += messages.length;
    });
  }
  await flight.settle();
  return written;
}

function createBatches(store: BenchStore, users: number, seed: number): readonly (readonly TagMessage[])[] {
  const random = new Random(seed, 12);
  const type = store.type(WRITTEN_TYPE.name);
  const [level, score, note] = ['written_level', 'written_score', 'written_note'].map((name) => fieldOf(type, name));
  if (level === undefined || score === undefined || note === undefined) throw new Error('A field is missing');
  const message = (): TagMessage => ({
    type,
    cuid: cuidOfUser(random.between(0, users - 1)),
    timeMs: 0,
    id: null,
    fields: [
      { op: 'set', field: level, value: random.between(1, 10) },
      { op: 'set', field: score, value: random.between(0, 1_000_000) },
      { op: 'set', field: note, value: `note ${random.between(1, 500)}` },
    ],
  });
  return Array.from({ length: BATCHES_READY }, () => Array.from({ length: BATCH_MESSAGES }, message));
}
