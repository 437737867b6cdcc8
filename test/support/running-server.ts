import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const REGISTER = join(ROOT, 'test', 'support', 'register-swc.cjs');
const MAIN = join(ROOT, 'apps', 'standalone', 'src', 'main.ts');
const READY_TIMEOUT_MS = 45_000;
const POLL_MS = 50;

/** A port of the loopback interface that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') {
    throw new Error('The free port could not be read.');
  }
  return address.port;
}

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program of the tree to its end. */
export async function runToEnd(
  script: string,
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, ['-r', REGISTER, join(ROOT, script), ...argv], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: output() };
}

function collect(child: ChildProcess): () => string {
  const parts: Buffer[] = [];
  child.stdout?.on('data', (part: Buffer) => parts.push(part));
  child.stderr?.on('data', (part: Buffer) => parts.push(part));
  return () => Buffer.concat(parts).toString('utf8');
}

/** The standalone server as a process of its own, on a free loopback port. */
export class RunningServer {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    readonly output: () => string,
  ) {}

  static async start(
    dataDirectory: string,
    options: {
      readonly argv?: readonly string[];
      readonly environment?: Readonly<Record<string, string>>;
      readonly node?: readonly string[];
    } = {},
  ): Promise<RunningServer> {
    const port = await freePort();
    const child = spawn(process.execPath, [...(options.node ?? []), '-r', REGISTER, MAIN, ...(options.argv ?? [])], {
      cwd: ROOT,
      env: {
        ...process.env,
        PORT: String(port),
        HOST: '127.0.0.1',
        DATA_DIR: dataDirectory,
        SAMPLE: 'none',
        LOG_LEVEL: 'warn',
        ...options.environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const server = new RunningServer(child, `http://127.0.0.1:${port}`, collect(child));
    try {
      await server.#untilReady();
      return server;
    } catch (error) {
      await server.kill();
      throw error;
    }
  }

  /** Sends JSON (or the text given) and reads JSON back. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    contentType = 'application/json',
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': contentType } }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  }

  async count(expression: unknown): Promise<number> {
    const { status, body } = await this.ask('POST', '/v1/segmentation/count', { expression });
    if (
      status !== 200 ||
      typeof body !== 'object' ||
      body === null ||
      !('count' in body) ||
      typeof body.count !== 'number'
    ) {
      throw new Error(`count answered ${status}: ${JSON.stringify(body)}`);
    }
    return body.count;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** SIGTERM, then the exit code. */
  async stop(): Promise<Ended> {
    return this.#end('SIGTERM');
  }

  async kill(): Promise<Ended> {
    return this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<Ended> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const closed = once(this.child, 'close');
      this.child.kill(signal);
      await closed;
    }
    return { code: this.child.exitCode, output: this.output() };
  }

  async #untilReady(): Promise<void> {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (Date.now() < deadline) {
      if (this.child.exitCode !== null) {
        throw new Error(`The server ended with code ${this.child.exitCode}:\n${this.output()}`);
      }
      const response = await fetch(`${this.url}/health/ready`).catch(() => undefined);
      if (response?.ok === true) {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error(`The server was not ready within ${READY_TIMEOUT_MS} ms:\n${this.output()}`);
  }
}
