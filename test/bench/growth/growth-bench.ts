import { availableParallelism } from 'node:os';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Bench, BenchContext } from '../framework/bench';
import type { Report } from '../framework/report';
import { showNumber } from '../framework/show-result';
import { bytesBelow } from '../measure/disk-use';
import { askStore, loadStore } from '../users/store-program';
import type { LoadFigures, OpenFigures } from '../users/store-program';

/** 1, 10, 50 and 258 million, or as much smaller as the greatest is. */
const SIZES = [1, 10, 50, 258].map((millions) => millions / 258);
const WARM_UP = 3;
const ROUNDS = { full: 21, short: 5 };
const MS_PER_S = 1_000;

export const growthBench: Bench = {
  name: 'growth',
  title: 'How count, range, load, restart, memory and disk grow with the users, five tags each',
  peers: [],
  users: { full: 258_000_000, short: 400_000 },
  run: runGrowthBench,
};

interface Size {
  readonly users: number;
  readonly diskBytes: number;
  readonly loaded: LoadFigures;
  readonly opened: OpenFigures;
}

async function runGrowthBench({ users: most, seed, isShort, folder, report }: BenchContext): Promise<void> {
  report.note('Each size in processes of its own; resident is the whole process that opened the store and answered');
  const rounds = isShort ? ROUNDS.short : ROUNDS.full;
  const sizes: Size[] = [];
  for (const part of SIZES) {
    const users = Math.ceil(most * part);
    const directory = path.join(folder, `of-${users}`);
    const loaded = await loadStore({ directory, users, seed });
    const diskBytes = await bytesBelow(directory);
    const opened = await askStore({
      directory,
      seed,
      threads: availableParallelism(),
      parallelFrom: null,
      warmUp: WARM_UP,
      rounds,
      terms: 4,
    });
    await rm(directory, { recursive: true });
    sizes.push({ users, diskBytes, loaded, opened });
  }
  for (const size of sizes) reportSize(report, size);
  compareSizes(report, sizes);
}

function reportSize(report: Report, { users, diskBytes, loaded, opened }: Size): void {
  const name = `${showNumber(users)} users`;
  report.timing('first seen', name, opened.firstSeen.samplesMs);
  report.timing('repeated', name, opened.repeated.samplesMs);
  report.timing('spend ≥ x', name, opened.range.samplesMs);
  report.figure({ name: `${name}: load`, value: users / (loaded.loadMs / MS_PER_S), unit: 'users/s' });
  report.figure({ name: `${name}: restart`, value: opened.openMs / MS_PER_S, unit: 's' });
  report.figure({ name: `${name}: resident`, value: opened.residentMiB, unit: 'MiB' });
  const bytes = {
    resident: opened.residentMiB * 2 ** 20,
    identity: opened.identityBytes,
    tags: opened.tagBytes,
    disk: diskBytes,
  };
  for (const [part, value] of Object.entries(bytes)) {
    report.figure({ name: `${name}: ${part} by user`, value: value / users, unit: 'bytes' });
  }
}

/** The users of a smaller size are the first of a larger one: each question finds as many there or more. */
function compareSizes(report: Report, sizes: readonly Size[]): void {
  for (const [index, { users, opened }] of sizes.entries()) {
    const smaller = sizes[index - 1]?.opened;
    if (smaller === undefined) continue;
    for (const work of ['firstSeen', 'repeated', 'range'] as const) {
      for (const [round, answer] of opened[work].answers.entries()) {
        const least = smaller[work].answers[round] ?? Number.NaN;
        const what = `${work}, question ${round}: ${answer} of ${users} users, of fewer users ${least}`;
        report.check(what, Number(answer >= least), 1);
      }
    }
  }
}
