export { ReferenceEngine } from './reference-engine';
export { ReferenceUserReader } from './reference-users';
export { ReferenceStore } from './reference-store';
export type { FieldHistory, ReferenceStoreOptions, ReferenceUser } from './reference-store';
