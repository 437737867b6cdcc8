import { parseArgs } from 'node:util';
import { runCountBench } from './count-bench';

const HELP = `npm run bench -- <name> [options]

  count              counts users by four tags, beside DuckDB on the same data in the same run

  --users <number>   users in both engines (default 1000000)
  --short            seven questions a case instead of twenty-one
  --seed <number>    of the data and the questions (default 20111209)

Exits with 1 if the engines disagree.
`;

/** The command line can't be understood. */
class UsageError extends Error {}

const USERS_MAX = 100_000_000;

function wholeNumber(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new UsageError(`--${name} "${text}" is no whole number from ${low} to ${high}`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2),
    allowPositionals: true,
    options: {
      users: { type: 'string', default: '1000000' },
      short: { type: 'boolean', default: false },
      seed: { type: 'string', default: '20111209' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [name, ...rest] = positionals;
  if (name !== 'count' || rest.length > 0) throw new UsageError(`There is no bench "${positionals.join(' ')}".`);
  const agree = await runCountBench({
    users: wholeNumber('users', values.users, 1, USERS_MAX),
    seed: wholeNumber('seed', values.seed, 0, Number.MAX_SAFE_INTEGER),
    rounds: values.short ? 7 : 21,
  });
  return agree ? 0 : 1;
}

function isUsageError(error: unknown): error is Error {
  // parseArgs throws TypeErrors of its own, told from defects by their code.
  const code = error instanceof TypeError && 'code' in error ? String(error.code) : '';
  return error instanceof UsageError || code.startsWith('ERR_PARSE_ARGS');
}

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    console.error(isUsageError(error) ? `${error.message}\n\n${HELP}` : error);
    process.exitCode = 2;
  },
);
