import type { Guid, TagDefinition, TagTypeDefinition } from '@tessera/tag-catalog';
import type {
  EventTotals,
  ReadUser,
  RowDistance,
  RowWants,
  UserReader,
  UsersRead,
  UserWants,
  UseUser,
} from '../engine/user-reader';
import type { EventRow, TagState, UserView } from '../engine/user-view';
import type { TimedValue } from '../plan/plan';
import type { ReferenceEngine } from './reference-engine';

/** Reads the users of the reference engine. Whoever looks at more than was wanted fails. */
export class ReferenceUserReader implements UserReader {
  constructor(
    private readonly engine: ReferenceEngine,
    /** As what it poses. */
    readonly rows: RowDistance = 'near',
  ) {}

  async read<T>(cuids: readonly string[], wants: UserWants, use: UseUser<T>): Promise<UsersRead<T>> {
    const results = cuids.map((cuid, index) => this.#use(cuid, wants, (user) => use(user, index)));
    return { results, dataVersion: this.engine.dataVersion };
  }

  async readInTurns<T>(cuids: readonly string[], wants: UserWants, use: UseUser<T>): Promise<UsersRead<T>> {
    const results: T[] = [];
    for (const [index, cuid] of cuids.entries()) {
      results.push(this.#use(cuid, wants, (user) => use(user, index)));
      await Promise.resolve();
    }
    return { results, dataVersion: this.engine.dataVersion };
  }

  async cuidsOf(guids: ArrayLike<number>): Promise<readonly (string | undefined)[]> {
    return Array.from(guids, (guid) => this.engine.cuidOf(guid as Guid));
  }

  async guidsOf(cuids: readonly string[]): Promise<readonly (Guid | undefined)[]> {
    return cuids.map((cuid) => this.engine.guidOf(cuid));
  }

  #use<T>(cuid: string, wants: UserWants, use: (user: ReadUser | undefined) => T): T {
    const view = this.engine.user(cuid);
    return use(view === undefined ? undefined : new WantedUser(view, wants));
  }
}

/** Shows of a user what was wanted, refuses the rest. */
class WantedUser implements ReadUser {
  readonly #tags: ReadonlySet<number>;

  constructor(
    private readonly view: UserView,
    private readonly wants: UserWants,
  ) {
    this.#tags = new Set([...wants.tags].map(({ id }) => id));
  }

  get guid(): Guid {
    return this.view.guid;
  }

  get cuid(): string {
    return this.view.cuid;
  }

  tagValue(tag: TagDefinition): TimedValue | undefined {
    demand(this.#tags.has(tag.id), `the tag ${tag.name}`);
    return this.view.tagValue(tag);
  }

  tagStates(): readonly TagState[] {
    return this.view.tagStates().filter(({ tag }) => this.#tags.has(tag.id));
  }

  events(type: TagTypeDefinition, fromMs: number | null, toMs: number): readonly EventRow[] {
    const wanted = this.wants.rows.filter((each) => each.type.id === type.id);
    demand(
      wanted.some((each) => each.toMs >= toMs && (each.fromMs === null || (fromMs !== null && each.fromMs <= fromMs))),
      `rows of ${type.name} from ${String(fromMs)} to ${toMs}`,
    );
    const leastMs = Math.min(...wanted.map((each) => this.#leastMs(each)));
    return this.view.events(type, fromMs, toMs).filter(({ timeMs }) => timeMs >= leastMs);
  }

  eventTotals(type: TagTypeDefinition, toMs: number): EventTotals {
    demand(
      this.wants.totals.some((each) => each.type.id === type.id && each.toMs === toMs),
      `totals of ${type.name} up to ${toMs}`,
    );
    const rows = this.view.events(type, null, toMs);
    return { rows: rows.length, lastMs: rows.at(-1)?.timeMs ?? null };
  }

  inList(listId: string): boolean {
    demand(this.wants.lists.includes(listId), `the list ${listId}`);
    return this.view.inList(listId);
  }

  inSnapshot(audienceId: string, version: number): boolean {
    const isWanted = this.wants.snapshots.some((each) => each.audienceId === audienceId && each.version === version);
    demand(isWanted, `the snapshot ${audienceId} ${version}`);
    return this.view.inSnapshot(audienceId, version);
  }

  /** No more than has to be shown. */
  #leastMs({ type, newest, fromMs }: RowWants): number {
    if (newest === null) return fromMs ?? -Infinity;
    const before = this.view.events(type, fromMs, newest.beforeMs);
    return before[Math.max(0, before.length - newest.rows)]?.timeMs ?? newest.beforeMs;
  }
}

function demand(isWanted: boolean, what: string): void {
  if (!isWanted) throw new Error(`${what} was looked at, which was not wanted of the reader`);
}
