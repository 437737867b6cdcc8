import { isIPv4 } from 'node:net';
import { SETTINGS } from './config';
import type { TesseraConfig } from './config';
import type { Setting } from './setting';

/** Wrong or missing settings; the message names every one with its value and the fix. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

export type CommandLine<C = TesseraConfig> =
  { readonly kind: 'help'; readonly text: string } | { readonly kind: 'run'; readonly config: C };

interface Environment {
  readonly [variable: string]: string | undefined;
}

/** What a program can be told, and how it introduces itself. */
export interface Program<C> {
  readonly title: string;
  readonly usage: string;
  /** In the order in which `--help` prints them. */
  readonly settings: { readonly [name in keyof C]: Setting<C[name]> };
  /** What is wrong with settings that are right one by one; ends with the fix. */
  readonly problemsOf: (config: C) => readonly string[];
}

const STANDALONE: Program<TesseraConfig> = {
  title: 'Tessera: audience segmentation and user tags, in one process.',
  usage: 'npm start -- [--option value …]',
  settings: SETTINGS,
  problemsOf: listenProblems,
};

/** Nobody is let in from other machines without a key. */
export function listenProblems({ host, apiKeys }: Pick<TesseraConfig, 'host' | 'apiKeys'>): readonly string[] {
  if (isLoopback(host) || apiKeys.length > 0) return [];
  return [
    `HOST ${JSON.stringify(host)} would let other machines in without a key; set API_KEYS=<key>[,<key>…], or listen on 127.0.0.1`,
  ];
}

/** {@link readSettings} of the standalone service. */
export function readConfig(argv: readonly string[], environment: Environment): CommandLine {
  return readSettings(STANDALONE, argv, environment);
}

/**
 * Reads the settings of a program: a flag wins over its environment variable, that over the default; an empty variable counts as not set.
 *
 * @param argv the arguments after the script's name, e.g. `['--customers', '2000']`; `--name=value` works too.
 * @throws ConfigError naming every unknown flag and every wrong value.
 */
export function readSettings<C extends object>(
  program: Program<C>,
  argv: readonly string[],
  environment: Environment,
): CommandLine<C> {
  const settings = Object.entries<Setting<unknown>>(program.settings);
  const flags = readFlags(
    settings.map(([, one]) => one),
    argv,
  );
  if (flags.help) return { kind: 'help', text: helpText(program) };
  const problems = [...flags.problems];
  const config = Object.fromEntries(
    settings.map(([name, one]) => [name, readSetting(one, flags.values, environment, problems)]),
  ) as C;
  if (problems.length === 0) problems.push(...program.problemsOf(config));
  if (problems.length > 0) throw new ConfigError(problems);
  return { kind: 'run', config };
}

/** True for addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === 'localhost' || name === '::1' || name === '[::1]' || (isIPv4(name) && name.startsWith('127.'));
}

function readSetting<T>(
  one: Setting<T>,
  flagged: ReadonlyMap<string, string>,
  environment: Environment,
  problems: string[],
): T {
  const fromFlag = one.flag === null ? undefined : flagged.get(one.flag);
  const fromEnvironment = environment[one.variable];
  const given = fromFlag ?? (fromEnvironment === '' ? undefined : fromEnvironment);
  const name = fromFlag === undefined || one.flag === null ? one.variable : one.flag;
  const parsed = one.parse(given ?? one.fallback);
  if (parsed.ok) return parsed.value;
  problems.push(one.secret ? `${name} ${parsed.problem}` : `${name} ${JSON.stringify(given)} ${parsed.problem}`);
  const fallback = one.parse(one.fallback);
  if (!fallback.ok) throw new Error(`the default of ${one.variable} does not parse`);
  return fallback.value;
}

function readFlags(
  settings: readonly Setting<unknown>[],
  argv: readonly string[],
): {
  readonly help: boolean;
  readonly values: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
} {
  const known = new Set(settings.map((one) => one.flag));
  const values = new Map<string, string>();
  const problems: string[] = [];
  let help = false;
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    const equals = argument.indexOf('=');
    const flag = equals < 0 ? argument : argument.slice(0, equals);
    if (flag === '--help' || flag === '-h') {
      help = true;
    } else if (!known.has(flag)) {
      problems.push(`${JSON.stringify(argument)} is not a known option; --help lists them`);
    } else {
      const value = equals < 0 ? argv[++index] : argument.slice(equals + 1);
      if (value === undefined) problems.push(`${flag} needs a value: ${flag} <value>`);
      else values.set(flag, value);
    }
  }
  return { help, values, problems };
}

/** What `--help` prints: every setting with its variable, flag, default and meaning. */
export function helpText<C extends object>({ title, usage, settings }: Program<C>): string {
  const rows = Object.values<Setting<unknown>>(settings).map((one) => ({
    name: `  ${one.variable}${one.flag === null ? '' : `, ${one.flag} <value>`}`,
    meaning: `${one.description}${one.fallback === '' ? '' : ` (default ${one.fallback})`}`,
  }));
  const width = Math.max(...rows.map((row) => row.name.length)) + 2;
  return [
    title,
    '',
    `Usage: ${usage}`,
    '',
    'Every setting is an environment variable or an option; the option wins.',
    '',
    ...rows.map((row) => `${row.name.padEnd(width)}${row.meaning}`),
    `${'  --help'.padEnd(width)}prints this`,
    '',
  ].join('\n');
}
