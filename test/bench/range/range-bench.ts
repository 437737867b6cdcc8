import path from 'node:path';
import { DUCKDB_THREADS, loadDuckDbUsers } from '../peers/duckdb-users';
import type { Bench, BenchContext } from '../framework/bench';
import { SUBJECT } from '../framework/result';
import { askAlone, compareAnswers } from '../framework/round-trip';
import type { Answered, Questions } from '../framework/round-trip';
import { residentMiB, timedLoad } from '../framework/timed-load';
import { BenchStore } from '../store/bench-store';
import { loadUsers } from '../users/load-users';
import { RuleDraw, spendExpression, spendSql } from '../users/questions';
import { UserPopulation } from '../users/user-population';

/** Rounds until the code of every thread is compiled; in the short form just enough to build what is built once. */
const WARM_UP = { short: 3, full: 25 };
const ROUNDS_FULL = 21;
const ROUNDS_SHORT = 5;
const TARGET = 4;
const WORK = 'spend ≥ x';

export const rangeBench: Bench = {
  name: 'range',
  title: 'spend ≥ x, a number of 20 bits, another x each time',
  peers: ['DuckDB'],
  users: { full: 258_000_000, short: 400_000 },
  run: runRangeBench,
};

async function runRangeBench({ users, seed, isShort, folder, report }: BenchContext): Promise<void> {
  const population = new UserPopulation(users, seed);
  const draw = new RuleDraw(seed);
  const warmUp = isShort ? WARM_UP.short : WARM_UP.full;
  const asked: Questions<number> = {
    questions: Array.from({ length: warmUp + (isShort ? ROUNDS_SHORT : ROUNDS_FULL) }, () => draw.spendLowCents()),
    warmUp,
    show: spendSql,
  };
  report.note('One system at a time: they do not fit into memory together. Tessera holds the users and this tag alone');
  const store = await BenchStore.open(path.join(folder, 'data'));
  await timedLoad(report, SUBJECT, users, () => loadUsers(store, population, ['spend']));
  const tessera = await askAlone(report, WORK, asked, {
    name: SUBJECT,
    answer: async (cents) => {
      const root = await store.plan(spendExpression(cents));
      return () => store.countOf(root);
    },
  });
  report.figure({ name: 'resident', value: residentMiB(), unit: 'MiB' });
  await store.close();
  const duckDb = await askDuckDb();
  compareAnswers(report, asked, 'DuckDB', duckDb.answers, tessera.answers);
  report.figure({
    name: `DuckDB / ${SUBJECT}`,
    value: duckDb.medianMs / tessera.medianMs,
    unit: '×',
    target: { atLeast: TARGET },
  });

  async function askDuckDb(): Promise<Answered> {
    const session = await timedLoad(report, 'DuckDB', users, () => loadDuckDbUsers(population));
    report.note(`DuckDB ${await session.version()}, ${DUCKDB_THREADS} threads, in memory`);
    try {
      return await askAlone(report, WORK, asked, {
        name: 'DuckDB',
        answer: (cents) => Promise.resolve(() => session.count(spendSql(cents))),
      });
    } finally {
      session.close();
    }
  }
}
