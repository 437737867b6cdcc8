import { parseJsonBytes } from '@tessera/platform';
import { parseMessage, parseOrDeclare } from '@tessera/tag-catalog';
import { StoreUnavailableError } from '@tessera/tag-catalog';
import type {
  CatalogStore,
  MessageOptions,
  Rejection,
  SourceProgress,
  TagMessage,
  TagStore,
} from '@tessera/tag-catalog';
import { deadLetter } from '../dead-letter';
import type { Origin } from '../topics';
import type { Envelope } from '../envelope/read-envelope';
import { readEnvelopes } from '../envelope/read-envelopes';
import { timestampProblem } from '../envelope/timestamp-problem';
import type { LetterBox, StreamRecord, TagTypes } from '../ports';
import { ERASE_TYPE, OFFLINE_TYPE } from '../topics';
import { applyRun, checksumOf } from './raw-run';
import type { RunItem } from './raw-run';

export interface AppliedRecords {
  readonly records: number;
  /** The least timestamp among them, ms. */
  readonly oldestMs: number;
}

/** Told of what is done, for metrics. */
export interface RawObserver {
  /** What these records asked for is durable, and visible to every question asked from now on. They were given to the store in one go. */
  applied(applied: AppliedRecords): void;
  verdict(verdict: 'accepted' | 'stale' | 'duplicate'): void;
  /** A dead letter was written. */
  letter(code: string): void;
}

export interface RawOptions {
  readonly store: TagStore;
  readonly catalogStore: CatalogStore;
  readonly types: TagTypes;
  readonly letters: LetterBox;
  readonly messages: MessageOptions;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly observer: RawObserver;
}

/** At the stored position stands another record than the one that was applied there. */
export class TopicMadeAnewError extends Error {
  override readonly name = 'TopicMadeAnewError';
}

/** Records on their way to the store together. */
interface Run {
  readonly items: RunItem[];
  readonly refused: Refusal[];
  last: StreamRecord | null;
}

interface Refusal {
  readonly record: StreamRecord;
  readonly rejection: Rejection;
}

function emptyRun(): Run {
  return { items: [], refused: [], last: null };
}

/**
 * Applies the records of one partition of `tags.raw` to the store, in order: messages, users to be made known, erasures. What can't be used goes to the dead
 * letters. The position moves with what was applied, in one log record; letters are written before it.
 */
export class RawWork {
  #run = emptyRun();

  /** @param source the name under which the store keeps the position. */
  constructor(
    private readonly origin: Origin,
    private readonly source: string,
    private readonly options: RawOptions,
  ) {}

  /** Reading begins with the last record applied, to see that it is the one, or with the first one whose refusal nobody may have been told of. */
  begin(): Promise<{ readonly from: number; readonly firstNew: number } | null> {
    const progress = this.options.store.progressOf(this.source);
    if (progress === null) return Promise.resolve(null);
    const { position, refused } = progress;
    return Promise.resolve({ from: Math.min(position, refused[0]?.position ?? position), firstNew: position + 1 });
  }

  /** @throws StoreUnavailableError, TopicMadeAnewError, and what writing letters fails with: give it the same records again. */
  async process(records: readonly StreamRecord[], signal: AbortSignal): Promise<void> {
    this.#run = emptyRun();
    const fresh = await this.#passOver(records);
    const { types, messages } = this.options;
    const envelopes = await unlessAborted(readEnvelopes(fresh, types, messages.cuidPattern ?? null), signal);
    for (const [place, record] of fresh.entries()) {
      signal.throwIfAborted();
      const envelope = envelopes[place];
      if (envelope === undefined) continue;
      if (envelope.kind === 'fault') this.#refuse(record, envelope);
      else if (envelope.type === ERASE_TYPE) await this.#add({ kind: 'erase', record, cuid: envelope.cuid });
      else if (envelope.type === OFFLINE_TYPE) await this.#add({ kind: 'bind', record, cuid: envelope.cuid });
      else await this.#take(record, envelope);
    }
    await this.#finishRun();
  }

  /** Those that were not applied before. Letters of those that were applied and refused may not have been written. */
  async #passOver(records: readonly StreamRecord[]): Promise<readonly StreamRecord[]> {
    const progress = this.options.store.progressOf(this.source);
    if (progress === null) return records;
    const applied = records.filter(({ offset }) => offset <= progress.position);
    this.#demandSame(applied.at(-1), progress);
    const refused = applied.flatMap((record) => {
      const rejection = progress.refused.find(({ position }) => position === record.offset);
      return rejection === undefined ? [] : [{ record, rejection }];
    });
    await this.#send(refused);
    return records.filter(({ offset }) => offset > progress.position);
  }

  #demandSame(record: StreamRecord | undefined, { position, mark }: SourceProgress): void {
    if (record?.offset !== position || mark === undefined || mark === checksumOf(record)) return;
    const { topic, partition } = this.origin;
    throw new TopicMadeAnewError(
      `At offset ${position} of Kafka partition ${partition} of ${topic} stands another record than the one that was applied: the topic was made anew.`,
    );
  }

  async #take(record: StreamRecord, envelope: Envelope): Promise<void> {
    const taken = await this.#read(record, envelope).catch(refusalOf);
    if ('code' in taken) this.#refuse(record, taken);
    else await this.#add({ kind: 'message', record, message: taken });
  }

  /** Checked as over HTTP; the record's timestamp stands for the time of arrival, so that every delivery is checked alike. */
  async #read(record: StreamRecord, { cuid, type }: Envelope): Promise<TagMessage | Rejection> {
    const { catalogStore, messages, now } = this.options;
    const { timestampMs, value } = record;
    const problem = timestampProblem(timestampMs, now(), messages);
    if (problem !== null) return problem;
    const json = parseJsonBytes(value ?? Buffer.alloc(0));
    if (!json.ok) return { code: json.code, detail: `the message is not JSON: ${json.message}` };
    const first = parseMessage(catalogStore.current(), json.value, timestampMs, messages);
    const parsed =
      first.kind === 'undeclared' ? await parseOrDeclare(catalogStore, json.value, timestampMs, messages) : first;
    if (parsed.kind === 'rejected') return parsed.rejection;
    const { message } = parsed;
    if (message.cuid === cuid && message.type.name === type) return message;
    return { code: 'keyDiffers', detail: 'the message has the key "header" twice, with another type or cuid in each' };
  }

  /** Runs are of one kind, an erasure is one by itself: in message order, what stands before it is erased with the user. */
  async #add(item: RunItem): Promise<void> {
    const [first] = this.#run.items;
    if (first !== undefined && (first.kind !== item.kind || item.kind === 'erase')) await this.#finishRun();
    this.#run.items.push(item);
    this.#run.last = item.record;
  }

  #refuse(record: StreamRecord, rejection: Rejection): void {
    this.#run.refused.push({ record, rejection });
    this.#run.last = record;
  }

  /** Letters first: a position never moves past a record whose letter is not written. */
  async #finishRun(): Promise<void> {
    const { items, refused, last } = this.#run;
    this.#run = emptyRun();
    if (last === null) return;
    const { store, observer, now } = this.options;
    await this.#send(refused);
    const giveUp = (record: StreamRecord, rejection: Rejection): Promise<void> => this.#send([{ record, rejection }]);
    const results = await applyRun({ store, source: this.source, now, giveUp }, items, last);
    if (items.length > 0) {
      const oldestMs = items.reduce((least, { record }) => Math.min(least, record.timestampMs), Infinity);
      observer.applied({ records: items.length, oldestMs });
    }
    const refusedByStore: Refusal[] = [];
    for (const { record, verdict } of results) {
      if (typeof verdict === 'object') refusedByStore.push({ record, rejection: verdict });
      else observer.verdict(verdict);
    }
    // Whoever dies here finds them in the progress of the source.
    await this.#send(refusedByStore);
  }

  async #send(refused: readonly Refusal[]): Promise<void> {
    if (refused.length === 0) return;
    const { letters, observer, now } = this.options;
    await letters.write(refused.map(({ record, rejection }) => deadLetter(record, this.origin, rejection, now())));
    for (const { rejection } of refused) observer.letter(rejection.code);
  }
}

/** One message that breaks its reader must not hold up the others. */
function refusalOf(error: unknown): Rejection {
  if (error instanceof StoreUnavailableError) throw error;
  return { code: 'notApplied', detail: `reading it failed: ${error instanceof Error ? error.message : String(error)}` };
}

/** Whatever comes of the work then, nobody looks at it. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new Error('nobody waits for it any more'));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
