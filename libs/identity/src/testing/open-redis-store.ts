import { Redis } from 'ioredis';
import { RedisConnection } from '@tessera/redis';
import { RedisMappingStore } from '../redis/redis-mapping-store';

/** A store on an emptied Redis, opened. */
export interface OpenRedisStore {
  readonly connection: RedisConnection;
  readonly store: RedisMappingStore;
  /** Another client of the same server. */
  readonly client: Redis;
  close(): void;
}

/** @param server started if it does not run. */
export async function openRedisStore(server: {
  readonly url: string;
  start(): Promise<void>;
}): Promise<OpenRedisStore> {
  await server.start();
  const client = new Redis(server.url);
  await client.flushall();
  const connection = await RedisConnection.open([server.url]);
  await connection.ready();
  const store = new RedisMappingStore(connection);
  await (await store.restore(true)).open();
  const close = (): void => {
    connection.close();
    client.disconnect();
  };
  return { connection, store, client, close };
}
