import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = join(__dirname, '..', '..');
const REGISTER = join(ROOT, 'test', 'support', 'register-swc.cjs');
const POLL_MS = 20;
const UNTIL_MS_MAX = 180_000;

export interface SourceProcessOptions {
  readonly argv?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Options of Node. */
  readonly node?: readonly string[];
  /** Run in front of it in the same shell, such as `ulimit`. */
  readonly shell?: string;
}

export interface Ended {
  /** Null: it was killed. */
  readonly code: number | null;
  readonly output: string;
}

/** A program of this repository as a process of its own, straight from its TypeScript. */
export class SourceProcess {
  readonly #parts: Buffer[] = [];
  readonly #closed: Promise<unknown>;
  /** It has ended, and all that it printed is read. */
  #isClosed = false;

  private constructor(
    private readonly child: ChildProcess,
    private readonly program: string,
  ) {
    child.stdout?.on('data', (part: Buffer) => this.#parts.push(part));
    child.stderr?.on('data', (part: Buffer) => this.#parts.push(part));
    this.#closed = once(child, 'close').then(() => {
      this.#isClosed = true;
    });
  }

  /** @param program its main file, from the root of the repository. */
  static start(
    program: string,
    { argv = [], environment = {}, node = [], shell }: SourceProcessOptions = {},
  ): SourceProcess {
    const call = [process.execPath, ...node, '-r', REGISTER, join(ROOT, program), ...argv];
    const inShell = shell === undefined ? [] : ['sh', '-c', `${shell} && exec "$0" "$@"`];
    const [file = '', ...rest] = [...inShell, ...call];
    const child = spawn(file, rest, {
      cwd: ROOT,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new SourceProcess(child, program);
  }

  /** Runs it to its end. */
  static run(program: string, options: SourceProcessOptions = {}): Promise<Ended> {
    return SourceProcess.start(program, options).ended();
  }

  /** All that it printed so far. */
  get output(): string {
    return Buffer.concat(this.#parts).toString('utf8');
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Resolves once it has printed this. @throws Error with what it printed if it ends first, or takes too long. */
  async printed(pattern: RegExp, msMax = UNTIL_MS_MAX): Promise<RegExpExecArray> {
    const untilMs = performance.now() + msMax;
    for (;;) {
      const found = pattern.exec(this.output);
      if (found !== null) return found;
      if (this.#isClosed) throw new Error(`${this.program} ended with ${String(this.child.exitCode)}:\n${this.output}`);
      if (performance.now() > untilMs) {
        throw new Error(`${this.program} did not print ${String(pattern)} within ${msMax} ms:\n${this.output}`);
      }
      await sleep(POLL_MS);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Sends a signal, if it runs still, and waits for its end. */
  end(name: NodeJS.Signals): Promise<Ended> {
    if (!this.hasEnded) this.child.kill(name);
    return this.ended();
  }

  /** Waits for its end. */
  async ended(): Promise<Ended> {
    await this.#closed;
    return { code: this.child.exitCode, output: this.output };
  }
}
