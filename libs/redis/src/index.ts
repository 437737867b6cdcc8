export { groupOf } from './group-of';
export { RedisConnection } from './redis-connection';
export type { ScriptArguments } from './redis-connection';
