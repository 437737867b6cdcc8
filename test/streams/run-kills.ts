import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { TestServer } from '../support/services/with-server';
import { readWholeNumber, runCommand } from '../durability/command-line';

const SEED = 'seed';
const SEED_MAX = 2 ** 31;

/** A number that a fault test is told. */
interface Size {
  readonly least: number;
  readonly most: number;
  readonly standard: number;
  /** Behind its name in the help. */
  readonly meaning?: string;
}

/** A fault test as a command of its own; its seed is drawn if it is not told. */
export interface KillsCommand<S extends TestServer, N extends string> {
  /** As in `npm run <name>`. */
  readonly name: string;
  /** What it does. */
  readonly help: string;
  /** By option, e.g. `redis-kills`. */
  readonly sizes: Readonly<Record<N, Size>>;
  create(folder: string): Promise<S>;
  /** @returns what it found, in a sentence. @throws Error for the first thing that is not as it should be. */
  run(
    servers: S,
    sizes: Readonly<Record<N | typeof SEED, number>>,
    say: (line: string) => void,
    folder: string,
  ): Promise<string>;
}

/** Runs it with what the command line says; the process ends with 1 if it throws. */
export function runKills<S extends TestServer, N extends string>(command: KillsCommand<S, N>): void {
  runCommand(() => main(command));
}

async function main<S extends TestServer, N extends string>(command: KillsCommand<S, N>): Promise<number> {
  const sizes = Object.entries<Size>(command.sizes);
  const { help, told } = readOptions([...sizes.map(([name]) => name), SEED]);
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  if (help) {
    say(helpOf(command, sizes));
    return 0;
  }
  const read = (name: string, { least, most, standard }: Size): number =>
    readWholeNumber(name, told.get(name) ?? String(standard), least, most);
  const seed = { least: 0, most: SEED_MAX, standard: Math.floor(Math.random() * 2 ** 20) };
  const all = Object.fromEntries([
    ...sizes.map(([name, size]) => [name, read(name, size)]),
    [SEED, read(SEED, seed)],
  ]) as Record<N | typeof SEED, number>;
  const folder = await mkdtemp(path.join(tmpdir(), 'tessera-kills-'));
  const servers = await command.create(path.join(folder, 'servers'));
  try {
    await servers.start();
    say(`${command.name}: ${JSON.stringify(all)}`);
    say(await command.run(servers, all, say, folder));
    return 0;
  } finally {
    await servers.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

function readOptions(names: readonly string[]): { readonly help: boolean; readonly told: ReadonlyMap<string, string> } {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' } as const]));
  const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } });
  const told = Object.entries(values).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  );
  return { help: 'help' in values, told: new Map(told) };
}

function helpOf(
  { name, help }: { readonly name: string; readonly help: string },
  sizes: readonly [string, Size][],
): string {
  const lines = sizes.map(([option, { standard, meaning = '' }]) => {
    return `  ${`--${option} <number>`.padEnd(24)}${meaning === '' ? '' : `${meaning} `}(default ${standard})`;
  });
  return [
    `npm run ${name} -- [options]`,
    '',
    help,
    '',
    ...lines,
    `  ${'--seed <number>'.padEnd(24)}(default: a random one)`,
  ].join('\n');
}
