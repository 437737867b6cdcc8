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

export type CommandLine =
  { readonly kind: 'help'; readonly text: string } | { readonly kind: 'run'; readonly config: TesseraConfig };

interface Environment {
  readonly [variable: string]: string | undefined;
}

const ALL_SETTINGS: readonly Setting<unknown>[] = Object.values(SETTINGS);

/**
 * Reads the settings: a flag wins over its environment variable, that over the default; an empty variable counts as not set.
 *
 * @param argv the arguments after the script's name, e.g. `['--customers', '2000']`; `--name=value` works too.
 * @throws ConfigError naming every unknown flag and every wrong value.
 */
export function readConfig(argv: readonly string[], environment: Environment): CommandLine {
  const flags = readFlags(argv);
  if (flags.help) return { kind: 'help', text: helpText() };
  const problems = [...flags.problems];
  const read = <T>(one: Setting<T>): T => readSetting(one, flags.values, environment, problems);
  const config: TesseraConfig = {
    port: read(SETTINGS.port),
    host: read(SETTINGS.host),
    dataDirectory: read(SETTINGS.dataDirectory),
    sample: read(SETTINGS.sample),
    customers: read(SETTINGS.customers),
    apiKeys: read(SETTINGS.apiKeys),
    timeZone: read(SETTINGS.timeZone),
    logLevel: read(SETTINGS.logLevel),
    idMemory: read(SETTINGS.idMemory),
    threads: read(SETTINGS.threads),
    memoryMb: read(SETTINGS.memoryMb),
    futureHours: read(SETTINGS.futureHours),
    cuidPattern: read(SETTINGS.cuidPattern),
    stringBytesMax: read(SETTINGS.stringBytesMax),
    messagesConcurrency: read(SETTINGS.messagesConcurrency),
    requestsConcurrency: read(SETTINGS.requestsConcurrency),
    cursorsMb: read(SETTINGS.cursorsMb),
  };
  if (problems.length === 0 && !isLoopback(config.host) && config.apiKeys.length === 0) {
    problems.push(
      `HOST ${JSON.stringify(config.host)} would let other machines in without a key; set API_KEYS=<key>[,<key>…], or listen on 127.0.0.1`,
    );
  }
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

function readFlags(argv: readonly string[]): {
  readonly help: boolean;
  readonly values: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
} {
  const known = new Set(ALL_SETTINGS.map((one) => one.flag));
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
export function helpText(): string {
  const rows = ALL_SETTINGS.map((one) => ({
    name: `  ${one.variable}${one.flag === null ? '' : `, ${one.flag} <value>`}`,
    meaning: `${one.description}${one.fallback === '' ? '' : ` (default ${one.fallback})`}`,
  }));
  const width = Math.max(...rows.map((row) => row.name.length)) + 2;
  return [
    'Tessera: audience segmentation and user tags, in one process.',
    '',
    'Usage: npm start -- [--option value …]',
    '',
    'Every setting is an environment variable or an option; the option wins.',
    '',
    ...rows.map((row) => `${row.name.padEnd(width)}${row.meaning}`),
    `${'  --help'.padEnd(width)}prints this`,
    '',
  ].join('\n');
}
