import path from 'node:path';
import type { DuckDbSession } from '../duckdb-session';
import type { Report } from '../measure/report';
import { Samples } from '../measure/samples';
import { rate, timed } from '../measure/stopwatch';
import { BenchStore } from '../store/bench-store';
import { inTemporaryFolder } from '../store/temporary-folder';
import { createBenchEvents } from './bench-events';
import { createEventCases } from './event-questions';
import type { EventCase } from './event-questions';
import { importEvents, loadDuckDbEvents } from './load-events';

export interface EventsBenchSizes {
  readonly users: number;
  readonly events: number;
  /** Questions of each case but the first. */
  readonly rounds: number;
}

export const EVENTS_SIZES: EventsBenchSizes = { users: 50_000_000, events: 100_000_000, rounds: 7 };
export const EVENTS_SIZES_SHORT: EventsBenchSizes = { users: 50_000, events: 100_000, rounds: 3 };

const DUCKDB_THREADS = 2;

/** The same purchases in the embedded engine and in DuckDB; every question goes to one, then to the other. */
export async function runEventsBench(sizes: EventsBenchSizes, seed: number, report: Report): Promise<void> {
  report.note(
    `Data: ${sizes.events.toLocaleString('en-US')} purchases (time, amount, one of 200 skus) in 30 days of ${sizes.users.toLocaleString('en-US')} users, seed ${seed}`,
  );
  const events = createBenchEvents(sizes.users, sizes.events, seed);
  await inTemporaryFolder(async (folder) => {
    const store = await BenchStore.open(path.join(folder, 'data'));
    const imported = await timed(async () => await importEvents(store, events));
    const loaded = await timed(async () => await loadDuckDbEvents(events, folder, DUCKDB_THREADS));
    report.note(
      `Loaded: embedded engine ${showRate(sizes.events, imported.elapsedMs)} (by column, durable), DuckDB ${showRate(sizes.events, loaded.elapsedMs)} ` +
        `(from CSV, in memory); events take ${(store.engine.status().bytes.events / sizes.events).toFixed(1)} bytes a row`,
    );
    const duckDb = loaded.value;
    const [version] = await duckDb.rows('SELECT version()');
    report.note(`Peer: DuckDB ${String(version?.[0])}, ${DUCKDB_THREADS} threads`);
    // DuckDB reads its table once before anything is timed.
    await duckDb.count('SELECT count(*) FROM purchases JOIN users USING (user_id) WHERE time_ms > 0 AND gender = 1');
    for (const eventCase of createEventCases(sizes.rounds, seed)) await runCase(eventCase, store, duckDb, report);
    duckDb.close();
    await store.close();
  });
}

async function runCase(
  { name, questions, target }: EventCase,
  store: BenchStore,
  duckDb: DuckDbSession,
  report: Report,
): Promise<void> {
  const [ours, theirs] = [new Samples(), new Samples()];
  for (const { expression, sql, asOfMs } of questions) {
    const plan = await store.plan(expression, asOfMs);
    const embedded = await timed(async () => await store.countOf(plan));
    const peer = await timed(async () => await duckDb.count(sql));
    report.check(`${name}: ${sql}`, embedded.value, peer.value);
    ours.add(embedded.elapsedMs);
    theirs.add(peer.elapsedMs);
  }
  report.note(
    `${name}: embedded ${ours.median.toFixed(1)} ms (best ${ours.percentile(0).toFixed(1)}, worst ${ours.max.toFixed(1)}), ` +
      `DuckDB ${theirs.median.toFixed(1)} ms (best ${theirs.percentile(0).toFixed(1)}, worst ${theirs.max.toFixed(1)})`,
  );
  report.figure({
    name: `DuckDB / embedded, ${name}`,
    value: theirs.median / ours.median,
    unit: '×',
    target: { atLeast: target },
  });
}

function showRate(rows: number, elapsedMs: number): string {
  return `${Math.round(rate(rows, elapsedMs)).toLocaleString('en-US')} rows/s`;
}
