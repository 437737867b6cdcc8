import { parseArgs } from 'node:util';
import type { Bench } from './bench';

const DEFAULT_SEED = 20_111_209;
const USERS_MAX = 1_000_000_000;

/** The command line can't be understood. */
export class UsageError extends Error {}

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'table'; readonly file: string }
  | {
      readonly kind: 'run';
      /** All of them: `all` was asked for. */
      readonly benches: readonly Bench[];
      readonly isAll: boolean;
      readonly users: number | undefined;
      readonly seed: number;
      readonly isShort: boolean;
      readonly json: string | undefined;
    };

const OPTIONS = {
  users: { type: 'string' },
  short: { type: 'boolean', default: false },
  seed: { type: 'string', default: String(DEFAULT_SEED) },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** @throws UsageError naming what is wrong. */
export function parseCommand(argv: readonly string[], benches: readonly Bench[]): Command {
  const { values, positionals } = parse(argv);
  const [name, ...rest] = positionals;
  if (values.help) return { kind: 'help' };
  if (name === 'table') {
    const [file, ...more] = rest;
    if (file === undefined || more.length > 0)
      throw new UsageError('table takes one results file, as --json wrote it.');
    return { kind: 'table', file };
  }
  const isAll = name === 'all';
  const chosen = isAll ? benches : benches.filter((bench) => bench.name === name);
  if (chosen.length === 0 || rest.length > 0) throw new UsageError(`There is no bench "${positionals.join(' ')}".`);
  return {
    kind: 'run',
    benches: chosen,
    isAll,
    users: values.users === undefined ? undefined : wholeNumber('users', values.users, 1, USERS_MAX),
    seed: wholeNumber('seed', values.seed, 0, Number.MAX_SAFE_INTEGER),
    isShort: values.short,
    json: values.json,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    // parseArgs tells its errors from defects by their code.
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith('ERR_PARSE_ARGS') === true) throw new UsageError(message);
    throw error;
  }
}

function wholeNumber(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= low && value <= high) return value;
  throw new UsageError(`--${name} "${text}" is no whole number from ${low} to ${high}`);
}

export function helpText(benches: readonly Bench[]): string {
  const width = Math.max(...benches.map(({ name }) => name.length));
  const lines = benches.map(({ name, title, peers, users }) => {
    const sizes = `${showUsers(users.full)} users, short form ${showUsers(users.short)}`;
    return `  ${name.padEnd(width)}  ${title}\n  ${' '.repeat(width)}  ${sizes}; peers: ${peers.join(', ') || 'none'}`;
  });
  return `npm run bench -- <name> [options]     one bench
npm run bench -- all [options]        every bench, each in a process of its own
npm run bench -- table <file>         a results file as Markdown

${lines.join('\n')}

  --users <number>  instead of the size of the form
  --short           the short form: seconds, to see that benches work and that answers agree
  --seed <number>   of the data and the questions (default ${DEFAULT_SEED})
  --json <file>     also adds the results to this file, a line of JSON for each bench

Exits with 1 if answers differ, with 2 if a bench could not be run.
`;
}

function showUsers(users: number): string {
  return users.toLocaleString('en-US');
}
