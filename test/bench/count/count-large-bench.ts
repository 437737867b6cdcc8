import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Bench, BenchContext } from '../framework/bench';
import { SUBJECT } from '../framework/result';
import { showNumber } from '../framework/show-result';
import { stopwatch } from '../framework/statistics';
import { sleep } from '../measure/pauses';
import { askAlone, compareAnswers } from '../framework/round-trip';
import type { Answered, Questions } from '../framework/round-trip';
import { residentMiB, timedLoad } from '../framework/timed-load';
import { BenchStore } from '../store/bench-store';
import type { EngineOptions } from '../store/bench-store';
import { loadUsers } from '../users/load-users';
import { RuleDraw, ruleSql } from '../users/questions';
import type { RuleQuestion } from '../users/questions';
import { UserPopulation } from '../users/user-population';
import { DUCKDB, openDuckDb, tesseraAnswerer } from './rule-systems';

const WARM_UP = 3;
const ROUNDS_FULL = 15;
const ROUNDS_SHORT = 5;
/** The smaller size, as part of the larger: 50 of 258 million. */
const SMALLER = 50 / 258;
const GROWTH_TARGET = 6;
const TWO_THREADS_TARGET = 0.6;
const MEMORY_TARGET_MIB = 24 * 1_024;
const THREADS = [0, 1, 2];
const QUIET_READINGS = 3;
const READING_PAUSE_MS = 500;

export const countLargeBench: Bench = {
  name: 'count-large',
  title: 'The rule of count and spend ≥ x, five terms, by one and by two threads',
  peers: [DUCKDB],
  users: { full: 258_000_000, short: 1_200_000 },
  run: runCountLargeBench,
};

interface Cases {
  readonly first: Questions<RuleQuestion>;
  readonly repeated: Questions<RuleQuestion>;
}

type Answers = Readonly<Record<keyof Cases, Answered>>;

async function runCountLargeBench(context: BenchContext): Promise<void> {
  const { users, seed, isShort, folder, report } = context;
  const draw = new RuleDraw(seed);
  const length = WARM_UP + (isShort ? ROUNDS_SHORT : ROUNDS_FULL);
  const same = draw.fiveTerms();
  const cases: Cases = {
    first: { questions: Array.from({ length }, () => draw.fiveTerms()), warmUp: WARM_UP, show: ruleSql },
    repeated: { questions: Array.from({ length }, () => same), warmUp: WARM_UP, show: ruleSql },
  };
  report.note(
    'first seen: other cities and another spend each time. One system at a time: they do not fit into memory together',
  );
  const fewer = new UserPopulation(Math.ceil(users * SMALLER), seed);
  const small = path.join(folder, 'small');
  await load(context, small, fewer);
  const smallAnswers = await askStore(context, cases, { directory: small, population: fewer, threads: 0 });
  await rm(small, { recursive: true });
  await askDuckDb(context, cases, fewer, smallAnswers);
  const population = new UserPopulation(users, seed);
  const large = path.join(folder, 'large');
  await load(context, large, population);
  const byThreads: Answers[] = [];
  for (const threads of THREADS) {
    byThreads.push(await askStore(context, cases, { directory: large, population, threads }));
  }
  const [alone, , two] = byThreads;
  if (alone === undefined || two === undefined) throw new Error('Nothing was asked');
  for (const work of ['first', 'repeated'] as const) {
    const growth = alone[work].medianMs / smallAnswers[work].medianMs;
    report.figure({
      name: `${work}: time at ${showNumber(users)} / at ${showNumber(fewer.users)} users`,
      value: growth,
      unit: '×',
      target: { atMost: GROWTH_TARGET },
    });
    const saved = two[work].medianMs / alone[work].medianMs;
    report.figure({
      name: `${work}: two threads / one`,
      value: saved,
      unit: '×',
      target: { atMost: TWO_THREADS_TARGET },
    });
  }
  await rm(large, { recursive: true });
  await askDuckDb(context, cases, population, alone);
}

async function load({ report }: BenchContext, directory: string, population: UserPopulation): Promise<void> {
  const store = await BenchStore.open(directory);
  await timedLoad(report, SUBJECT, population.users, () => loadUsers(store, population));
  report.note(`Resident after loading ${showNumber(population.users)} users: ${residentMiB().toFixed(0)} MiB`);
  await store.close();
}

/** Opens the store again, so that nothing of earlier questions is kept. */
async function askStore(
  { report }: BenchContext,
  cases: Cases,
  { directory, population, threads }: { directory: string; population: UserPopulation; threads: number },
): Promise<Answers> {
  const options: EngineOptions = { threads };
  const store = await timedLoad(report, `${SUBJECT}, opened again`, population.users, () =>
    BenchStore.open(directory, options),
  );
  try {
    const answerer = {
      ...tesseraAnswerer(store),
      name: `${SUBJECT}, ${showNumber(population.users)} users, threads ${threads}`,
    };
    const first = await askAlone(report, 'first seen', cases.first, answerer);
    const repeated = await askAlone(report, 'repeated', cases.repeated, answerer);
    const { identity, tags } = store.engine.status().bytes;
    report.figure({
      ...{
        name: `resident at ${showNumber(population.users)} users, threads ${threads}`,
        value: residentMiB(),
        unit: 'MiB',
      },
      target: { atMost: MEMORY_TARGET_MIB },
    });
    report.note(
      `Of these identity ${showBytesPerUser(identity, population)}, tags ${showBytesPerUser(tags, population)}`,
    );
    return { first, repeated };
  } finally {
    await store.close();
  }
}

/** With threads, indexes are built beside the questions; until they are there, columns are scanned. Without, the first question builds them. */
async function untilIndexed(store: BenchStore): Promise<void> {
  const read = (): string => {
    const { threadTasks, bytes } = store.engine.status();
    return `${threadTasks} ${bytes.tags}`;
  };
  for (let quiet = 0, last = read(); quiet < QUIET_READINGS; quiet += 1) {
    await sleep(READING_PAUSE_MS);
    const now = read();
    if (now !== last) quiet = 0;
    last = now;
  }
}

function showBytesPerUser(bytes: number, { users }: UserPopulation): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB (${(bytes / users).toFixed(1)} bytes a user)`;
}

async function askDuckDb(
  context: BenchContext,
  cases: Cases,
  population: UserPopulation,
  expected: Answers,
): Promise<void> {
  const { report } = context;
  const duckDb = await openDuckDb(context, population);
  try {
    for (const [answerer] of [duckDb.answerers]) {
      if (answerer === undefined) continue;
      const named = { ...answerer, name: `${DUCKDB}, ${showNumber(population.users)} users` };
      for (const [work, title] of [
        ['first', 'first seen'],
        ['repeated', 'repeated'],
      ] as const) {
        const { answers, medianMs } = await askAlone(report, title, cases[work], named);
        compareAnswers(report, cases[work], named.name, answers, expected[work].answers);
        report.figure({
          name: `${work}: ${named.name} / ${SUBJECT}`,
          value: medianMs / expected[work].medianMs,
          unit: '×',
        });
      }
    }
  } finally {
    await duckDb.close();
  }
}
