import type { OnlineProfiles, ProfileEntry, ProfileLane, SourceExtent } from '@tessera/tag-catalog';
import type { DurableReceiver, Opening, OutcomeReceiver, StreamRecord } from '../ports';
import { sourceName } from '../topics';
import type { Origin } from '../topics';
import type { LetterWriter, RefusedRecord } from './letter-writer';
import { isRejection } from './read-entries';
import type { EntryReader } from './read-entries';

export interface ProfileWorkOptions {
  readonly profiles: OnlineProfiles;
  readonly letters: LetterWriter;
  /** Given what became of each batch, one after the other. */
  readonly receivers: readonly OutcomeReceiver[];
  /** The tag store; null: there is none. Told after the others. */
  readonly tagStore: DurableReceiver | null;
}

/**
 * What is done with the records of one Kafka partition: each is read, what can't be used goes to the dead letters, the others are applied to the
 * profiles, and the receivers are told what became of them. A failure ends it; new work goes on from where the profiles are.
 */
export class ProfileWork {
  #lane: ProfileLane | null = null;
  /** Of the tag store. */
  #opening: Opening | null = null;
  #through = -1;
  /** What the tag store has made durable, as it said last. */
  #durable = 0;
  #hasEnded = false;

  constructor(
    private readonly origin: Origin,
    private readonly entries: EntryReader,
    private readonly options: ProfileWorkOptions,
  ) {}

  /** @returns the offset to read from. @throws ProfilesUnavailableError, and what the tag store fails with. */
  async begin(extent: SourceExtent): Promise<number> {
    const { profiles, tagStore } = this.options;
    // What the tag store lacks it is told again, as it stands now: after a crash, and when it is new or was restored.
    const opening = tagStore === null ? null : await tagStore.open(this.origin);
    this.#opening = opening;
    const committed = Math.min(extent.committed, opening?.next ?? extent.committed);
    this.#lane = await profiles.openLane(sourceName(this.origin), { ...extent, committed });
    if (opening !== null) tagStore?.begin(opening, this.#lane.position);
    this.#through = this.#lane.position - 1;
    return this.#lane.position;
  }

  /** @throws ProfilesUnavailableError, and what letters and receivers fail with. */
  async process(records: readonly StreamRecord[], signal: AbortSignal): Promise<void> {
    const read = await this.entries.read(records, signal);
    const refused: RefusedRecord[] = [];
    const entries: ProfileEntry[] = [];
    const used: StreamRecord[] = [];
    records.forEach((record, place) => {
      const one = read[place] ?? null;
      if (one === null) return;
      if (isRejection(one)) {
        refused.push({ record, rejection: one });
      } else {
        entries.push(one);
        used.push(record);
      }
    });
    // Letters first. Once the profiles are past a record, nobody could tell whether it was one that was refused: read again, by a newer catalogue, it might be
    // good, and would be taken for applied.
    await this.options.letters.write(this.origin, refused);
    const through = records.at(-1)?.offset ?? this.#through;
    // Said before it is done: `settle` may be called meanwhile.
    this.#through = through;
    const outcomes = await this.#open().apply(entries, through);
    const applied = { origin: this.origin, entries, records: used, outcomes };
    for (const receiver of this.options.receivers) await receiver.take(applied, signal);
    if (this.#opening !== null) await this.options.tagStore?.take(applied, this.#opening, signal);
  }

  /**
   * Everything below this offset is done; later records may be under way.
   * @returns everything below this one is durable. @throws ProfilesUnavailableError, and what the tag store fails with.
   */
  async settle(nextOffset: number): Promise<number> {
    const lane = this.#open();
    // Marks of transactions: the position is committed behind them, so the profiles must be there too.
    if (nextOffset - 1 > this.#through) {
      this.#through = nextOffset - 1;
      await lane.apply([], this.#through);
    }
    await lane.settle();
    const { tagStore, letters } = this.options;
    if (tagStore === null || this.#opening === null) this.#durable = nextOffset;
    // Once this has ended, the source may have begun anew further back.
    else if (!this.#hasEnded) this.#durable = tagStore.settle(this.#opening, nextOffset);
    letters.settled(this.origin, this.#durable);
    return this.#durable;
  }

  /** Nobody waits for its records any more. */
  end(): void {
    this.#hasEnded = true;
    if (this.#opening !== null) this.options.tagStore?.leave(this.#opening);
  }

  #open(): ProfileLane {
    if (this.#lane === null) throw new Error('begin comes first');
    return this.#lane;
  }
}
