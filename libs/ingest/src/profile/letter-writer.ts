import type { Rejection } from '@tessera/tag-catalog';
import { deadLetter } from '../dead-letter';
import type { AppliedBatch, LetterBox, OutcomeReceiver, StreamRecord } from '../ports';
import { sourceName } from '../topics';
import type { Origin } from '../topics';

/** A record that can't be used, and why. */
export interface RefusedRecord {
  readonly record: StreamRecord;
  readonly rejection: Rejection;
}

/** Writes dead letters: of records that can't be read, and, as a receiver, of messages that are rejected when they are applied. */
export class LetterWriter implements OutcomeReceiver {
  /** By source: offsets whose letters were written and whose positions are not settled. What is read again need not be told again. */
  readonly #written = new Map<string, Set<number>>();

  /**
   * @param now wall clock, ms.
   * @param onLetter told the code of each that is written.
   */
  constructor(
    private readonly box: LetterBox,
    private readonly now: () => number,
    private readonly onLetter: (code: string) => void,
  ) {}

  /** Resolves when they are there for good. @throws what the box throws: some may be there, and stand there twice when they are written again. */
  async write(origin: Origin, refused: readonly RefusedRecord[]): Promise<void> {
    const source = sourceName(origin);
    const before = this.#written.get(source);
    const fresh = refused.filter(({ record }) => before?.has(record.offset) !== true);
    if (fresh.length === 0) return;
    await this.box.write(fresh.map(({ record, rejection }) => deadLetter(record, origin, rejection, this.now())));
    const written = this.#written.get(source) ?? new Set();
    this.#written.set(source, written);
    for (const { record, rejection } of fresh) {
      written.add(record.offset);
      this.onLetter(rejection.code);
    }
  }

  /** Records below this offset are done. */
  settled(origin: Origin, nextOffset: number): void {
    const written = this.#written.get(sourceName(origin));
    if (written === undefined) return;
    for (const offset of written) if (offset < nextOffset) written.delete(offset);
    if (written.size === 0) this.#written.delete(sourceName(origin));
  }

  take({ origin, records, outcomes }: AppliedBatch): Promise<void> {
    const refused = outcomes.flatMap(({ verdict }, place) => {
      const record = records[place];
      return typeof verdict === 'string' || record === undefined ? [] : [{ record, rejection: verdict }];
    });
    return this.write(origin, refused);
  }
}
