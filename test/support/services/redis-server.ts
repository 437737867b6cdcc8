import { readdir, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { Redis } from 'ioredis';
import { until } from '../until';
import { accepts, launch } from './background-process';
import { freePort } from './free-port';
import { lacksProgram, programOfPackage } from './debian-package';
import { NativeServer } from './native-server';
import type { ServerRecord } from './native-server';

const START_MS_MAX = 60_000;
const PACKAGE = 'redis-server';
const STOP_MS_MAX = 10_000;

/** A real Redis that keeps its data in an append-only file, written out every second; or one in memory alone. */
export class RedisServer extends NativeServer {
  protected constructor(
    folder: string,
    port: number,
    /** It listens on a Unix socket only, and keeps nothing on disk. */
    private readonly inMemory = false,
  ) {
    super(folder, port, STOP_MS_MAX);
  }

  static lacks(): string | null {
    return lacksProgram('redis-server', PACKAGE);
  }

  static async create(folder: string): Promise<RedisServer> {
    return new RedisServer(folder, await freePort());
  }

  /** For benches. @param folder short enough for the path of a socket (about 100 bytes). */
  static inMemory(folder: string): RedisServer {
    return new RedisServer(folder, 0, true);
  }

  static of({ folder, port, pid }: ServerRecord): RedisServer {
    return new RedisServer(folder, port).adopt(pid);
  }

  /** Where clients find it: a URL, or the path of a socket. */
  get url(): string {
    return this.inMemory ? path.join(this.folder, 'redis.sock') : `redis://127.0.0.1:${this.port}`;
  }

  /**
   * Resolves when all that it has acknowledged would outlast its being killed. It writes before it answers, unless an earlier write is on its way to the disk
   * still; then it waits up to two seconds (redis.conf, appendfsync everysec).
   */
  async written(): Promise<void> {
    const client = new Redis(this.url);
    try {
      await until(async () => /^aof_buffer_length:0\r?$/m.test(await client.info('persistence')));
    } finally {
      client.disconnect();
    }
  }

  /** While it is dead: takes what it wrote last from its append-only file, as if that had not reached the disk. */
  async loseLast(bytes: number): Promise<void> {
    const folder = path.join(this.folder, 'appendonlydir');
    const names = (await readdir(folder)).filter((name) => name.endsWith('.incr.aof'));
    if (names.length !== 1)
      throw new Error(`${names.length} append-only files to take ${bytes} bytes from: ${names.join()}`);
    const file = path.join(folder, names[0] ?? '');
    await truncate(file, Math.max(0, (await stat(file)).size - bytes));
  }

  /** Settings on the command line beside those of every server. */
  protected get extra(): readonly string[] {
    return [];
  }

  protected async launch(): Promise<number> {
    const { folder, port, inMemory, url } = this;
    const network = ['--bind', '127.0.0.1', '--port', String(port), ...(inMemory ? ['--unixsocket', url] : [])];
    const disk = inMemory ? ['--appendonly', 'no'] : ['--appendonly', 'yes', '--appendfsync', 'everysec'];
    return launch({
      program: await programOfPackage('redis-server', PACKAGE),
      argv: [...network, '--dir', folder, '--daemonize', 'no', ...disk, '--save', '', ...this.extra],
      folder,
      logFile: path.join(folder, 'redis.log'),
      isReady: () => accepts(inMemory ? url : port),
      timeoutMs: START_MS_MAX,
    });
  }
}
