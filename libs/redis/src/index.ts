export { groupOf } from './group-of';
export { RedisConnection, TYPED_READY_MS_MAX } from './redis-connection';
export type { ScriptArguments } from './redis-connection';
