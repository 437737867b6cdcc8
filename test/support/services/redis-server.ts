import path from 'node:path';
import { accepts, freePort, launch } from './background-process';
import { lacksProgram, programOfPackage } from './debian-package';
import { NativeServer } from './native-server';
import type { ServerRecord } from './native-server';

const START_MS_MAX = 20_000;
const PACKAGE = 'redis-server';
const STOP_MS_MAX = 10_000;

/** A real Redis that keeps its data in an append-only file, written out every second. */
export class RedisServer extends NativeServer {
  static lacks(): string | null {
    return lacksProgram('redis-server', PACKAGE);
  }

  static async create(folder: string): Promise<RedisServer> {
    return new RedisServer(folder, await freePort(), STOP_MS_MAX);
  }

  static of({ folder, port, pid }: ServerRecord): RedisServer {
    return new RedisServer(folder, port, STOP_MS_MAX).adopt(pid);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Settings on the command line beside those of every server. */
  protected get extra(): readonly string[] {
    return [];
  }

  protected async launch(): Promise<number> {
    const { folder, port } = this;
    const settings = [
      '--bind',
      '127.0.0.1',
      '--port',
      String(port),
      '--dir',
      folder,
      '--daemonize',
      'no',
      ...this.extra,
    ];
    return launch({
      program: await programOfPackage('redis-server', PACKAGE),
      argv: [...settings, '--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''],
      folder,
      logFile: path.join(folder, 'redis.log'),
      isReady: () => accepts(port),
      timeoutMs: START_MS_MAX,
    });
  }
}
