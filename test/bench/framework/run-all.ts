import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Bench } from './bench';

interface Outcome {
  readonly name: string;
  readonly exitCode: number;
  readonly seconds: number;
}

/**
 * Every bench in a process of its own, one after the other, so that each starts with empty memory.
 * @param program what Node is given to start a bench: its options, the entry and the options of this run.
 * @returns the greatest exit code.
 */
export async function runAll(
  benches: readonly Bench[],
  program: { readonly nodeOptions: readonly string[]; readonly entry: string; readonly options: readonly string[] },
): Promise<number> {
  const outcomes: Outcome[] = [];
  for (const { name } of benches) {
    const startedMs = Date.now();
    const exitCode = await runOne([...program.nodeOptions, program.entry, name, ...program.options]);
    outcomes.push({ name, exitCode, seconds: (Date.now() - startedMs) / 1_000 });
  }
  console.log('\n| Bench | outcome | seconds |\n|---|---|---|');
  for (const { name, exitCode, seconds } of outcomes) {
    console.log(`| ${name} | ${describe(exitCode)} | ${seconds.toFixed(1)} |`);
  }
  return Math.max(0, ...outcomes.map(({ exitCode }) => exitCode));
}

async function runOne(argv: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, argv, { stdio: 'inherit' });
  const stop = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const [code] = (await once(child, 'close')) as [number | null];
  process.off('SIGINT', stop).off('SIGTERM', stop);
  return code ?? 2;
}

function describe(exitCode: number): string {
  if (exitCode === 0) return 'answers agree';
  return exitCode === 1 ? 'answers DISAGREE' : 'BROKEN';
}
