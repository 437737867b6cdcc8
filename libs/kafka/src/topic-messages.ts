import type { Message, TopicMessages } from 'kafkajs';
import { splitByBytes } from './records';
import type { NewRecord } from './records';

/** A request of so many bytes is taken by a broker with the default `message.max.bytes` (1,048,588). */
export const REQUEST_BYTES_MAX = 900_000;
/** `acks` of everything we write. */
export const ALL_REPLICAS = -1;

/** The records as the client takes them, one request after the other. */
export function* topicMessagesOf(records: readonly NewRecord[]): Generator<TopicMessages[]> {
  for (const run of splitByBytes(records, REQUEST_BYTES_MAX)) {
    const byTopic = new Map<string, Message[]>();
    for (const record of run) {
      const messages = byTopic.get(record.topic);
      if (messages === undefined) byTopic.set(record.topic, [messageOf(record)]);
      else messages.push(messageOf(record));
    }
    yield [...byTopic].map(([topic, messages]) => ({ topic, messages }));
  }
}

/** A record as the client takes it. */
export function messageOf({ key, value, headers, timestampMs }: NewRecord): Message {
  return { key, value, headers, ...(timestampMs === undefined ? {} : { timestamp: String(timestampMs) }) };
}
