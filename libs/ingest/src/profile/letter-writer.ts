import type { Rejection } from '@tessera/tag-catalog';
import { deadLetter } from '../dead-letter';
import type { AppliedBatch, LetterBox, OutcomeReceiver, StreamRecord } from '../ports';
import type { Origin } from '../topics';

/** A record that can't be used, and why. */
export interface RefusedRecord {
  readonly record: StreamRecord;
  readonly rejection: Rejection;
}

/** Writes dead letters: of records that can't be read, and, as a receiver, of messages that are rejected when they are applied. */
export class LetterWriter implements OutcomeReceiver {
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
    if (refused.length === 0) return;
    await this.box.write(refused.map(({ record, rejection }) => deadLetter(record, origin, rejection, this.now())));
    for (const { rejection } of refused) this.onLetter(rejection.code);
  }

  take({ origin, records, outcomes }: AppliedBatch): Promise<void> {
    const refused = outcomes.flatMap(({ verdict }, place) => {
      const record = records[place];
      return typeof verdict === 'string' || record === undefined ? [] : [{ record, rejection: verdict }];
    });
    return this.write(origin, refused);
  }
}
