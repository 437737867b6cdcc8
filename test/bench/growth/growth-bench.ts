import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Bench, BenchContext } from '../framework/bench';
import type { Report } from '../framework/report';
import { showNumber } from '../framework/show-result';
import { ChildProgram } from '../http/child-process';
import type { GrowthFigures } from './growth-process';

/** 1, 10, 50 and 258 million, or as much smaller as the greatest is. */
const SIZES = [1, 10, 50, 258].map((millions) => millions / 258);
const ROUNDS_FULL = 21;
const ROUNDS_SHORT = 5;
const PROGRAM = 'test/bench/growth/growth-process';
const FIGURES = 'figures ';
const MS_PER_S = 1_000;

export const growthBench: Bench = {
  name: 'growth',
  title: 'How count, range, load, restart and memory grow with the users, five tags each',
  peers: [],
  users: { full: 258_000_000, short: 600_000 },
  run: runGrowthBench,
};

interface Size extends GrowthFigures {
  readonly users: number;
  readonly diskBytes: number;
}

async function runGrowthBench({ users, seed, isShort, folder, report }: BenchContext): Promise<void> {
  report.note(
    'Each size in a process of its own; what is resident is that of a process that opened the store and answered',
  );
  const rounds = isShort ? ROUNDS_SHORT : ROUNDS_FULL;
  const sizes: Size[] = [];
  for (const part of SIZES) {
    const size = Math.ceil(users * part);
    const directory = path.join(folder, `of-${size}`);
    const argv = [directory, size, seed, rounds].map(String);
    const loaded = await runProgram(['load', ...argv]);
    const diskBytes = await bytesBelow(directory);
    const asked = await runProgram(['ask', ...argv]);
    await rm(directory, { recursive: true });
    sizes.push({ ...loaded, ...asked, users: size, diskBytes });
  }
  reportSizes(report, sizes);
}

async function runProgram(argv: readonly string[]): Promise<GrowthFigures> {
  const program = new ChildProgram(PROGRAM, argv);
  try {
    return JSON.parse(await program.lineAfter(FIGURES)) as GrowthFigures;
  } finally {
    await program.end('SIGTERM');
  }
}

async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => stat(path.join(parentPath, name))));
  // Blocks that a sparse file does not fill are not on the disk.
  return sizes.reduce((sum, { blocks }) => sum + blocks * 512, 0);
}

function reportSizes(report: Report, sizes: readonly Size[]): void {
  for (const size of sizes) {
    const name = `${showNumber(size.users)} users`;
    report.timing('first seen', name, size.firstSeen.samplesMs);
    report.timing('repeated', name, size.repeated.samplesMs);
    report.timing('spend ≥ x', name, size.range.samplesMs);
    report.figure({ name: `load, ${name}`, value: size.users / (size.loadMs / MS_PER_S), unit: 'users/s' });
    report.figure({ name: `restart, ${name}`, value: size.restartMs / MS_PER_S, unit: 's' });
    report.figure({ name: `resident, ${name}`, value: size.residentMiB, unit: 'MiB' });
    report.figure({
      name: `resident, ${name}`,
      value: (size.residentMiB * 2 ** 20) / size.users,
      unit: 'bytes a user',
    });
    report.figure({ name: `identity, ${name}`, value: size.identityBytes / size.users, unit: 'bytes a user' });
    report.figure({ name: `tags, ${name}`, value: size.tagBytes / size.users, unit: 'bytes a user' });
    report.figure({ name: `disk, ${name}`, value: size.diskBytes / size.users, unit: 'bytes a user' });
  }
  for (const work of ['firstSeen', 'repeated', 'range'] as const) compareSizes(report, sizes, work);
}

/** The users of a smaller size are the first of a larger one: each question finds as many there or more. */
function compareSizes(report: Report, sizes: readonly Size[], work: 'firstSeen' | 'repeated' | 'range'): void {
  for (const [index, size] of sizes.entries()) {
    const smaller = sizes[index - 1];
    if (smaller === undefined) continue;
    for (const [round, answer] of size[work].answers.entries()) {
      const least = smaller[work].answers[round] ?? Number.NaN;
      report.check(
        `${work}, question ${round}: ${answer} users of ${size.users}, at least ${least}`,
        Number(answer >= least),
        1,
      );
    }
  }
}
