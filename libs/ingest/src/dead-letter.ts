import type { OutgoingRecord, StreamRecord } from './ports';

/** Of the topic of dead letters. */
export const DEAD_TOPIC = 'tags.dead';
/** A longer value is cut: the letter itself must get through. */
const VALUE_BYTES_MAX = 512 * 1024;

/** Where a record was read. */
export interface Origin {
  readonly topic: string;
  readonly partition: number;
}

/**
 * The dead letter of a record: its key, value and headers as they were, and why and from where (docs/formats/kafka.md).
 * @param at wall clock, ms.
 */
export function deadLetter(
  record: StreamRecord,
  { topic, partition }: Origin,
  { code, detail }: { readonly code: string; readonly detail: string },
  at: number,
): OutgoingRecord {
  const { key, value, headers, offset, timestampMs } = record;
  const isCut = value !== null && value.length > VALUE_BYTES_MAX;
  return {
    topic: DEAD_TOPIC,
    key,
    value: isCut ? value.subarray(0, VALUE_BYTES_MAX) : value,
    headers: {
      ...headers,
      'dead.code': Buffer.from(code),
      'dead.detail': Buffer.from(detail),
      'dead.origin': Buffer.from(`${topic}/${partition}/${offset}`),
      'dead.timestamp': Buffer.from(String(timestampMs)),
      'dead.at': Buffer.from(String(at)),
      ...(isCut ? { 'dead.bytes': Buffer.from(String(value.length)) } : {}),
    },
  };
}
