import path from 'node:path';
import type { Bench, BenchContext } from '../framework/bench';
import { SUBJECT } from '../framework/result';
import { askInTurn } from '../framework/round-trip';
import type { Answerer } from '../framework/round-trip';
import { timedLoad } from '../framework/timed-load';
import { DUCKDB_THREADS, loadDuckDbUsers } from '../peers/duckdb-users';
import { UserPopulation } from '../users/user-population';
import { EmbeddedSubject } from '../users/embedded-subject';
import { loadUsers } from '../users/load-users';
import { RuleDraw, ruleExpression, ruleSql } from '../users/questions';
import type { RuleQuestion } from '../users/questions';

const WARM_UP = 3;
const ROUNDS_FULL = 21;
const ROUNDS_SHORT = 5;

export const countBench: Bench = {
  name: 'count',
  title: 'One rule of four terms, first seen and repeated',
  peers: [`DuckDB (${DUCKDB_THREADS} threads)`],
  users: { full: 50_000_000, short: 100_000 },
  run: runCountBench,
};

async function runCountBench({ users, seed, isShort, folder, report }: BenchContext): Promise<void> {
  const data = new UserPopulation(users, seed);
  const subject = await EmbeddedSubject.open(path.join(folder, 'data'), seed);
  await timedLoad(report, SUBJECT, users, () => loadUsers(subject, data));
  const duckDb = await timedLoad(report, 'DuckDB', users, () => loadDuckDbUsers(data));
  report.note(`DuckDB ${await duckDb.version()}, ${DUCKDB_THREADS} threads, in memory`);
  const systems: Answerer<RuleQuestion>[] = [
    {
      name: SUBJECT,
      answer: async (question) => {
        const root = await subject.plan(ruleExpression(question));
        return () => subject.count(root);
      },
    },
    { name: 'DuckDB', answer: (question) => Promise.resolve(() => duckDb.count(ruleSql(question))) },
  ];
  const draw = new RuleDraw(seed);
  const rounds = WARM_UP + (isShort ? ROUNDS_SHORT : ROUNDS_FULL);
  const times = (create: () => RuleQuestion): readonly RuleQuestion[] => Array.from({ length: rounds }, create);
  const same = draw.otherCities();
  const ask = (work: string, questions: readonly RuleQuestion[]): ReturnType<typeof askInTurn> =>
    askInTurn(report, work, { questions, warmUp: WARM_UP, show: ruleSql }, systems);
  const first = await ask(
    'first seen (other cities)',
    times(() => draw.otherCities()),
  );
  report.figure({
    name: 'first seen: DuckDB / Tessera',
    value: first.ratio('DuckDB'),
    unit: '×',
    target: { atLeast: 30 },
  });
  const repeated = await ask(
    'repeated',
    times(() => same),
  );
  report.figure({
    name: 'repeated: DuckDB / Tessera',
    value: repeated.ratio('DuckDB'),
    unit: '×',
    target: { atLeast: 50 },
  });
  await ask(
    'other cities and thresholds',
    times(() => draw.otherThresholds()),
  );
  duckDb.close();
  await subject.close();
}
