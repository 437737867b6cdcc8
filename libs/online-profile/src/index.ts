export { RedisProfiles } from './redis-profiles';
export type { RedisProfilesOptions } from './redis-profiles';
