import path from 'node:path';
import type { Bench, BenchContext } from '../framework/bench';
import { SUBJECT } from '../framework/result';
import { askInTurn } from '../framework/round-trip';
import type { Answerer } from '../framework/round-trip';
import { stopwatch } from '../framework/statistics';
import { rate } from '../measure/pauses';
import { DUCKDB_THREADS } from '../peers/duckdb-users';
import { BenchStore } from '../store/bench-store';
import { createBenchEvents, SKUS } from './bench-events';
import { createEventCases } from './event-questions';
import type { EventQuestion } from './event-questions';
import { importEvents, loadDuckDbEvents } from './load-events';

export const eventsBench: Bench = {
  name: 'events',
  title: 'Purchases in a window: counts, sums, distinct values, sequences; two purchases a user',
  peers: [`DuckDB (${DUCKDB_THREADS} threads)`],
  users: { full: 50_000_000, short: 50_000 },
  run: runEventsBench,
};

const EVENTS_A_USER = 2;
/** Questions of each case but the first. */
const ROUNDS = { full: 7, short: 3 };

async function runEventsBench({ users, seed, isShort, folder, report }: BenchContext): Promise<void> {
  const rows = EVENTS_A_USER * users;
  report.note(`${rows.toLocaleString('en-US')} purchases (time, amount, one of ${SKUS} skus) within 30 days`);
  const events = createBenchEvents(users, rows, seed);
  const store = await BenchStore.open(path.join(folder, 'data'));
  const imported = await stopwatch(async () => await importEvents(store, events));
  const loaded = await stopwatch(async () => await loadDuckDbEvents(events, DUCKDB_THREADS));
  const duckDb = loaded.value;
  report.note(
    `Loaded: ${SUBJECT} ${showRate(rows, imported.elapsedMs)} (durable), DuckDB ${await duckDb.version()} ${showRate(rows, loaded.elapsedMs)} (in memory); ` +
      `events take ${(store.engine.status().bytes.events / rows).toFixed(1)} bytes a row`,
  );
  // DuckDB reads its tables once before anything is timed.
  await duckDb.count('SELECT count(*) FROM purchases JOIN users USING (user_id) WHERE time_ms > 0 AND gender = 1');
  const systems: Answerer<EventQuestion>[] = [
    {
      name: SUBJECT,
      answer: async ({ expression, asOfMs }) => {
        const root = await store.plan(expression, asOfMs);
        return () => store.countOf(root);
      },
    },
    { name: 'DuckDB', answer: ({ sql }) => Promise.resolve(() => duckDb.count(sql)) },
  ];
  for (const { name, questions, target } of createEventCases(isShort ? ROUNDS.short : ROUNDS.full, seed)) {
    const asked = await askInTurn(report, name, { questions, warmUp: 0, show: ({ sql }) => sql }, systems);
    const value = asked.ratio('DuckDB');
    report.figure({ name: `${name}: DuckDB / ${SUBJECT}`, value, unit: '×', target: { atLeast: target } });
  }
  duckDb.close();
  await store.close();
}

function showRate(rows: number, elapsedMs: number): string {
  return `${Math.round(rate(rows, elapsedMs)).toLocaleString('en-US')} rows/s`;
}
