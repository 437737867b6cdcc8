import path from 'node:path';
import { Random } from '../../../apps/standalone/src/sample/random';
import { createBenchUsers } from '../bench-users';
import type { BenchUsers } from '../bench-users';
import { BenchServer } from '../http/bench-server';
import { describeDelay, watchEventLoop } from '../measure/event-loop';
import { atPace } from '../measure/paced';
import type { Bench, BenchContext } from '../framework/bench';
import type { Report } from '../framework/report';
import { SUBJECT } from '../framework/result';
import { Samples } from '../measure/samples';
import { importUsers } from '../store/import-users';
import { countByColumns, drawRule } from '../store/bench-rules';
import type { BenchRule } from '../store/bench-rules';
import { BenchStore } from '../store/bench-store';
import { HttpFreshness, InProcessFreshness, PING_TYPE, pingExpression } from './freshness-subject';
import type { FreshnessSubject, PingBatch } from './freshness-subject';

export const freshnessBench: Bench = {
  name: 'freshness',
  title: 'From the send of a message to the first count that includes it',
  peers: [],
  users: { full: 10_000_000, short: 100_000 },
  run: runFreshnessBench,
};

/** Of each of the two runs. */
const DURATION_MS = { full: 60_000, short: 1_500 };
const MESSAGES_PER_SECOND = 5_000;
const BATCH_MESSAGES = 25;
const COUNTS_PER_SECOND = 20;
const TARGET_MS = 50;
/** Coprime to the numbers of users there are, so that no user gets two of so many messages. */
const USER_STRIDE = 7_919;
const RULES_CHECKED = 5;
const WARM_UP_MS = 1_000;
/** Numbers kept apart for the warm-up, and for the run in process. */
const WARM_UP_NUMBERS = 100_000_000;
const HTTP_FIRST_NUMBER = 1_000_000_000;

interface RunResult {
  /** From the time a message was due to the answer of the count asked at its acknowledgement, ms. */
  readonly freshness: Samples;
  /** From the same time to the answer of the next of the regular counts. */
  readonly toRegularCount: Samples;
  readonly regularCount: Samples;
  readonly counted: readonly { readonly rule: BenchRule; readonly count: number }[];
  /** Probes that did not find the whole batch. */
  readonly missed: number;
}

/**
 * Sends messages at a steady pace beside counts of rules, and times every message until a count has shown that it is included: as soon
 * as its batch is acknowledged, the users with its numbers are counted.
 */
async function runFreshnessBench({ users: size, seed, isShort, folder, report }: BenchContext): Promise<void> {
  const durationMs = isShort ? DURATION_MS.short : DURATION_MS.full;
  report.note(
    `${MESSAGES_PER_SECOND.toLocaleString('en-US')} messages/s in batches of ${BATCH_MESSAGES}, beside ${COUNTS_PER_SECOND} counts/s of 4 terms, each with ` +
      `other values; ${durationMs / 1_000} s each way`,
  );
  const users = createBenchUsers(size, seed);
  const directory = path.join(folder, 'data');
  const store = await BenchStore.open(directory);
  await importUsers(store, users, Date.now());
  await store.declare(PING_TYPE);
  const stopWatching = watchEventLoop();
  await measure('in process', new InProcessFreshness(store), { durationMs, seed, users, firstNumber: 1 }, report);
  report.note(`In process: ${describeDelay(stopWatching())}`);
  await store.close();
  const server = await BenchServer.start(directory);
  try {
    const subject = new HttpFreshness(server.url);
    await measure('over HTTP', subject, { durationMs, seed, users, firstNumber: HTTP_FIRST_NUMBER }, report);
    subject.close();
  } finally {
    await server.stop();
  }
}

interface Run {
  readonly durationMs: number;
  readonly seed: number;
  readonly users: BenchUsers;
  /** Number of the first message, above all that were used before. */
  readonly firstNumber: number;
}

async function measure(where: string, subject: FreshnessSubject, run: Run, report: Report): Promise<void> {
  const warmUpMs = Math.min(WARM_UP_MS, run.durationMs / 3);
  await exercise(subject, run, warmUpMs);
  const result = await exercise(subject, { ...run, firstNumber: run.firstNumber + WARM_UP_NUMBERS }, run.durationMs);
  const { freshness, toRegularCount, regularCount } = result;
  report.timing(`${where}, sent → counted`, SUBJECT, freshness.values);
  report.figure({
    name: `${where}, sent → counted, p99`,
    value: freshness.spread().p99,
    unit: 'ms',
    target: { atMost: TARGET_MS },
  });
  const apartMs = 1_000 / COUNTS_PER_SECOND;
  report.timing(`${where}, sent → next of the counts, which are ${apartMs} ms apart`, SUBJECT, toRegularCount.values);
  report.timing(`${where}, the counts themselves`, SUBJECT, regularCount.values);
  report.check(`${where}, batches not found whole by their count`, result.missed, 0);
  for (const { rule, count } of result.counted.slice(0, RULES_CHECKED)) {
    report.check(`${where}, ${JSON.stringify(rule.expression)}`, count, countByColumns(run.users, rule));
  }
}

async function exercise(subject: FreshnessSubject, run: Run, durationMs: number): Promise<RunResult> {
  const random = new Random(run.seed, 4);
  const [freshness, toRegularCount, regularCount] = [new Samples(), new Samples(), new Samples()];
  const acknowledged: { readonly dueMs: number; readonly atMs: number }[] = [];
  const counts: { readonly askedMs: number; readonly answeredMs: number }[] = [];
  const counted: { readonly rule: BenchRule; readonly count: number }[] = [];
  let missed = 0;
  const writing = atPace({ perSecond: MESSAGES_PER_SECOND / BATCH_MESSAGES, durationMs }, async (number, dueMs) => {
    const batch = pingBatch(run, number);
    const token = await subject.send(batch);
    acknowledged.push({ dueMs, atMs: performance.now() });
    if ((await subject.count(pingExpression(batch), token)) !== BATCH_MESSAGES) missed += 1;
    const elapsedMs = performance.now() - dueMs;
    for (let message = 0; message < BATCH_MESSAGES; message += 1) freshness.add(elapsedMs);
  });
  const counting = atPace({ perSecond: COUNTS_PER_SECOND, durationMs }, async (_number, dueMs) => {
    const rule = drawRule(random, false);
    const askedMs = performance.now();
    counted.push({ rule, count: await subject.count(rule.expression) });
    const answeredMs = performance.now();
    regularCount.add(answeredMs - dueMs);
    counts.push({ askedMs, answeredMs });
  });
  await Promise.all([writing, counting]);
  counts.sort((left, right) => left.askedMs - right.askedMs);
  for (const { dueMs, atMs } of acknowledged) {
    const next = counts.find(({ askedMs }) => askedMs >= atMs);
    if (next !== undefined) toRegularCount.add(next.answeredMs - dueMs);
  }
  return { freshness, toRegularCount, regularCount, counted, missed };
}

function pingBatch({ firstNumber, users }: Run, number: number): PingBatch {
  const first = number * BATCH_MESSAGES;
  return {
    firstNumber: firstNumber + first,
    users: Array.from({ length: BATCH_MESSAGES }, (_, at) => ((first + at) * USER_STRIDE) % users.users),
  };
}
