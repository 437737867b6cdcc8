// npm run crash: the crash harness at any length. Exits with 1 at the first directory that is not as it should be.
import { parseArgs } from 'node:util';
import { runCrashes } from './crash-run';
import type { CrashSummary } from './crash-run';
import { readWholeNumber, runCommand } from './command-line';

const HELP = `npm run crash -- [options]

Lets a writer write at full speed and kills it with SIGKILL, at random moments and before, after and in the middle of every call that
changes a file, over and over on the same directory, and checks after each kill what is left.

  --kills <number>   (default 1000)
  --seed <number>    repeats the faults of an earlier run (default: a random one)
`;
const PROGRESS_EVERY = 25;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '1000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 20)) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const kills = readWholeNumber('kills', values.kills, 1, 1_000_000);
  const seed = readWholeNumber('seed', values.seed, 0, 2 ** 31);
  process.stdout.write(`crash: --kills ${kills} --seed ${seed}\n`);
  const startMs = Date.now();
  const summary = await runCrashes({
    seed,
    kills,
    onKill: (kill, how) => {
      if (kill % PROGRESS_EVERY !== 0) return;
      const seconds = Math.round((Date.now() - startMs) / 1_000);
      process.stdout.write(`${kill} of ${kills} kills, ${seconds} s, last: ${how}\n`);
    },
  });
  process.stdout.write(`${describeSummary(summary)}\n`);
  return 0;
}

function describeSummary({ kills, acknowledged, found, deaths, missed, repairs }: CrashSummary): string {
  const byPoint = [...deaths].sort(([left], [right]) => (left < right ? -1 : 1));
  return [
    ...byPoint.map(([how, count]) => `${String(count).padStart(6)}  ${how}`),
    `${kills} kills, ${acknowledged} operations acknowledged, ${found} found, none missing, none twice; ${repairs} torn tails cut off`,
    `fault points nobody died at: ${missed.length === 0 ? 'none' : missed.join(', ')}`,
  ].join('\n');
}

runCommand(main);
