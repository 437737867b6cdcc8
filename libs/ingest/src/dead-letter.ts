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
  const isCut = value !== null && value.length > VALUE_BYTES_MAX;
  return {
    topic: DEAD_TOPIC,
    key,
    value: isCut ? value.subarray(0, VALUE_BYTES_MAX) : value,
    headers: {
      ...headers,
      [HEADERS.code]: Buffer.from(code),
      [HEADERS.detail]: Buffer.from(detail),
      [HEADERS.origin]: Buffer.from(`${topic}/${partition}/${offset}`),
      [HEADERS.timestamp]: Buffer.from(String(timestampMs)),
      [HEADERS.at]: Buffer.from(String(at)),
      ...(isCut ? { [HEADERS.bytes]: Buffer.from(String(value.length)) } : {}),
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
 * @returns null if that can't be had: its value was cut, or it is no letter.
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
