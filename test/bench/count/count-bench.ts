import path from 'node:path';
import type { Bench, BenchContext } from '../framework/bench';
import { SUBJECT } from '../framework/result';
import type { Report } from '../framework/report';
import { askInTurn } from '../framework/round-trip';
import type { Answerer, Asked } from '../framework/round-trip';
import { timedLoad } from '../framework/timed-load';
import { RoaringUsers } from '../peers/roaring-users';
import type { HandWritten } from '../peers/roaring-users';
import { BenchStore } from '../store/bench-store';
import { loadUsers } from '../users/load-users';
import { RuleDraw, ruleSql } from '../users/questions';
import type { RuleQuestion } from '../users/questions';
import { UserPopulation } from '../users/user-population';
import {
  CLICKHOUSE,
  CLICKHOUSE_STATES,
  CLICKHOUSE_STATES_IN_MEMORY,
  DUCKDB,
  handWrittenAnswerer,
  openClickHouse,
  openDuckDb,
  openRedis,
  REDIS,
  tesseraAnswerer,
} from './rule-systems';

/** Rounds until the code of every thread is compiled; in the short form just enough to build what is built once. */
const WARM_UP = { short: 3, full: 25 };
const ROUNDS_FULL = 21;
const ROUNDS_SHORT = 5;
const FIRST_SEEN_TARGET = 30;
const REPEATED_TARGET = 50;
const HAND_WRITTEN_TARGET = 1.5;

export const countBench: Bench = {
  name: 'count',
  title: 'One rule of four terms (gender, 3 of 300 cities, level, age), seen for the first time and repeated',
  peers: ['DuckDB', 'ClickHouse', 'ClickHouse on groupBitmap states', 'Redis BITOP', 'roaring by hand'],
  users: { full: 50_000_000, short: 200_000 },
  run: runCountBench,
};

interface Case {
  readonly work: string;
  readonly questions: readonly RuleQuestion[];
  readonly warmUp: number;
  readonly handWritten: readonly HandWritten[];
}

async function runCountBench(context: BenchContext): Promise<void> {
  const { users, seed, isShort, folder, report } = context;
  const population = new UserPopulation(users, seed);
  const store = await BenchStore.open(path.join(folder, 'data'));
  await timedLoad(report, SUBJECT, users, () => loadUsers(store, population));
  const roaring = await timedLoad(report, 'roaring by hand', users, () =>
    Promise.resolve(new RoaringUsers(population)),
  );
  const draw = new RuleDraw(seed);
  const warmUp = isShort ? WARM_UP.short : WARM_UP.full;
  const rounds = warmUp + (isShort ? ROUNDS_SHORT : ROUNDS_FULL);
  const times = (create: () => RuleQuestion): readonly RuleQuestion[] => Array.from({ length: rounds }, create);
  const same = draw.otherCities();
  const first = {
    work: 'first seen',
    questions: times(() => draw.otherCities()),
    warmUp,
    handWritten: roaring.firstSeen,
  };
  const repeated = { work: 'repeated', questions: times(() => same), warmUp, handWritten: roaring.repeated };
  const anew = {
    work: 'all new',
    questions: times(() => draw.otherThresholds()),
    warmUp,
    handWritten: roaring.firstSeen,
  };
  const cases: readonly Case[] = [first, repeated, anew];
  report.note(
    'first seen: other cities each time; all new: level and age too; repeated: the same rule. Plans are made before the time runs',
  );
  const duckDb = await openDuckDb(context, population);
  const peers = [
    await openClickHouse(context, population),
    await openRedis(
      context,
      population,
      cases.flatMap(({ questions }) => questions),
    ),
  ];
  try {
    const systems = [tesseraAnswerer(store), duckDb.answerer, ...peers.flatMap(({ answerers }) => answerers)];
    await judge(report, first, systems, FIRST_SEEN_TARGET);
    await judge(report, repeated, systems, REPEATED_TARGET);
    await judge(report, anew, systems);
  } finally {
    for (const peer of peers) await peer.close();
    duckDb.close();
    await store.close();
  }
}

/** Asks, compares, and sets the medians against each other. */
async function judge(
  report: Report,
  { work, questions, warmUp, handWritten }: Case,
  systems: readonly Answerer<RuleQuestion>[],
  target?: number,
): Promise<void> {
  const all = [...systems, ...handWritten.map(handWrittenAnswerer)];
  const asked = await askInTurn(report, work, { questions, warmUp, show: ruleSql }, all);
  const ratio = (system: string, atLeast?: number): void => {
    if (!asked.systems.has(system)) return;
    report.figure({
      ...{ name: `${work}: ${system} / ${SUBJECT}`, value: asked.ratio(system), unit: '×' },
      ...(atLeast === undefined ? {} : { target: { atLeast } }),
    });
  };
  ratio(DUCKDB, target);
  ratio(CLICKHOUSE);
  ratio(CLICKHOUSE_STATES, target);
  ratio(CLICKHOUSE_STATES_IN_MEMORY);
  ratio(REDIS, 1);
  const best = bestOf(asked, handWritten);
  report.figure({
    ...{ name: `${work}: ${SUBJECT} / best roaring by hand (${best})`, value: 1 / asked.ratio(best), unit: '×' },
    target: { atMost: HAND_WRITTEN_TARGET },
  });
}

function bestOf(asked: Asked, ways: readonly HandWritten[]): string {
  const [first, ...others] = ways.map(({ name }) => name);
  return others.reduce((best, name) => (asked.ratio(name) < asked.ratio(best) ? name : best), first ?? '');
}
