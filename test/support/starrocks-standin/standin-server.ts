import { join } from 'node:path';
import { accepts, launch } from '../services/background-process';
import { freePort } from '../services/free-port';
import { NativeServer } from '../services/native-server';
import type { Fault } from './faults';

const ROOT = join(__dirname, '..', '..', '..');
const REGISTER = join(ROOT, 'test', 'support', 'register-swc.cjs');
/** From its source, or as it was built. */
const PROGRAM = __filename.endsWith('.ts')
  ? ['-r', REGISTER, join(__dirname, 'main.ts')]
  : [join(__dirname, 'main.js')];
const START_MS_MAX = 120_000;
const STOP_MS_MAX = 20_000;
const FAULTS = '/standin/faults';

/** A stand-in for StarRocks as a process of its own, to be killed and started again on its data. */
export class StarrocksStandInServer extends NativeServer {
  private constructor(
    folder: string,
    port: number,
    private readonly followerPort: number,
    private readonly httpPort: number,
    private readonly backendPort: number,
  ) {
    super(folder, port, STOP_MS_MAX);
  }

  /** It needs nothing that the project's packages don't bring. */
  static lacks(): string | null {
    return null;
  }

  static async create(folder: string): Promise<StarrocksStandInServer> {
    const ports = new Set<number>();
    while (ports.size < 4) ports.add(await freePort());
    const [mysql, follower, http, backend] = [...ports];
    return new StarrocksStandInServer(folder, mysql!, follower!, http!, backend!);
  }

  /** Without a database. */
  get mysqlUrl(): string {
    return `mysql://root@127.0.0.1:${this.port}`;
  }

  /** Of the second frontend, without a database. */
  get followerUrl(): string {
    return `mysql://root@127.0.0.1:${this.followerPort}`;
  }

  /** The second frontend shows what is committed from now on when a session has it catch up, not before. */
  async letFollowerFallBehind(): Promise<void> {
    await this.#control('POST', '/standin/follower');
  }

  /** Of the frontend that redirects Stream Load. */
  get httpUrl(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  /** @returns its number. */
  async addFault(fault: Fault): Promise<number> {
    const { id } = (await this.#control('POST', FAULTS, JSON.stringify(fault))) as { id: number };
    return id;
  }

  /** How many times faults may still happen. */
  async faultsLeft(): Promise<number> {
    const { left } = (await this.#control('GET', FAULTS)) as { left: number };
    return left;
  }

  protected launch(): Promise<number> {
    const { folder, port, followerPort, httpPort, backendPort } = this;
    const frontends = ['--mysql-port', port, '--follower-port', followerPort, '--http-port', httpPort];
    const ports = [...frontends, '--backend-port', backendPort].map(String);
    return launch({
      program: process.execPath,
      argv: [...PROGRAM, '--folder', join(folder, 'data'), ...ports],
      folder,
      logFile: join(folder, 'standin.log'),
      isReady: async () =>
        (await accepts(port)) && (await accepts(followerPort)) && (await accepts(httpPort)) && accepts(backendPort),
      timeoutMs: START_MS_MAX,
    });
  }

  async #control(method: string, path: string, body: string | null = null): Promise<unknown> {
    const response = await fetch(`${this.httpUrl}${path}`, { method, body });
    if (!response.ok) throw new Error(`the stand-in refuses it: ${response.status} ${await response.text()}`);
    return response.json();
  }
}
