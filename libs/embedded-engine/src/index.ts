export { BulkImport } from './bulk-import';
export type { ImportedRows } from './bulk-import';
export { EmbeddedEngine } from './embedded-engine';
export type { EmbeddedEngineOptions, EngineStatus } from './engine-options';
export type { IdentityPort } from './identity-port';
export { SHARD_BITS, SHARD_SIZE } from './shard';
export type { ThreadEntry } from './parallel/thread-pool';
export type { Verification } from './verify-state';
