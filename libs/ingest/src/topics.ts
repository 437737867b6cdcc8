/** The topic that messages come by. */
export const RAW_TOPIC = 'tags.raw';
/** Of messages of the system that bind offline cuids. */
export const OFFLINE_TYPE = 'sys_offline_cuid';
/** Of messages of the system that erase a user. */
export const ERASE_TYPE = 'sys_erase';

const TYPE_PREFIX = 'tags.';

/** Names that no tag type can have where there is Kafka: their topics are the system's own. */
export const TYPES_TAKEN: ReadonlySet<string> = new Set(['raw', 'dead']);

/** The topic of a tag type's stamped messages. */
export function topicOfType(type: string): string {
  return `${TYPE_PREFIX}${type}`;
}
