import type { Guid } from '@tessera/tag-catalog';
import type { Binding, OutgoingRecord, StreamRecord } from '../ports';

/** The topic of all bindings and erasures there ever were, in order for each cuid. */
export const MAPPING_TOPIC = 'sys_cguid_mapping';

/** An entry of the mapping log: docs/formats/kafka.md. */
export type MappingEntry =
  | { readonly op: 'bind'; readonly cuid: string; readonly guid: Guid }
  /** The guid is retired; a cuid erased before it had a guid has no entry. */
  | { readonly op: 'erase'; readonly cuid: string; readonly guid: Guid };

export function bindRecord({ cuid, guid }: Binding): OutgoingRecord {
  return recordOf({ op: 'bind', cuid, guid });
}

export function eraseRecord({ cuid, guid }: Binding): OutgoingRecord {
  return recordOf({ op: 'erase', cuid, guid });
}

function recordOf(entry: MappingEntry): OutgoingRecord {
  return { topic: MAPPING_TOPIC, key: Buffer.from(entry.cuid), value: Buffer.from(JSON.stringify(entry)), headers: {} };
}

/** Says nothing about anybody; stands where somebody wanted to know that all transactions before it had ended. */
export const MAPPING_MARK = Buffer.from('{"op":"mark"}');

/** The entries among records of the log, in their order, without marks. @throws Error for a record that is neither. */
export function readMappingEntries(records: readonly StreamRecord[]): readonly MappingEntry[] {
  return records.filter(({ value }) => value?.equals(MAPPING_MARK) !== true).map(readEntry);
}

function readEntry({ offset, value }: StreamRecord): MappingEntry {
  const json: unknown = value === null ? null : JSON.parse(value.toString('utf8'));
  if (isEntry(json)) return json;
  throw new Error(`the record at offset ${offset} of ${MAPPING_TOPIC} is no entry of the mapping log`);
}

function isEntry(json: unknown): json is MappingEntry {
  if (typeof json !== 'object' || json === null) return false;
  const { op, cuid, guid } = json as { op?: unknown; cuid?: unknown; guid?: unknown };
  const isGuid = typeof guid === 'number' && Number.isInteger(guid) && guid >= 1 && guid < 2 ** 32 - 1;
  return (op === 'bind' || op === 'erase') && typeof cuid === 'string' && isGuid;
}
