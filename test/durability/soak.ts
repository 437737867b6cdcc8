// npm run soak: everything at once for as long as you like, every answer compared. Exits with 1 for a wrong answer or growing memory.
import { parseArgs } from 'node:util';
import { readWholeNumber, runCommand, UsageError } from './command-line';
import { runSoak } from './soak-run';

const HELP = `npm run soak -- [options]

Writes, counts, erases, changes catalogue and lists and makes checkpoints, all at once; every answer is compared with the reference
engine's, and memory must be flat at the end (the last third of the run against the middle third).

  --minutes <number>   fractions too (default 30)
  --users <number>     (default 2000)
  --seed <number>      repeats the work of an earlier run (default: a random one)
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '30' },
      users: { type: 'string', default: '2000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 20)) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 10_000)) throw new UsageError(`--minutes "${values.minutes}" is no time to soak`);
  const users = readWholeNumber('users', values.users, 20, 100_000);
  const seed = readWholeNumber('seed', values.seed, 0, 2 ** 31);
  const report = (line: string): void => void process.stdout.write(`${line}\n`);
  report(`soak: --minutes ${minutes} --users ${users} --seed ${seed}`);
  return (await runSoak({ seed, minutes, users, report })) ? 0 : 1;
}

runCommand(main);
