import type { FieldDefinition } from './catalog';
import type { Guid } from './identity';
import type { Rejection, TagMessage } from './message';
import { StoreUnavailableError } from './tag-store';
import type { TagValue } from './value-type';

/** One record of a source for the online profiles. */
export interface ProfileEntry {
  /** In the source; ascending within a lane. */
  readonly offset: number;
  readonly cuid: string;
  /** The number that the record is stamped with; of an erasure the one that it retires. */
  readonly guid: Guid;
  /** When the message arrived, ms: the record's timestamp, the same whenever it is delivered. */
  readonly arrivalMs: number;
  /** A message; `known`: the user is to be known, no more (an offline cuid); `erase`: the guid is retired. */
  readonly content: TagMessage | 'known' | 'erase';
}

/** A field of a user as it stands. */
export interface FieldState {
  readonly field: FieldDefinition;
  /** Null: cleared. */
  readonly value: TagValue | null;
  /** Time of the last plain write or clear, ms; null: only increments were made. */
  readonly timeMs: number | null;
}

/**
 * What became of an entry, and what the tag store is given for it.
 *
 * | verdict | | fields |
 * |---|---|---|
 * | `accepted` | a field won; of an event: its row is to be stored; the erasure or the known user holds | those that won, as they then stood |
 * | `stale` | no field won; the user is known all the same | none |
 * | `repeated` | delivered again, and neither `duplicate` nor rejected then: accepted or stale. The row of an event is to be stored again | each of its fields as it stands now |
 * | `duplicate` | its id is remembered of another message | none |
 * | `retired` | the guid was erased: the message is dropped | none |
 * | a rejection | an operator takes a field out of its range; nothing was done | none |
 */
export interface ProfileOutcome {
  readonly verdict: 'accepted' | 'stale' | 'repeated' | 'duplicate' | 'retired' | Rejection;
  readonly fields: readonly FieldState[];
}

/** Of each source, by its name, the next offset. */
export type SourceOffsets = ReadonlyMap<string, number>;

/** How far a source reaches, and how far it has been used. */
export interface SourceExtent {
  /** From here on it is to be read, as far as the tag store is concerned; 0 if nothing was ever committed. */
  readonly committed: number;
  /** The earliest offset that it still holds. */
  readonly first: number;
  /** The offset that its next record will get. To be asked for last. */
  readonly end: number;
}

/**
 * Applies the entries of one source (a Kafka partition of a topic) in their order. Once a call has failed, so does every other one: open the lane anew.
 */
export interface ProfileLane {
  /** Where reading has to begin: at what was committed, or earlier where the store does not (no longer) have everything up to there. */
  readonly position: number;
  /**
   * Decides entries and keeps what follows, for good; those applied already are told again as they stand. May be called again
   * before the last call has ended, in the order of the source. Redis does nothing else meanwhile: some 1,000 entries are a good size.
   * @param entries every one of the source from the end of the last call (at first: from `position`) on, but for those that have no content.
   * @param through offset of the last record that was read, whether or not it is among the entries.
   * @returns one outcome an entry, in order.
   * @throws ProfilesUnavailableError
   * @throws RangeError for offsets that do not ascend.
   */
  apply(entries: readonly ProfileEntry[], through: number): Promise<readonly ProfileOutcome[]>;
  /**
   * All of the store knows how far this lane has come, and still has everything that it was given. To be called before the source's position is committed, and
   * now and then while nothing comes.
   * @throws ProfilesUnavailableError
   */
  settle(): Promise<void>;
}

/** Whether profiles can be read. */
export interface ProfilesState {
  /**
   * `behind`: the server was restarted or replaced, so that newest writes may be missing; `empty`: it was never opened, or was
   * emptied. Lanes may be opened in any state: applying what is missing brings the store up to date.
   */
  readonly state: 'open' | 'behind' | 'empty';
  /**
   * Lets the profiles be read again, if they hold everything of each source below its offset.
   * @param committed what was committed of each source, read after this state was asked for.
   * @returns false: something is missing yet, or the server was restarted once more.
   */
  open(committed: SourceOffsets): Promise<boolean>;
}

/** Profiles of single users, written by the ingest workers. */
export interface OnlineProfiles {
  /**
   * In any state. Whoever had a lane of this source before may go on: each entry counts once all the same.
   * @param source name of a Kafka partition of a topic, e.g. `tags.customer/7`.
   * @throws ProfilesUnavailableError
   */
  openLane(source: string, extent: SourceExtent): Promise<ProfileLane>;
  /** @throws ProfilesUnavailableError */
  state(): Promise<ProfilesState>;
  /**
   * Which of these users' guids were retired by an erasure. In any state: of an erasure that the store has lost it does not tell; that one is delivered again.
   * @throws ProfilesUnavailableError
   */
  retired(users: readonly { readonly guid: Guid; readonly cuid: string }[]): Promise<readonly Guid[]>;
  /**
   * From now on the store counts as having everything of these sources below these offsets, and nothing beyond: after it was restored by other means, or when
   * a source was made anew.
   * @throws ProfilesUnavailableError
   */
  assume(offsets: SourceOffsets): Promise<void>;
}

/**
 * | reason | | what helps |
 * |---|---|---|
 * | `unreachable` | no connection, no answer, or a refusal. Of a write it is not known whether it was done | asking again later; a lane is opened anew |
 * | `behind`, `empty` | see `ProfilesState` | lanes opened anew, then `open` |
 * | `lost` | the store does not have everything that this lane applied, or the lane has failed before | opening it anew |
 * | `ahead` | the store has more of the source than the source itself: it was made anew, or its end was asked for too early | asking again; else `assume` |
 * | `gone` | neither the store nor the source has what was committed (not retriable) | restoring from the tag store, then `assume` |
 */
export type ProfilesUnavailableReason = 'unreachable' | 'behind' | 'empty' | 'lost' | 'ahead' | 'gone';

/** Profiles can't be read or written now. */
export class ProfilesUnavailableError extends StoreUnavailableError {
  override readonly cause: unknown;

  constructor(
    readonly reason: ProfilesUnavailableReason,
    detail: string,
    cause?: unknown,
  ) {
    super(detail, reason !== 'gone');
    this.cause = cause;
  }
}
