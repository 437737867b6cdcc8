import path from 'node:path';
import type { Bench, BenchContext } from '../framework/bench';
import type { Report } from '../framework/report';
import { SUBJECT } from '../framework/result';
import type { Target } from '../framework/result';
import { showNumber } from '../framework/show-result';
import { median, stopwatch } from '../framework/statistics';
import { timedLoad } from '../framework/timed-load';
import { BenchServer } from '../http/bench-server';
import type { DuckDbSession } from '../peers/duckdb-session';
import { DUCKDB_THREADS, loadDuckDbUsers } from '../peers/duckdb-users';
import { BenchStore } from '../store/bench-store';
import { loadUsers } from '../users/load-users';
import { UserPopulation } from '../users/user-population';
import { RandomRules } from './random-rules';
import type { RandomRule } from './random-rules';

const WARM_UP = 20;
const RULES_FULL = 1_000;
const RULES_SHORT = 60;
/** Users of the part over HTTP: 5 of 50 million. */
const HTTP_USERS = 0.1;
const HTTP_WARM_UP_FULL = 300;
const HTTP_WARM_UP_SHORT = 20;
const HTTP_STREAM = 0x4774;
const ALL_TARGET = 20;
const SPEND_TARGET = 6;
const HTTP_TARGET = 15;

export const coldRulesBench: Bench = {
  name: 'cold-rules',
  title: 'Random rules of 2 to 20 leaves over five tags, each never seen before, in process and over HTTP',
  peers: ['DuckDB'],
  users: { full: 50_000_000, short: 200_000 },
  run: runColdRulesBench,
};

interface Sample {
  readonly rule: RandomRule;
  readonly tesseraMs: number;
  readonly duckDbMs: number;
}

/** What is timed for a rule: everything from the expression to the number. */
type Count = (rule: RandomRule) => Promise<number>;

async function runColdRulesBench(context: BenchContext): Promise<void> {
  const { users, seed, isShort, report } = context;
  report.note(
    'Timed are planning and counting, for DuckDB parsing and counting. About half of the rules have a range of spend',
  );
  const rules = isShort ? RULES_SHORT : RULES_FULL;
  await inProcess(context, new UserPopulation(users, seed), rules);
  await overHttp(context, new UserPopulation(Math.ceil(users * HTTP_USERS), seed), rules);
}

async function inProcess(
  { seed, folder, report }: BenchContext,
  population: UserPopulation,
  rules: number,
): Promise<void> {
  const store = await BenchStore.open(path.join(folder, 'data'));
  await timedLoad(report, SUBJECT, population.users, () => loadUsers(store, population));
  const duckDb = await openDuckDb(report, population);
  const samples = await askRules(report, new RandomRules(seed), { warmUp: WARM_UP, rules }, [
    (rule) => store.count(rule.expression),
    (rule) => duckDb.count(toSql(rule)),
  ]);
  reportSamples(report, `in process, ${showNumber(population.users)} users`, samples, {
    all: ALL_TARGET,
    spend: SPEND_TARGET,
  });
  duckDb.close();
  await store.close();
}

async function overHttp(
  { seed, isShort, folder, report }: BenchContext,
  population: UserPopulation,
  rules: number,
): Promise<void> {
  const directory = path.join(folder, 'http');
  const store = await BenchStore.open(directory);
  await loadUsers(store, population);
  await store.close();
  const server = await BenchServer.start(directory);
  try {
    const duckDb = await openDuckDb(report, population);
    const warmUp = isShort ? HTTP_WARM_UP_SHORT : HTTP_WARM_UP_FULL;
    const samples = await askRules(report, new RandomRules(seed, HTTP_STREAM), { warmUp, rules }, [
      (rule) => server.count(rule.expression),
      (rule) => duckDb.count(toSql(rule)),
    ]);
    reportSamples(report, `over HTTP, ${showNumber(population.users)} users`, samples, { all: HTTP_TARGET });
    duckDb.close();
  } finally {
    await server.stop();
  }
}

async function openDuckDb(report: Report, population: UserPopulation): Promise<DuckDbSession> {
  const duckDb = await timedLoad(report, 'DuckDB', population.users, () => loadDuckDbUsers(population));
  report.note(`DuckDB ${await duckDb.version()}, ${DUCKDB_THREADS} threads, in memory`);
  return duckDb;
}

function toSql({ sql }: RandomRule): string {
  return `SELECT count(*) FROM users WHERE ${sql}`;
}

async function askRules(
  report: Report,
  generator: RandomRules,
  { warmUp, rules }: { readonly warmUp: number; readonly rules: number },
  [tessera, duckDb]: readonly [Count, Count],
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < warmUp + rules; round += 1) {
    const rule = generator.next();
    const own = await stopwatch(() => tessera(rule));
    const peer = await stopwatch(() => duckDb(rule));
    report.check(JSON.stringify(rule.expression), own.value, peer.value);
    if (round >= warmUp) samples.push({ rule, tesseraMs: own.elapsedMs, duckDbMs: peer.elapsedMs });
  }
  return samples;
}

function reportSamples(
  report: Report,
  where: string,
  samples: readonly Sample[],
  targets: { readonly all: number; readonly spend?: number },
): void {
  reportKind(report, `${where}: all rules`, samples, { atLeast: targets.all });
  const withSpend = samples.filter(({ rule }) => rule.hasSpend);
  const spendTarget = targets.spend === undefined ? undefined : { atLeast: targets.spend };
  reportKind(report, `${where}: rules with a range of spend`, withSpend, spendTarget);
  reportKind(
    report,
    `${where}: rules without`,
    samples.filter(({ rule }) => !rule.hasSpend),
  );
}

function reportKind(report: Report, work: string, samples: readonly Sample[], target?: Target): void {
  if (samples.length === 0) return;
  report.timing(
    work,
    SUBJECT,
    samples.map(({ tesseraMs }) => tesseraMs),
  );
  report.timing(
    work,
    'DuckDB',
    samples.map(({ duckDbMs }) => duckDbMs),
  );
  report.figure({
    ...{ name: `${work}: median of DuckDB / ${SUBJECT}, rule by rule`, unit: '×' },
    value: median(samples.map(({ tesseraMs, duckDbMs }) => duckDbMs / tesseraMs)),
    ...(target === undefined ? {} : { target }),
  });
}
