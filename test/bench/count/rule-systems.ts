import type { BenchContext } from '../framework/bench';
import { SUBJECT } from '../framework/result';
import type { Answerer } from '../framework/round-trip';
import { timedLoad } from '../framework/timed-load';
import { ClickHouseSession } from '../peers/clickhouse-session';
import {
  buildClickHouseStates,
  clickHouseRuleSql,
  clickHouseStateSql,
  loadClickHouseUsers,
} from '../peers/clickhouse-users';
import { DUCKDB_THREADS, loadDuckDbUsers } from '../peers/duckdb-users';
import { RedisPeer } from '../peers/redis-peer';
import { countInRedis, loadRedisUsers } from '../peers/redis-users';
import type { HandWritten } from '../peers/roaring-users';
import type { BenchStore } from '../store/bench-store';
import { ruleExpression, ruleSql } from '../users/questions';
import type { RuleQuestion } from '../users/questions';
import type { UserPopulation } from '../users/user-population';

/** A peer with its data. */
export interface RuleSystem {
  readonly answerers: readonly Answerer<RuleQuestion>[];
  close(): void | Promise<void>;
}

export const DUCKDB = 'DuckDB';
export const CLICKHOUSE = 'ClickHouse';
export const CLICKHOUSE_STATES = 'ClickHouse, groupBitmap states';
export const CLICKHOUSE_STATES_IN_MEMORY = 'ClickHouse, groupBitmap states in a Memory table';
export const REDIS = 'Redis BITOP';

const NOTHING: RuleSystem = { answerers: [], close: () => undefined };

/** Planning is done before the time runs. */
export function tesseraAnswerer(store: BenchStore): Answerer<RuleQuestion> {
  return {
    name: SUBJECT,
    answer: async (question) => {
      const root = await store.plan(ruleExpression(question));
      return () => store.countOf(root);
    },
  };
}

export function handWrittenAnswerer({ name, count }: HandWritten): Answerer<RuleQuestion> {
  return { name, answer: (question) => Promise.resolve(() => count(question)) };
}

export async function openDuckDb(
  { report }: BenchContext,
  users: UserPopulation,
): Promise<{ readonly answerer: Answerer<RuleQuestion>; close(): void }> {
  const duckDb = await timedLoad(report, DUCKDB, users.users, () => loadDuckDbUsers(users));
  report.note(`DuckDB ${await duckDb.version()}, ${DUCKDB_THREADS} threads, in memory`);
  return {
    answerer: { name: DUCKDB, answer: (question) => Promise.resolve(() => duckDb.count(ruleSql(question))) },
    close: () => {
      duckDb.close();
    },
  };
}

/** Plain and on prebuilt states, those on disk and in memory; nothing where the library is missing. */
export async function openClickHouse({ folder, report }: BenchContext, users: UserPopulation): Promise<RuleSystem> {
  const clickHouse = await ClickHouseSession.open(folder);
  if (typeof clickHouse === 'string') {
    report.note(`ClickHouse is left out: ${clickHouse}`);
    return NOTHING;
  }
  await timedLoad(report, CLICKHOUSE, users.users, () => {
    loadClickHouseUsers(clickHouse, users);
    return Promise.resolve();
  });
  await timedLoad(report, CLICKHOUSE_STATES, users.users, () => {
    buildClickHouseStates(clickHouse, 'AggregatingMergeTree');
    buildClickHouseStates(clickHouse, 'Memory');
    return Promise.resolve();
  });
  report.note(
    `ClickHouse ${clickHouse.version} in this process, ${clickHouse.text("SELECT getSetting('max_threads')")} threads`,
  );
  const ask = (name: string, toSql: (question: RuleQuestion) => string): Answerer<RuleQuestion> => ({
    name,
    answer: (question) => Promise.resolve(() => clickHouse.count(toSql(question))),
  });
  return {
    answerers: [
      ask(CLICKHOUSE, clickHouseRuleSql),
      ask(CLICKHOUSE_STATES, (question) => clickHouseStateSql(question, 'AggregatingMergeTree')),
      ask(CLICKHOUSE_STATES_IN_MEMORY, (question) => clickHouseStateSql(question, 'Memory')),
    ],
    close: () => {
      clickHouse.close();
    },
  };
}

/** Nothing where there is no `redis-server`. */
export async function openRedis(
  { folder, report }: BenchContext,
  users: UserPopulation,
  questions: readonly RuleQuestion[],
): Promise<RuleSystem> {
  const server = await RedisPeer.start(folder);
  if (typeof server === 'string') {
    report.note(`Redis is left out: ${server}`);
    return NOTHING;
  }
  try {
    await timedLoad(report, REDIS, users.users, () => loadRedisUsers(server.client, users, questions));
    report.note(`Redis ${await server.version()} on a Unix socket, range keys prebuilt`);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    answerers: [{ name: REDIS, answer: (question) => Promise.resolve(() => countInRedis(server.client, question)) }],
    close: () => server.stop(),
  };
}
