import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { Redis } from 'ioredis';

const START_TRIES = 200;
const START_PAUSE_MS = 25;

/** A real Redis as a process of its own, on a Unix socket, keeping nothing on disk. */
export class RedisServer {
  private constructor(
    private readonly child: ChildProcess,
    readonly client: Redis,
    readonly socket: string,
  ) {}

  /**
   * @param folder for the socket; short enough for one (about 100 bytes).
   * @returns the reason as text if this machine has no `redis-server`.
   */
  static async start(folder: string): Promise<RedisServer | string> {
    const socket = path.join(folder, 'redis.sock');
    const argv = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', folder];
    const child = spawn('redis-server', argv, { stdio: 'ignore' });
    const [event] = (await Promise.race([
      once(child, 'spawn').then(() => ['spawned']),
      once(child, 'error').then(([error]: unknown[]) => [String(error)]),
    ])) as [string];
    if (event !== 'spawned') return `redis-server could not be started (${event}); apt-get install redis-server`;
    const client = new Redis({ path: socket, retryStrategy: (times) => (times > START_TRIES ? null : START_PAUSE_MS) });
    client.on('error', () => undefined);
    const server = new RedisServer(child, client, socket);
    try {
      await Promise.race([
        client.ping(),
        once(child, 'close').then(([code]: unknown[]) => {
          throw new Error(`redis-server ended with code ${String(code)}`);
        }),
      ]);
    } catch (error) {
      await server.stop();
      return String(error);
    }
    return server;
  }

  async version(): Promise<string> {
    return /redis_version:(\S+)/.exec(await this.client.info('server'))?.[1] ?? 'unknown';
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const closed = once(this.child, 'close');
    this.child.kill('SIGTERM');
    await closed;
  }
}
