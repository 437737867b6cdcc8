import path from 'node:path';
import { Redis } from 'ioredis';
import { RedisServer } from '../../support/services/redis-server';

/** A real Redis on a Unix socket that keeps nothing on disk, and a client of it. */
export class RedisPeer {
  private constructor(
    private readonly server: RedisServer,
    readonly client: Redis,
  ) {}

  /** @returns the reason as text if this machine can't run it. */
  static async start(folder: string): Promise<RedisPeer | string> {
    const reason = RedisServer.lacks();
    if (reason !== null) return reason;
    const server = RedisServer.inMemory(path.join(folder, 'redis'));
    await server.start();
    return new RedisPeer(server, new Redis(server.url));
  }

  get socket(): string {
    return this.server.url;
  }

  async version(): Promise<string> {
    return /redis_version:(\S+)/.exec(await this.client.info('server'))?.[1] ?? 'unknown';
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    await this.server.remove();
  }
}
