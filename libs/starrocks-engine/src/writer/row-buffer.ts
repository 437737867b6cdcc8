import type {
  FieldState,
  FieldWrite,
  Guid,
  ProfileEntry,
  ProfileOutcome,
  TagMessage,
  TagTypeDefinition,
} from '@tessera/tag-catalog';
import { tableOf } from '../schema/names';
import { rowOf } from './row-number';

/** A record's place. */
export interface WriterOrigin {
  readonly topic: string;
  readonly partition: number;
}

/** Entries of one source, and what became of each (`AppliedBatch` of libs/ingest). */
export interface WriterBatch<R> {
  readonly origin: WriterOrigin;
  readonly entries: readonly ProfileEntry[];
  readonly records: readonly R[];
  readonly outcomes: readonly ProfileOutcome[];
}

/** Fields of a user that are to be written, the newest state of each. */
export interface PendingUser<R> {
  readonly fields: Map<number, FieldState>;
  /** Of the last entry. */
  offset: number;
  readonly records: R[];
}

export interface PendingEvent<R> {
  readonly guid: Guid;
  readonly timeMs: number;
  readonly row: bigint;
  readonly fields: readonly FieldWrite[];
  readonly record: R;
}

/** What is to be written to the table of one tag type. */
export interface PendingTable<R> {
  type: TagTypeDefinition;
  readonly users: Map<Guid, PendingUser<R>>;
  readonly events: PendingEvent<R>[];
}

/** Bytes that an entry takes beside its record, about. */
const ENTRY_BYTES = 200;

/** What is to be written of one source, and was not begun to be. */
export class RowBuffer<R> {
  /** By name. */
  readonly tables = new Map<string, PendingTable<R>>();
  /** Users who may be new, with their cuids. */
  readonly users = new Map<Guid, { readonly cuid: string; readonly record: R }>();
  /** Guids that were found to be erased when something came for them: rows of theirs may stand in these tables. */
  readonly retired = new Map<Guid, Set<string>>();
  /** Guids erased by this source: of the mapping log. */
  readonly erased = new Set<Guid>();
  /** All of whom rows are written, with their cuids. */
  readonly touched = new Map<Guid, string>();
  /** Since the buffer was empty. */
  rows = 0;
  bytes = 0;

  /** @param isKnown users who need no row of their own any more. */
  constructor(
    private readonly isKnown: (guid: Guid) => boolean,
    private readonly bytesOf: (record: R) => number,
  ) {}

  get isEmpty(): boolean {
    return this.rows === 0;
  }

  add({ origin, entries, records, outcomes }: WriterBatch<R>): void {
    entries.forEach((entry, place) => {
      const [outcome, record] = [outcomes[place], records[place]];
      if (outcome === undefined || record === undefined) throw new RangeError('each entry has an outcome and a record');
      this.#take(origin, entry, outcome, record);
    });
  }

  #take({ partition }: WriterOrigin, entry: ProfileEntry, outcome: ProfileOutcome, record: R): void {
    const { guid, content, offset } = entry;
    const { verdict } = outcome;
    if (verdict === 'retired') {
      this.#retire(guid, content);
    } else if (verdict === 'accepted' || verdict === 'repeated' || verdict === 'stale') {
      if (content === 'erase') {
        this.erased.add(guid);
      } else {
        const isWritten = this.#know(entry, record);
        if (content === 'known') {
          if (!isWritten) return;
        } else if (content.type.kind !== 'event') {
          if (!this.#keep(entry, content, outcome.fields, record) && !isWritten) return;
        } else if (verdict !== 'stale') {
          const { timeMs, fields } = content;
          this.#table(content.type).events.push({ guid, timeMs, row: rowOf(partition, offset), fields, record });
        }
        this.touched.set(guid, entry.cuid);
      }
    } else {
      return;
    }
    this.rows++;
    this.bytes += ENTRY_BYTES + this.bytesOf(record);
  }

  /** @returns whether the user is written. */
  #know({ guid, cuid }: ProfileEntry, record: R): boolean {
    if (this.isKnown(guid)) return false;
    this.users.set(guid, { cuid, record });
    return true;
  }

  /** @returns whether there is anything to be written. */
  #keep({ guid, offset }: ProfileEntry, { type }: TagMessage, states: readonly FieldState[], record: R): boolean {
    if (states.length === 0) return false;
    const { users } = this.#table(type);
    let user = users.get(guid);
    if (user === undefined) {
      user = { fields: new Map(), offset, records: [] };
      users.set(guid, user);
    }
    user.offset = offset;
    for (const state of states) user.fields.set(state.field.id, state);
    user.records.push(record);
    return true;
  }

  /** What came for the guid before is not written any more, and what may have been is taken away. */
  #retire(guid: Guid, content: ProfileEntry['content']): void {
    const tables = this.retired.get(guid) ?? new Set<string>();
    this.retired.set(guid, tables);
    if (typeof content !== 'string') tables.add(tableOf(content.type));
  }

  #table(type: TagTypeDefinition): PendingTable<R> {
    const name = tableOf(type);
    let table = this.tables.get(name);
    if (table === undefined) {
      table = { type, users: new Map(), events: [] };
      this.tables.set(name, table);
    }
    if (type.version > table.type.version) table.type = type;
    return table;
  }
}
