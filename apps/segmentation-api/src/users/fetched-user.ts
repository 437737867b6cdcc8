import type {
  EventRow,
  EventTotals,
  ProfileView,
  ReadUser,
  RowWants,
  TagState,
  TimedValue,
  TotalsWants,
  UserWants,
} from '@tessera/audience';
import type { Guid, TagDefinition, TagTypeDefinition } from '@tessera/tag-catalog';

/** What was fetched of users beside their tags. */
export interface FetchedRows {
  /** One a want, in their order: rows by user, ascending by time. */
  readonly rows: readonly (readonly [RowWants, ReadonlyMap<Guid, readonly EventRow[]>])[];
  readonly totals: ReadonlyMap<Guid, ReadonlyMap<number, EventTotals>>;
  readonly lists: ReadonlyMap<string, ReadonlySet<number>>;
  /** By `snapshotKey`. */
  readonly snapshots: ReadonlyMap<string, ReadonlySet<number>>;
}

export const NOTHING_FETCHED: FetchedRows = { rows: [], totals: new Map(), lists: new Map(), snapshots: new Map() };

const NO_ROWS: EventTotals = { rows: 0, lastMs: null };

/** A user put together of what was fetched. What was not wanted is refused: an answer without it would be a wrong one. */
export class FetchedUser implements ReadUser {
  constructor(
    private readonly profile: ProfileView,
    private readonly wants: UserWants,
    private readonly fetched: FetchedRows,
  ) {}

  get guid(): Guid {
    return this.profile.guid;
  }

  get cuid(): string {
    return this.profile.cuid;
  }

  tagValue(tag: TagDefinition): TimedValue | undefined {
    return this.profile.tagValue(tag);
  }

  tagStates(): readonly TagState[] {
    return this.profile.tagStates();
  }

  events(type: TagTypeDefinition, fromMs: number | null, toMs: number): readonly EventRow[] {
    const found = this.fetched.rows.find(([want]) => covers(want, type, fromMs, toMs));
    if (found === undefined) throw notWanted(`rows of ${type.name}`);
    const rows = found[1].get(this.guid) ?? [];
    return rows.filter(({ timeMs }) => (fromMs === null || timeMs >= fromMs) && timeMs < toMs);
  }

  eventTotals(type: TagTypeDefinition, toMs: number): EventTotals {
    const isWanted = (want: TotalsWants): boolean => want.type.id === type.id && want.toMs === toMs;
    if (!this.wants.totals.some(isWanted)) throw notWanted(`totals of ${type.name}`);
    return this.fetched.totals.get(this.guid)?.get(type.id) ?? NO_ROWS;
  }

  inList(listId: string): boolean {
    const members = this.fetched.lists.get(listId);
    if (members === undefined) throw notWanted(`the list ${listId}`);
    return members.has(this.guid);
  }

  inSnapshot(audienceId: string, version: number): boolean {
    const members = this.fetched.snapshots.get(snapshotKey(audienceId, version));
    if (members === undefined) throw notWanted(`the snapshot ${version} of ${audienceId}`);
    return members.has(this.guid);
  }
}

export function snapshotKey(audienceId: string, version: number): string {
  return `${audienceId}/${version}`;
}

function covers(want: RowWants, type: TagTypeDefinition, fromMs: number | null, toMs: number): boolean {
  return (
    want.type.id === type.id &&
    want.toMs >= toMs &&
    (want.fromMs === null || (fromMs !== null && want.fromMs <= fromMs))
  );
}

function notWanted(what: string): Error {
  return new Error(`${what} was looked at, which was not wanted of the reader`);
}
