import type { KafkaMessage } from 'kafkajs';
import type { ReadRecord } from './records';

/** A record of the client as ours. */
export function readRecord({ offset, timestamp, key, value, headers }: KafkaMessage): ReadRecord {
  const read: Record<string, Buffer> = {};
  for (const [name, content] of Object.entries(headers ?? {})) {
    // Of several headers with one name the last counts.
    const last = Array.isArray(content) ? content.at(-1) : content;
    if (last !== undefined) read[name] = typeof last === 'string' ? Buffer.from(last) : last;
  }
  return { offset: Number(offset), timestampMs: Number(timestamp), key, value, headers: read };
}
