import { isUtf8 } from 'node:buffer';
import { checkCuid, INSTANT_MAX_MS } from '@tessera/tag-catalog';
import type { Guid, ProfileEntry, Rejection } from '@tessera/tag-catalog';
import { GUID_HEADER } from '../mapping/mapping-work';
import { readMappingEntries } from '../mapping/mapping-log';
import type { StreamRecord } from '../ports';

/** What a record asks for; a rejection: it goes to the dead letters; null: for nothing. */
export type ReadEntry = ProfileEntry | Rejection | null;

/** Reads the records of one topic. */
export interface EntryReader {
  /** Each record in its place. @param signal aborted when nobody waits for it any more. */
  read(records: readonly StreamRecord[], signal: AbortSignal): Promise<readonly ReadEntry[]>;
}

export function isRejection(read: ProfileEntry | Rejection): read is Rejection {
  return 'code' in read;
}

const GUID_MAX = 2 ** 32 - 2;
const GUID = /^[1-9]\d{0,9}$/;

/** Whose record it is: by its key, and the header that the mapping worker has set. */
export function readUser({ key, headers }: StreamRecord): { readonly cuid: string; readonly guid: Guid } | Rejection {
  if (key === null) return { code: 'missingKey', detail: 'the record has no key; it must be the cuid' };
  const text = headers[GUID_HEADER]?.toString('latin1') ?? '';
  const guid = GUID.test(text) ? Number(text) : 0;
  if (guid >= 1 && guid <= GUID_MAX) return { cuid: key.toString('utf8'), guid: guid as Guid };
  const detail = `the record has no header "${GUID_HEADER}" with a number from 1 to ${GUID_MAX}; messages are sent to tags.raw, and come here through the mapping worker`;
  return { code: 'invalidGuid', detail };
}

/** An instant that can be stored, whatever producers take for one; nothing is judged by it. */
function arrivalOf({ timestampMs }: StreamRecord): number {
  return Math.min(Math.max(0, timestampMs), INSTANT_MAX_MS);
}

/** Offline cuids: their users are to be known. */
export class KnownUsers implements EntryReader {
  read(records: readonly StreamRecord[]): Promise<readonly ReadEntry[]> {
    return Promise.resolve(records.map(knownOf));
  }
}

function knownOf(record: StreamRecord): ReadEntry {
  const user = readUser(record);
  if ('code' in user) return user;
  // Messages hold their cuid a second time, and it is checked there; nothing but the key says whose record this is.
  const cuid = checkCuid(user.cuid);
  if (!cuid.ok) return { code: cuid.code, detail: cuid.message };
  if (!isUtf8(record.key ?? Buffer.alloc(0)))
    return { code: 'invalidCuid', detail: 'the key of the record is not UTF-8' };
  return { offset: record.offset, ...user, arrivalMs: arrivalOf(record), content: 'known' };
}

/** The erasures of the mapping log. */
export class Erasures implements EntryReader {
  read(records: readonly StreamRecord[]): Promise<readonly ReadEntry[]> {
    return Promise.resolve(records.map(erasureOf));
  }
}

function erasureOf(record: StreamRecord): ReadEntry {
  try {
    const [entry] = readMappingEntries([record]);
    if (entry?.op !== 'erase') return null;
    const { cuid, guid } = entry;
    return { offset: record.offset, cuid, guid, arrivalMs: arrivalOf(record), content: 'erase' };
  } catch (error) {
    return { code: 'invalidEntry', detail: error instanceof Error ? error.message : String(error) };
  }
}
