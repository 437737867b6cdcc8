import type { Guid } from '@tessera/tag-catalog';
import { deadLetter } from '../dead-letter';
import type { Origin } from '../topics';
import type { Envelope } from '../envelope/read-envelope';
import { readEnvelopes } from '../envelope/read-envelopes';
import type { Binding, OutgoingRecord, Resolver, StreamRecord, TagTypes } from '../ports';
import { bindRecord, eraseRecord } from './mapping-log';
import { ERASE_TYPE, topicOfType } from '../topics';

/** The Kafka header that a stamped message carries beside its own. One alone: kafkajs takes longer over each than everything else here does. */
export const GUID_HEADER = 'guid';

export interface MappingOptions {
  readonly resolver: Resolver;
  readonly types: TagTypes;
  readonly cuidPattern: RegExp | null;
  /** Wall clock, ms. */
  readonly now: () => number;
  /** Told the code of each dead letter. */
  readonly onDeadLetter: (code: string) => void;
}

interface Letter {
  readonly record: StreamRecord;
  readonly envelope: Envelope;
}

/**
 * What the mapping worker does with the records of one partition of `tags.raw`: stamps each message with its user's guid and sends it on
 * to the topic of its type, its bytes untouched. New bindings are written to the mapping log in the same transaction, in front of the messages.
 */
export class MappingWork {
  /** Bindings that were written to the log in the open transaction. */
  readonly #written = new Map<string, Guid>();
  readonly #erased = new Map<string, Guid[]>();

  constructor(
    private readonly origin: Origin,
    private readonly options: MappingOptions,
  ) {}

  /** The partition is taken over: somebody else may have unbound its cuids meanwhile. */
  async begin(): Promise<void> {
    await this.options.resolver.refresh();
  }

  async process(records: readonly StreamRecord[]): Promise<readonly OutgoingRecord[]> {
    const out: OutgoingRecord[] = [];
    let run: Letter[] = [];
    const envelopes = await readEnvelopes(records, this.options.types, this.options.cuidPattern);
    for (const [place, envelope] of envelopes.entries()) {
      const record = records[place];
      if (record === undefined) continue;
      if (envelope.kind === 'fault') {
        out.push(deadLetter(record, this.origin, envelope, this.options.now()));
        this.options.onDeadLetter(envelope.code);
      } else if (envelope.type === ERASE_TYPE) {
        // In message order: those before it still belong to the guid that it retires.
        out.push(...(await this.#stamp(run)));
        run = [];
        out.push(...(await this.#erase(envelope.cuid)));
      } else {
        run.push({ record, envelope });
      }
    }
    out.push(...(await this.#stamp(run)));
    return out;
  }

  async beforeCommit(): Promise<void> {
    if (this.#written.size > 0 && !(await this.options.resolver.holds(this.#bindings()))) {
      throw new Error('The mapping store has lost bindings that are about to be used; they are made again.');
    }
  }

  async afterCommit(): Promise<void> {
    const [bindings, erased] = [this.#bindings(), [...this.#erased]];
    this.abandon();
    if (bindings.length > 0) await this.options.resolver.confirm(bindings);
    for (const [cuid, guids] of erased) await this.options.resolver.confirmErased(cuid, guids);
  }

  abandon(): void {
    this.#written.clear();
    this.#erased.clear();
  }

  #bindings(): Binding[] {
    return [...this.#written].map(([cuid, guid]) => ({ cuid, guid }));
  }

  /** Bindings in front, then the messages in their order. */
  async #stamp(letters: readonly Letter[]): Promise<readonly OutgoingRecord[]> {
    if (letters.length === 0) return [];
    const known = letters.map(({ envelope }) => this.#written.get(envelope.cuid));
    const asked = letters.filter((_, place) => known[place] === undefined).map(({ envelope }) => envelope.cuid);
    const { guids, unlogged } = await this.options.resolver.resolve(asked);
    for (const { cuid, guid } of unlogged) this.#written.set(cuid, guid);
    let next = 0;
    const stamped = letters.map((letter, place) => this.#stamped(letter, known[place] ?? guids[next++]));
    return [...unlogged.map(bindRecord), ...stamped];
  }

  #stamped({ record, envelope }: Letter, guid: number | undefined): OutgoingRecord {
    const { key, value, headers, timestampMs } = record;
    return {
      topic: topicOfType(envelope.type),
      key,
      value,
      timestampMs,
      headers: { ...headers, [GUID_HEADER]: Buffer.from(String(guid)) },
    };
  }

  async #erase(cuid: string): Promise<readonly OutgoingRecord[]> {
    const guids = await this.options.resolver.unbind(cuid);
    this.#written.delete(cuid);
    const before = this.#erased.get(cuid) ?? [];
    const fresh = guids.filter((guid) => !before.includes(guid));
    if (guids.length > 0) this.#erased.set(cuid, [...guids]);
    return fresh.map((guid) => eraseRecord({ cuid, guid }));
  }
}
