export { codeOfLetter, DEAD_TOPIC, deadLetter, originOfLetter, recordOfLetter } from './dead-letter';
export { MESSAGE_BYTES_MAX } from './envelope/read-envelope';
export { WaitingTypes } from './envelope/waiting-types';
export type { TypeList } from './envelope/waiting-types';
export { bindRecord, MAPPING_MARK, MAPPING_TOPIC, readMappingEntries } from './mapping/mapping-log';
export type { MappingEntry } from './mapping/mapping-log';
export { GUID_HEADER, MappingWork } from './mapping/mapping-work';
export type { MappingOptions } from './mapping/mapping-work';
export type {
  AppliedBatch,
  Binding,
  DurableReceiver,
  LetterBox,
  Opening,
  OutcomeReceiver,
  OutgoingRecord,
} from './ports';
export type { Resolver, StreamHeaders, StreamRecord, TagTypes } from './ports';
export { LetterWriter } from './profile/letter-writer';
export { MessageEntries } from './profile/message-entries';
export type { MessageEntriesOptions } from './profile/message-entries';
export { ProfileWork } from './profile/profile-work';
export type { ProfileWorkOptions } from './profile/profile-work';
export { Erasures, KnownUsers } from './profile/read-entries';
export type { EntryReader } from './profile/read-entries';
export { RawWork, TopicMadeAnewError } from './raw/raw-work';
export type { RawObserver, RawOptions } from './raw/raw-work';
export { ERASE_TYPE, OFFLINE_TYPE, RAW_TOPIC, sourceName, topicOfType, TYPES_TAKEN } from './topics';
export type { Origin } from './topics';
