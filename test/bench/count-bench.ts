import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { createBenchUsers } from './bench-users';
import { createCountCases } from './bench-questions';
import type { BenchCase } from './bench-questions';
import { loadDuckDb } from './duckdb-peer';
import type { DuckDbSession } from './duckdb-session';
import { EmbeddedSubject } from './embedded-subject';

export interface CountBenchOptions {
  readonly users: number;
  readonly seed: number;
  /** Questions a case. */
  readonly rounds: number;
}

const DUCKDB_THREADS = 2;
const WARM_UP_ROUNDS = 3;

interface CaseResult {
  readonly name: string;
  readonly embeddedMs: readonly number[];
  readonly duckDbMs: readonly number[];
  readonly disagreements: readonly string[];
}

/**
 * Builds the same users in the embedded engine and in DuckDB and asks both the same questions in turn.
 * @returns false if any answer differs.
 */
export async function runCountBench(options: CountBenchOptions): Promise<boolean> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tessera-bench-'));
  const [cpu] = cpus();
  console.log(
    `Machine: ${cpu?.model ?? 'unknown'}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}, load before the run ${(loadavg()[0] ?? 0).toFixed(1)}`,
  );
  console.log(`Data: ${options.users.toLocaleString('en-US')} users × 5 tags, seed ${options.seed}`);
  try {
    const users = createBenchUsers(options.users, options.seed);
    const subject = await EmbeddedSubject.open(path.join(folder, 'data'), options.seed);
    await timed('Load, embedded engine (durable, log and state)', options.users, async () => await subject.load(users));
    const { value: duckDb } = await timed(
      `Load, DuckDB (in memory, from CSV, ${DUCKDB_THREADS} threads)`,
      options.users,
      async () => await loadDuckDb(users, folder, DUCKDB_THREADS),
    );
    const [version] = await duckDb.rows('SELECT version()');
    console.log(`Peer: DuckDB ${String(version?.[0])}, ${DUCKDB_THREADS} threads\n`);
    const results: CaseResult[] = [];
    for (const benchCase of createCountCases(options.rounds + WARM_UP_ROUNDS, options.seed)) {
      results.push(await runCase(benchCase, subject, duckDb));
    }
    printResults(results);
    duckDb.close();
    await subject.close();
    return results.every((result) => result.disagreements.length === 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runCase(benchCase: BenchCase, subject: EmbeddedSubject, duckDb: DuckDbSession): Promise<CaseResult> {
  const result = { name: benchCase.name, embeddedMs: new Array<number>(), duckDbMs: new Array<number>() };
  const disagreements: string[] = [];
  for (const [round, question] of benchCase.questions.entries()) {
    const root = await subject.plan(question.expression);
    const embedded = await stopwatch(async () => await subject.count(root));
    const peer = await stopwatch(async () => await duckDb.count(question.sql));
    if (embedded.value !== peer.value) {
      disagreements.push(`${question.sql}: embedded ${embedded.value}, DuckDB ${peer.value}`);
    }
    if (round < WARM_UP_ROUNDS) continue;
    result.embeddedMs.push(embedded.elapsedMs);
    result.duckDbMs.push(peer.elapsedMs);
  }
  return { ...result, disagreements };
}

async function timed<T>(what: string, users: number, work: () => Promise<T>): Promise<{ readonly value: T }> {
  const { value, elapsedMs } = await stopwatch(work);
  const perSecond = Math.round(users / (elapsedMs / 1_000));
  console.log(`${what}: ${(elapsedMs / 1_000).toFixed(1)} s, ${perSecond.toLocaleString('en-US')} users/s`);
  return { value };
}

async function stopwatch<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly elapsedMs: number }> {
  const startedMs = performance.now();
  const value = await work();
  return { value, elapsedMs: performance.now() - startedMs };
}

function printResults(results: readonly CaseResult[]): void {
  console.log(
    '| Count | embedded, ms: median (best, worst) | DuckDB, ms: median (best, worst) | DuckDB / embedded: medians | bests |',
  );
  console.log('|---|---|---|---|---|');
  for (const { name, embeddedMs, duckDbMs } of results) {
    const ofMedians = (median(duckDbMs) / median(embeddedMs)).toFixed(1);
    const ofBests = (Math.min(...duckDbMs) / Math.min(...embeddedMs)).toFixed(1);
    console.log(`| ${name} | ${spread(embeddedMs)} | ${spread(duckDbMs)} | ${ofMedians} | ${ofBests} |`);
  }
  const disagreements = results.flatMap((result) => result.disagreements);
  console.log(disagreements.length === 0 ? '\nAll answers agree.' : `\nDISAGREEMENT:\n${disagreements.join('\n')}`);
}

function spread(samplesMs: readonly number[]): string {
  return `${median(samplesMs).toFixed(2)} (${Math.min(...samplesMs).toFixed(2)}, ${Math.max(...samplesMs).toFixed(2)})`;
}

function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
