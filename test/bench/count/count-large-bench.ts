import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Bench, BenchContext } from '../framework/bench';
import type { Report } from '../framework/report';
import { SUBJECT } from '../framework/result';
import { askAlone, compareAnswers } from '../framework/round-trip';
import { showNumber } from '../framework/show-result';
import { median } from '../framework/statistics';
import { drawQuestions, ruleSql } from '../users/questions';
import type { QuestionsWanted } from '../users/questions';
import { askStore, loadStore } from '../users/store-program';
import type { OpenFigures } from '../users/store-program';
import { UserPopulation } from '../users/user-population';
import { DUCKDB, openDuckDb } from './rule-systems';

/** Rounds until the code of every thread is compiled; in the short form just enough to build what is built once. */
const WARM_UP = { short: 3, full: 25 };
const ROUNDS = { full: 15, short: 5 };
const TERMS = 5;
/** The smaller size, as part of the larger: 50 of 258 million. */
const SMALLER = 50 / 258;
const GROWTH_TARGET = 6;
const TWO_THREADS_TARGET = 0.6;
const MEMORY_TARGET_MIB = 24 * 1_024;
const KINDS = [
  ['firstSeen', 'first seen'],
  ['repeated', 'repeated'],
] as const;

export const countLargeBench: Bench = {
  name: 'count-large',
  title: 'The rule of count and spend ≥ x, five terms, on the calling thread and by one and two threads beside it',
  peers: [DUCKDB],
  users: { full: 258_000_000, short: 1_200_000 },
  run: runCountLargeBench,
};

async function runCountLargeBench(context: BenchContext): Promise<void> {
  const { users, report } = context;
  report.note(
    'first seen: other cities and another spend each time. Tessera in processes of its own, one system at a time: they do not fit into memory together',
  );
  const fewer = Math.ceil(users * SMALLER);
  const [small] = await askBySize(context, fewer, [0]);
  const [calling, , two] = await askBySize(context, users, [0, 1, 2]);
  if (small === undefined || calling === undefined || two === undefined) throw new Error('Nothing was asked');
  const callingMs = median(calling.firstSeen.samplesMs);
  report.figure({
    ...{ name: `first seen: time at ${showNumber(users)} / at ${showNumber(fewer)} users`, unit: '×' },
    ...{ value: callingMs / median(small.firstSeen.samplesMs), target: { atMost: GROWTH_TARGET } },
  });
  report.figure({
    ...{ name: 'first seen: two threads / the calling thread alone', unit: '×' },
    ...{ value: median(two.firstSeen.samplesMs) / callingMs, target: { atMost: TWO_THREADS_TARGET } },
  });
}

/** Loads so many users, asks with so many threads, one after the other, then compares with DuckDB. */
async function askBySize(
  context: BenchContext,
  users: number,
  byThreads: readonly number[],
): Promise<readonly OpenFigures[]> {
  const { seed, isShort, folder, report } = context;
  const questions = {
    seed,
    warmUp: isShort ? WARM_UP.short : WARM_UP.full,
    rounds: isShort ? ROUNDS.short : ROUNDS.full,
    terms: TERMS,
  } as const;
  // The short form has too few shards for threads to be worth it; they are used all the same.
  const parallelFrom = isShort ? 1 : null;
  const directory = path.join(folder, `of-${users}`);
  const { loadMs, residentMiB } = await loadStore({ directory, users, seed });
  report.note(
    `Load, ${showNumber(users)} users: ${(loadMs / 1_000).toFixed(1)} s; resident then ${residentMiB.toFixed(0)} MiB`,
  );
  const figures: OpenFigures[] = [];
  for (const threads of byThreads) {
    const opened = await askStore({ directory, threads, parallelFrom, ...questions });
    reportOpened(report, `${showNumber(users)} users, threads ${threads}`, users, opened);
    figures.push(opened);
  }
  await rm(directory, { recursive: true });
  await compareWithDuckDb(context, new UserPopulation(users, seed), questions, figures);
  return figures;
}

function reportOpened(report: Report, name: string, users: number, opened: OpenFigures): void {
  for (const [kind, work] of KINDS) report.timing(work, `${SUBJECT}, ${name}`, opened[kind].samplesMs);
  const share = (bytes: number): string => `${(bytes / users).toFixed(1)} bytes a user`;
  report.note(
    `${name}: opened in ${(opened.openMs / 1_000).toFixed(1)} s, indexes after ${(opened.indexMs / 1_000).toFixed(1)} s more; ` +
      `identity ${share(opened.identityBytes)}, tags ${share(opened.tagBytes)}`,
  );
  const target = { atMost: MEMORY_TARGET_MIB };
  report.figure({ name: `${name}: resident`, value: opened.residentMiB, unit: 'MiB', target });
}

async function compareWithDuckDb(
  context: BenchContext,
  population: UserPopulation,
  questions: QuestionsWanted,
  figures: readonly OpenFigures[],
): Promise<void> {
  const { report } = context;
  const drawn = drawQuestions(questions);
  const duckDb = await openDuckDb(context, population);
  const name = `${DUCKDB}, ${showNumber(population.users)} users`;
  try {
    for (const [kind, work] of KINDS) {
      const asked = { questions: drawn[kind], warmUp: questions.warmUp, show: ruleSql };
      const { answers, medianMs } = await askAlone(report, work, asked, { ...duckDb.answerer, name });
      for (const opened of figures) compareAnswers(report, asked, SUBJECT, opened[kind].answers, answers);
      const [calling] = figures;
      report.figure({
        name: `${work}: ${name} / ${SUBJECT}`,
        value: medianMs / median(calling?.[kind].samplesMs ?? []),
        unit: '×',
      });
    }
  } finally {
    duckDb.close();
  }
}
