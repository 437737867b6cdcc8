import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const ROOT = path.join(__dirname, '..', '..', '..');
/** Benches run compiled, their specs straight from the tree. */
const EXTENSION = path.extname(__filename);
const REGISTER = EXTENSION === '.ts' ? ['-r', path.join(ROOT, 'test', 'support', 'register-swc.cjs')] : [];

/** Another program of the tree as a process of its own. Nothing of it is left once `end` has resolved. */
export class ChildProgram {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #errors: Buffer[] = [];
  #rest = '';
  #wake: (() => void)[] = [];

  /** @param script below the root of the tree, without its extension. */
  constructor(
    readonly script: string,
    argv: readonly string[],
    options: { readonly environment?: Readonly<Record<string, string>>; readonly node?: readonly string[] } = {},
  ) {
    const file = path.join(ROOT, `${script}${EXTENSION}`);
    this.#child = spawn(process.execPath, [...(options.node ?? []), ...REGISTER, file, ...argv], {
      env: { ...process.env, ...options.environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    this.#child.stderr?.on('data', (part: Buffer) => this.#errors.push(part));
    this.#child.once('close', () => this.#wakeAll());
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.script} could not be started`);
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get errorOutput(): string {
    return Buffer.concat(this.#errors).toString('utf8');
  }

  /** The rest of the next line of output that begins so. @throws Error once the program has ended without one. */
  async lineAfter(prefix: string): Promise<string> {
    for (;;) {
      const at = this.#lines.findIndex((line) => line.startsWith(prefix));
      if (at >= 0) {
        const [line = ''] = this.#lines.splice(0, at + 1).slice(-1);
        return line.slice(prefix.length).trim();
      }
      if (this.hasEnded) throw new Error(`${this.script} ended without "${prefix}":\n${this.errorOutput}`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Sends the signal unless it has ended, and waits for its end. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.hasEnded) return;
    const closed = once(this.#child, 'close');
    this.#child.kill(signal);
    await closed;
  }

  /** Waits for its end. @throws Error if it did not end well. */
  async finished(): Promise<void> {
    if (!this.hasEnded) await once(this.#child, 'close');
    if (this.#child.exitCode !== 0) throw new Error(`${this.script} failed:\n${this.errorOutput}`);
  }

  #take(text: string): void {
    const lines = `${this.#rest}${text}`.split('\n');
    this.#rest = lines.pop() ?? '';
    this.#lines.push(...lines);
    this.#wakeAll();
  }

  #wakeAll(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}
