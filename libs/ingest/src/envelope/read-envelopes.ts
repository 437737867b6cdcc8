import type { StreamRecord, TagTypes } from '../ports';
import { ERASE_TYPE, OFFLINE_TYPE } from '../topics';
import { fault, readEnvelope } from './read-envelope';
import type { Envelope, Fault } from './read-envelope';

const RESERVED = 'sys_';

/** Of each record of `tags.raw`, in order. Types that nobody knows are waited for together: each may take seconds. */
export async function readEnvelopes(
  records: readonly StreamRecord[],
  types: TagTypes,
  cuidPattern: RegExp | null,
): Promise<readonly (Envelope | Fault)[]> {
  const envelopes = records.map((record) => readEnvelope(record, cuidPattern));
  const names = new Set(envelopes.flatMap((one) => (one.kind === 'fault' || isReserved(one.type) ? [] : [one.type])));
  const known = new Map(await Promise.all([...names].map(async (name) => [name, await types.has(name)] as const)));
  return envelopes.map((one) => (one.kind === 'fault' ? one : checkType(one, known.get(one.type) ?? false)));
}

function isReserved(type: string): boolean {
  return type.startsWith(RESERVED);
}

function checkType(envelope: Envelope, isKnown: boolean): Envelope | Fault {
  const { type } = envelope;
  if (isKnown || type === OFFLINE_TYPE || type === ERASE_TYPE) return envelope;
  if (isReserved(type)) return fault('reservedType', `types beginning "${RESERVED}" belong to the system`);
  return fault('unknownType', 'there is no such tag type; declare it with POST /v1/tag-types and replay the message');
}
