import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * What became of a directory. `refused`: it could not be opened; `failed`: it was, but then could not answer; `crashed`: the process died.
 */
export type ProbeAnswer =
  | { readonly outcome: 'refused' | 'failed'; readonly name: string; readonly message: string }
  | {
      readonly outcome: 'opened';
      readonly warnings: readonly string[];
      readonly findings: readonly string[];
      /** Equal for equal answers to everything asked. */
      readonly answers: string;
    }
  | { readonly outcome: 'crashed'; readonly signal: string };

const REGISTER = join(__dirname, '..', 'support', 'register-swc.cjs');
const ANSWER = join(__dirname, 'answer-probes.ts');

/** Opens data directories in a process of its own, which may die of them. */
export class Probe {
  #child: ChildProcessWithoutNullStreams | null = null;
  #lines: AsyncIterator<string> | null = null;

  async open(path: string): Promise<ProbeAnswer> {
    const child = (this.#child ??= spawn(process.execPath, ['-r', REGISTER, ANSWER]));
    this.#lines ??= createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    let errors = '';
    const listen = (chunk: Buffer): void => void (errors += chunk.toString());
    child.stderr.on('data', listen);
    child.stdin.write(`${path}\n`);
    const { value, done } = await this.#lines.next();
    child.stderr.off('data', listen);
    if (done !== true) return JSON.parse(value) as ProbeAnswer;
    const signal = await ended(child);
    this.#child = null;
    this.#lines = null;
    return { outcome: 'crashed', signal: `${signal} ${errors.slice(0, 2_000)}` };
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    child.stdin.end();
    await ended(child);
  }
}

/** The signal or exit code that a process ended with. */
async function ended(child: ChildProcessWithoutNullStreams): Promise<string> {
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve));
  return String(child.signalCode ?? child.exitCode);
}
