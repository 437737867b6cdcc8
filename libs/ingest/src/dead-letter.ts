import { headerBytesOf } from './header-bytes';
import type { OutgoingRecord, StreamRecord } from './ports';
import type { Origin } from './topics';

/** Of the topic of dead letters. */
export const DEAD_TOPIC = 'tags.dead';
/** A longer value or key is cut, larger headers are left out: the letter itself must get through. */
const VALUE_BYTES_MAX = 512 * 1024;
const KEY_BYTES_MAX = 1024;
const HEADER_BYTES_MAX = 256 * 1024;

const HEADERS = {
  code: 'dead.code',
  detail: 'dead.detail',
  origin: 'dead.origin',
  timestamp: 'dead.timestamp',
  at: 'dead.at',
  bytes: 'dead.bytes',
} as const;

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
  const bytes = value?.length ?? 0;
  const hasLargeHeaders = headerBytesOf(headers) > HEADER_BYTES_MAX;
  const isCut = bytes > VALUE_BYTES_MAX || (key?.length ?? 0) > KEY_BYTES_MAX || hasLargeHeaders;
  return {
    topic: DEAD_TOPIC,
    key: key?.subarray(0, KEY_BYTES_MAX) ?? null,
    value: value?.subarray(0, VALUE_BYTES_MAX) ?? null,
    headers: {
      ...(hasLargeHeaders ? {} : headers),
      [HEADERS.code]: Buffer.from(code),
      [HEADERS.detail]: Buffer.from(detail),
      [HEADERS.origin]: Buffer.from(`${topic}/${partition}/${offset}`),
      [HEADERS.timestamp]: Buffer.from(String(timestampMs)),
      [HEADERS.at]: Buffer.from(String(at)),
      ...(isCut ? { [HEADERS.bytes]: Buffer.from(String(bytes)) } : {}),
    },
  };
}

/** Why a letter is one; `unknown` if it does not say. */
export function codeOfLetter({ headers }: StreamRecord): string {
  return headers[HEADERS.code]?.toString() ?? 'unknown';
}

/** The record that a letter is about: `<topic>/<Kafka partition>/<offset>`. Empty if it does not say. */
export function originOfLetter({ headers }: StreamRecord): string {
  return headers[HEADERS.origin]?.toString() ?? '';
}

/**
 * The record that a letter was made of, for the topic where it was read, with its time.
 * @returns null if that can't be had: it was cut, or it is no letter.
 */
export function recordOfLetter(letter: StreamRecord): OutgoingRecord | null {
  const { key, value, headers } = letter;
  const topic = /^(.+)\/\d+\/\d+$/.exec(originOfLetter(letter))?.[1];
  const timestampMs = Number(headers[HEADERS.timestamp]?.toString());
  if (topic === undefined || !Number.isSafeInteger(timestampMs) || headers[HEADERS.bytes] !== undefined) return null;
  const own = new Set<string>(Object.values(HEADERS));
  const before = Object.entries(headers).filter(([name]) => !own.has(name));
  return { topic, key, value, headers: Object.fromEntries(before), timestampMs };
}
