import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const RUNS = 'The mapping worker runs';
const POLL_MS = 50;
const ROOT = path.join(__dirname, '..', '..');
const REGISTER = path.join(ROOT, 'test', 'support', 'register-swc.cjs');
const MAIN = path.join(ROOT, 'apps', 'mapping-worker', 'src', 'main.ts');

/** A mapping worker in a process of its own. */
export class WorkerProcess {
  readonly #exited: Promise<number | null>;
  #output = '';

  private constructor(private readonly child: ChildProcess) {
    const note = (bytes: Buffer): void => {
      this.#output += bytes.toString();
    };
    child.stdout?.on('data', note);
    child.stderr?.on('data', note);
    this.#exited = new Promise((resolve) => child.once('exit', resolve));
  }

  static start(settings: Readonly<Record<string, string>>): WorkerProcess {
    const child = spawn(process.execPath, ['-r', REGISTER, MAIN], {
      cwd: ROOT,
      env: { ...process.env, PORT: '0', LOG_LEVEL: 'info', CACHE_MB: '16', ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new WorkerProcess(child);
  }

  /** All that it printed. */
  get output(): string {
    return this.#output;
  }

  /** Resolves once it is a member of its group, or has ended. */
  async running(): Promise<void> {
    while (!this.#output.includes(RUNS) && this.child.exitCode === null) await sleep(POLL_MS);
  }

  /** SIGTERM ends it in order, SIGKILL at once. @returns its exit code; null: it was killed. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    this.child.kill(signal);
    return this.#exited;
  }
}
