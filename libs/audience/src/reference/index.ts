export { ReferenceEngine } from './reference-engine';
export { ReferenceStore } from './reference-store';
export type { FieldHistory, ReferenceStoreOptions, ReferenceUser } from './reference-store';
