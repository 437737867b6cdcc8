import { isUtf8 } from 'node:buffer';
import { checkCuid } from '@tessera/tag-catalog';
import { headerBytesOf } from '../header-bytes';
import type { StreamRecord } from '../ports';
import { findHeader } from './find-header';

/** What a message's header says of where it belongs. */
export interface Envelope {
  readonly kind: 'envelope';
  readonly type: string;
  readonly cuid: string;
}

/** Why a record goes to the dead letters. */
export interface Fault {
  readonly kind: 'fault';
  readonly code: FaultCode;
  readonly detail: string;
}

/** docs/messages.md explains each. */
export type FaultCode =
  | 'emptyValue'
  | 'missingKey'
  | 'invalidMessage'
  | 'invalidHeader'
  | 'invalidType'
  | 'invalidCuid'
  | 'keyDiffers'
  | 'unknownType'
  | 'reservedType'
  | 'tooLarge';

export function fault(code: FaultCode, detail: string): Fault {
  return { kind: 'fault', code, detail };
}

/** Of the message and the headers of its record: with what the workers add it fits into a record of the default `message.max.bytes` (1,048,588). */
export const MESSAGE_BYTES_MAX = 1_000_000;

/** Reads the header and nothing else of a record of `tags.raw`. */
export function readEnvelope({ key, value, headers }: StreamRecord, cuidPattern: RegExp | null): Envelope | Fault {
  if (value === null)
    return fault('emptyValue', 'the record has no value (a tombstone); to erase a user send sys_erase');
  if (key === null)
    return fault('missingKey', 'the record has no key; it must be the cuid, or messages of one user lose their order');
  const bytes = value.length + headerBytesOf(headers);
  if (bytes > MESSAGE_BYTES_MAX) {
    return fault(
      'tooLarge',
      `the message has ${bytes} bytes with the headers of its record, more than ${MESSAGE_BYTES_MAX}; send fewer fields at a time`,
    );
  }
  const header = readHeader(value);
  if (header.kind === 'fault') return header;
  const { type, cuid } = header.json;
  if (typeof type !== 'string' || type === '')
    return fault('invalidType', 'header.type must be the name of a tag type');
  const checked = cuidPattern === null ? checkCuid(cuid) : checkCuid(cuid, cuidPattern);
  if (!checked.ok) return fault(checked.code, checked.message);
  if (!key.equals(Buffer.from(checked.cuid))) {
    return fault('keyDiffers', 'the key of the record is not header.cuid; messages of one user would lose their order');
  }
  return { kind: 'envelope', type, cuid: checked.cuid };
}

function readHeader(
  value: Buffer,
): { readonly kind: 'header'; readonly json: { readonly type?: unknown; readonly cuid?: unknown } } | Fault {
  const span = findHeader(value);
  if (span === null) return fault('invalidMessage', 'the value is not a JSON object with the key "header"');
  const bytes = value.subarray(span.start, span.end);
  if (!isUtf8(bytes)) return fault('invalidHeader', 'the header is not UTF-8');
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { kind: 'header', json };
  } catch {
    // As any other header that is none.
  }
  return fault('invalidHeader', 'header must be an object {"type", "cuid", "time"?, "id"?}');
}
