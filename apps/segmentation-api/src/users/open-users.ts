import { RedisMappingStore } from '@tessera/identity';
import { RedisProfiles } from '@tessera/online-profile';
import type { DependencyState } from '@tessera/platform';
import { RedisConnection } from '@tessera/redis';

/** Not written from here, so the size of the memory of ids does not matter. */
const NO_IDS = 1;

/** What Redis holds of users. */
export interface RedisUsers {
  readonly identity: RedisMappingStore;
  readonly profiles: RedisProfiles;
  /** For readiness. */
  identityState(): Promise<DependencyState>;
  profilesState(): Promise<DependencyState>;
  close(): void;
}

const WHY = {
  empty: 'Redis holds none, or was emptied; the workers are filling it',
  behind: 'Redis was restarted; the workers are bringing it up to date',
};

/** Connects in the background. */
export async function openRedisUsers(urls: readonly [string, ...string[]]): Promise<RedisUsers> {
  const connection = await RedisConnection.open(urls);
  const identity = new RedisMappingStore(connection);
  const profiles = new RedisProfiles(connection, { idMemory: NO_IDS });
  const shown = (state: 'open' | 'behind' | 'empty'): DependencyState =>
    state === 'open' ? { ok: true } : { ok: false, detail: WHY[state] };
  return {
    identity,
    profiles,
    identityState: async () => shown(await identity.state()),
    profilesState: async () => shown((await profiles.state()).state),
    close: () => connection.close(),
  };
}
