import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Bench } from './bench';
import { describeThisMachine, machineText } from './machine';
import { PrintedReport } from './report';
import type { BenchResult } from './result';

export interface RunOptions {
  /** Left out: the size of the form. */
  readonly users?: number | undefined;
  readonly seed: number;
  readonly isShort: boolean;
}

/** Runs one bench in this process, printing as it goes, in a folder of its own that is removed afterwards. */
export async function runBench(bench: Bench, options: RunOptions): Promise<BenchResult> {
  const { seed, isShort } = options;
  const users = options.users ?? (isShort ? bench.users.short : bench.users.full);
  const machine = describeThisMachine();
  const startedAt = new Date();
  console.log(`\n== ${bench.name}: ${bench.title}${isShort ? ' (short form: its speed says nothing)' : ''}`);
  console.log(`Machine: ${machineText(machine)}`);
  console.log(
    `Size: ${users.toLocaleString('en-US')} users, seed ${seed}; peers: ${bench.peers.join(', ') || 'none'}\n`,
  );
  const report = new PrintedReport(!isShort);
  const folder = await mkdtemp(path.join(tmpdir(), 'tessera-bench-'));
  try {
    await bench.run({ users, seed, isShort, folder, report });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  report.conclude();
  const { notes, timings, figures, checks, disagreements } = report;
  return {
    ...{ bench: bench.name, title: bench.title, startedAt: startedAt.toISOString() },
    ...{ seconds: (Date.now() - startedAt.getTime()) / 1_000, machine, users, seed, isShort },
    ...{ notes, timings, figures, checks, disagreements },
  };
}

/** Adds a line to a results file. */
export async function keepResult(file: string, result: BenchResult): Promise<void> {
  await appendFile(file, `${JSON.stringify(result)}\n`);
}
