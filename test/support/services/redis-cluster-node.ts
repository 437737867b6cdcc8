import { Redis } from 'ioredis';
import { freePort } from './free-port';
import { RedisServer } from './redis-server';

const SLOT_LAST = 16_383;
const OPEN_MS_MAX = 20_000;
const PAUSE_MS = 50;

/** A Redis Cluster of one node, which has every slot. It is spoken to as a Cluster is; scripts that touch keys of two slots work all the same. */
export class RedisClusterNode extends RedisServer {
  static override async create(folder: string): Promise<RedisClusterNode> {
    return new RedisClusterNode(folder, await freePort());
  }

  protected override get extra(): readonly string[] {
    return ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
  }

  /** Resolves once the slots are served. */
  protected override async launch(): Promise<number> {
    const pid = await super.launch();
    const client = new Redis(this.url);
    try {
      const slots = await client.call('cluster', 'slots');
      if (Array.isArray(slots) && slots.length === 0) await client.call('cluster', 'addslotsrange', 0, SLOT_LAST);
      const endMs = Date.now() + OPEN_MS_MAX;
      while (!String(await client.call('cluster', 'info')).includes('cluster_state:ok')) {
        if (Date.now() > endMs) throw new Error('The node does not serve its slots.');
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    } finally {
      client.disconnect();
    }
    return pid;
  }
}
