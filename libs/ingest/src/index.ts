export { codeOfLetter, DEAD_TOPIC, deadLetter, recordOfLetter } from './dead-letter';
export type { Origin } from './dead-letter';
export { bindRecord, MAPPING_MARK, MAPPING_TOPIC, readMappingEntries } from './mapping/mapping-log';
export type { MappingEntry } from './mapping/mapping-log';
export { GUID_HEADER, MappingWork, ORIGIN_HEADER } from './mapping/mapping-work';
export type { MappingOptions } from './mapping/mapping-work';
export type { Binding, OutgoingRecord, Resolver, StreamHeaders, StreamRecord, TagTypes } from './ports';
export { WaitingTypes } from './mapping/waiting-types';
