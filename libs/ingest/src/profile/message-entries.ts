import { setTimeout as sleep } from 'node:timers/promises';
import { parseJsonBytes } from '@tessera/platform';
import { parseMessage, parseOrDeclare, StoreUnavailableError } from '@tessera/tag-catalog';
import type { CatalogStore, MessageOptions, ParsedMessage, ProfileEntry, Rejection } from '@tessera/tag-catalog';
import { timestampProblem } from '../envelope/timestamp-problem';
import type { StreamRecord } from '../ports';
import { readUser } from './read-entries';
import type { EntryReader, ReadEntry } from './read-entries';

export interface MessageEntriesOptions {
  readonly catalogStore: CatalogStore;
  readonly messages: MessageOptions;
  /** Wall clock, ms. */
  readonly now: () => number;
}

/** What a newer catalogue may know. */
const CURABLE: ReadonlySet<string> = new Set(['unknownType', 'unknownField', 'notListed']);
const CATALOG_MS = 1_000;

/** A record on its way to an entry. */
interface Reading {
  readonly record: StreamRecord;
  readonly user: Pick<ProfileEntry, 'cuid' | 'guid'>;
  readonly json: unknown;
  parsed: ParsedMessage;
}

/**
 * Messages of one type, checked as over HTTP; the record's timestamp stands for the time of arrival, so that every delivery is checked alike. A message is not
 * refused for what a newer catalogue may know before the newest one was asked for; while that can't be had, it waits.
 */
export class MessageEntries implements EntryReader {
  constructor(
    private readonly type: string,
    private readonly options: MessageEntriesOptions,
  ) {}

  async read(records: readonly StreamRecord[], signal: AbortSignal): Promise<readonly ReadEntry[]> {
    const { catalogStore } = this.options;
    const readings = await this.#insist(signal, () => Promise.resolve(records.map((record) => this.#read(record))));
    const curable = readings.filter(isReading).filter(({ parsed }) => isCurable(parsed));
    if (curable.length > 0) {
      await this.#insist(signal, async () => catalogStore.refresh?.());
      for (const reading of curable) reading.parsed = this.#parse(reading.json, reading.record);
    }
    const entries: ReadEntry[] = [];
    for (const reading of readings) {
      entries.push(isReading(reading) ? await this.#insist(signal, () => this.#entryOf(reading)) : reading);
    }
    return entries;
  }

  #read(record: StreamRecord): Reading | Rejection {
    const user = readUser(record);
    if ('code' in user) return user;
    const problem = timestampProblem(record.timestampMs, this.options.now(), this.options.messages);
    if (problem !== null) return problem;
    if (record.value === null) return { code: 'emptyValue', detail: 'the record has no value (a tombstone)' };
    const json = parseJsonBytes(record.value);
    if (!json.ok) return { code: json.code, detail: `the message is not JSON: ${json.message}` };
    return { record, user, json: json.value, parsed: this.#parse(json.value, record) };
  }

  #parse(json: unknown, { timestampMs }: StreamRecord): ParsedMessage {
    return parseMessage(this.options.catalogStore.current(), json, timestampMs, this.options.messages);
  }

  async #entryOf({ record, user, json, parsed: first }: Reading): Promise<ReadEntry> {
    const { catalogStore, messages } = this.options;
    const { offset, timestampMs } = record;
    const parsed =
      first.kind === 'undeclared' ? await parseOrDeclare(catalogStore, json, timestampMs, messages) : first;
    if (parsed.kind === 'rejected') return parsed.rejection;
    const { message } = parsed;
    if (message.cuid === user.cuid && message.type.name === this.type) {
      return { offset, ...user, arrivalMs: timestampMs, content: message };
    }
    const detail = `the message says it is of "${message.type.name}" and cuid "${message.cuid}", but its topic or its key say otherwise; has it the key "header" twice?`;
    return { code: 'keyDiffers', detail };
  }

  /** Waits for a catalogue that can't be had now. @throws what else the work throws, or that nobody waits any more. */
  async #insist<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (;;) {
      signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        await sleep(CATALOG_MS, undefined, { signal });
      }
    }
  }
}

function isReading(read: Reading | Rejection): read is Reading {
  return 'parsed' in read;
}

function isCurable(parsed: ParsedMessage): boolean {
  return parsed.kind === 'rejected' && CURABLE.has(parsed.rejection.code);
}
