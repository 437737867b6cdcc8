import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const REGISTER = join(ROOT, 'test', 'support', 'register-swc.cjs');
const MAIN = join(ROOT, 'apps', 'standalone', 'src', 'main.ts');

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: ReturnType<typeof JSON.parse>;
}

/** The standalone server in a process of its own, on a port of its own, without sample. */
export class ServerProcess {
  #address = '';
  #output = '';
  readonly #exited: Promise<number | null>;

  private constructor(private readonly child: ChildProcess) {
    const note = (bytes: Buffer): void => {
      this.#output += bytes.toString();
    };
    child.stdout?.on('data', note);
    child.stderr?.on('data', note);
    this.#exited = new Promise((resolve) => child.once('exit', resolve));
  }

  /** @param shell run before it in the same shell, such as `ulimit`. @throws Error with what it printed if it does not come up. */
  static async start(
    dataDirectory: string,
    shell = ':',
    settings: Readonly<Record<string, string>> = {},
  ): Promise<ServerProcess> {
    const script = `${shell} && exec "$0" "$@"`;
    const child = spawn('sh', ['-c', script, process.execPath, '-r', REGISTER, MAIN], {
      cwd: ROOT,
      env: { ...process.env, DATA_DIR: dataDirectory, PORT: '0', SAMPLE: 'none', LOG_LEVEL: 'silent', ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const server = new ServerProcess(child);
    for (;;) {
      const address = /listening on (http:\S+)/.exec(server.#output)?.[1];
      if (address !== undefined) {
        server.#address = address;
        return server;
      }
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${server.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  get port(): number {
    return Number(new URL(this.#address).port);
  }

  /** All that it printed so far. */
  get output(): string {
    return this.#output;
  }

  async call(method: string, url: string, body?: object): Promise<Answer> {
    const response = await fetch(`${this.#address}${url}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), Connection: 'close' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.json() };
  }

  /** What is no JSON. */
  async text(url: string): Promise<string> {
    return (await fetch(`${this.#address}${url}`, { headers: { Connection: 'close' } })).text();
  }

  /** SIGTERM ends it in order, SIGKILL at once. @returns its exit code. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    this.child.kill(signal);
    return this.#exited;
  }
}
