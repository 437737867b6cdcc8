import { readFile } from 'node:fs/promises';
import { helpText, parseCommand, UsageError } from './framework/command-line';
import type { Command } from './framework/command-line';
import type { BenchResult } from './framework/result';
import { runAll } from './framework/run-all';
import { keepResult, runBench } from './framework/run-bench';
import { showResults } from './framework/show-result';
import { BENCHES } from './registry';

async function main(): Promise<number> {
  const command = parseCommand(process.argv.slice(2), BENCHES);
  switch (command.kind) {
    case 'help':
      console.log(helpText(BENCHES));
      return 0;
    case 'table':
      console.log(showResults(await readResults(command.file)));
      return 0;
    case 'run':
      return command.isAll ? await runEach(command) : await runNamed(command);
  }
}

async function runNamed({ benches, users, seed, isShort, json }: Command & { kind: 'run' }): Promise<number> {
  let exitCode = 0;
  for (const bench of benches) {
    const result = await runBench(bench, { users, seed, isShort });
    if (json !== undefined) await keepResult(json, result);
    if (result.disagreements.length > 0) exitCode = 1;
  }
  return exitCode;
}

async function runEach({ benches, users, seed, isShort, json }: Command & { kind: 'run' }): Promise<number> {
  const options = [
    `--seed=${seed}`,
    ...(isShort ? ['--short'] : []),
    ...(users === undefined ? [] : [`--users=${users}`]),
    ...(json === undefined ? [] : [`--json=${json}`]),
  ];
  return runAll(benches, { nodeOptions: process.execArgv, entry: __filename, options });
}

async function readResults(file: string): Promise<readonly BenchResult[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as BenchResult);
}

// Node itself would exit with 1, which stands for answers that differ.
process.on('uncaughtException', (error) => {
  console.error(error);
  process.exit(2);
});

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    console.error(error instanceof UsageError ? `${error.message}\n\n${helpText(BENCHES)}` : error);
    process.exitCode = 2;
  },
);
