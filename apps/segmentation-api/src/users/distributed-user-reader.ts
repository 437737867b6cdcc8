import type {
  ProfileReader,
  ReadUser,
  RowDistance,
  UserReader,
  UsersRead,
  UserWants,
  UseUser,
} from '@tessera/audience';
import type { StarrocksUserRows, StarrocksUsers } from '@tessera/starrocks-engine';
import type { Guid } from '@tessera/tag-catalog';
import { FetchedUser, NOTHING_FETCHED, snapshotKey } from './fetched-user';
import type { FetchedRows } from './fetched-user';
import type { GuidLookup } from './guid-lookup';

/** Users read together where each is used in a turn of its own. */
const USERS_A_TURN = 50;

/** What the engine knows of single users. */
export interface EngineUsers {
  readonly rows: Pick<StarrocksUserRows, 'rows' | 'totals' | 'inLists' | 'inSnapshot'>;
  readonly users: Pick<StarrocksUsers, 'cuidsOf'>;
}

/**
 * Single users of the distributed shape: guids from the identity, tags from the online profiles, the rest from the engine if there is one. A user is known who
 * has a profile. As the parts are of moments of their own, no data version is told.
 */
export class DistributedUserReader implements UserReader {
  readonly rows: RowDistance;

  /** @param engine null: there is none. */
  constructor(
    private readonly lookup: GuidLookup,
    private readonly profiles: ProfileReader,
    private readonly engine: EngineUsers | null,
  ) {
    this.rows = engine === null ? 'absent' : 'far';
  }

  async read<T>(cuids: readonly string[], wants: UserWants, use: UseUser<T>): Promise<UsersRead<T>> {
    const users = await this.#fetch(cuids, wants);
    return { results: users.map((user, index) => use(user, index)), dataVersion: null };
  }

  async readInTurns<T>(cuids: readonly string[], wants: UserWants, use: UseUser<T>): Promise<UsersRead<T>> {
    const results: T[] = [];
    for (let from = 0; from < cuids.length; from += USERS_A_TURN) {
      const users = await this.#fetch(cuids.slice(from, from + USERS_A_TURN), wants);
      for (const user of users) {
        results.push(use(user, results.length));
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    return { results, dataVersion: null };
  }

  async cuidsOf(guids: ArrayLike<number>): Promise<readonly (string | undefined)[]> {
    if (this.engine === null) throw new Error('cuids are looked up in the engine, and there is none');
    return this.engine.users.cuidsOf(guids);
  }

  async guidsOf(cuids: readonly string[]): Promise<readonly (Guid | undefined)[]> {
    const profiles = await this.#profilesOf(cuids, []);
    return profiles.map((profile) => profile?.guid);
  }

  async #fetch(cuids: readonly string[], wants: UserWants): Promise<readonly (ReadUser | undefined)[]> {
    const profiles = await this.#profilesOf(cuids, wants.tags);
    const guids = new Set(profiles.flatMap((profile) => (profile === undefined ? [] : [profile.guid])));
    const fetched = guids.size === 0 ? NOTHING_FETCHED : await this.#fetchRows([...guids], wants);
    return profiles.map((profile) => (profile === undefined ? undefined : new FetchedUser(profile, wants, fetched)));
  }

  /** A cuid may be given several times. */
  async #profilesOf(
    cuids: readonly string[],
    tags: UserWants['tags'],
  ): Promise<readonly Awaited<ReturnType<ProfileReader['profiles']>>[number][]> {
    const guids = await this.lookup.find(cuids);
    const places = cuids.flatMap((cuid, place) => (guids[place] === 0 ? [] : [{ cuid, place }]));
    const users = places.map(({ cuid, place }) => ({ cuid, guid: guids[place] as Guid }));
    const found = users.length === 0 ? [] : await this.profiles.profiles(users, tags);
    const profiles = new Array<(typeof found)[number]>(cuids.length).fill(undefined);
    places.forEach(({ place }, at) => (profiles[place] = found[at]));
    return profiles;
  }

  async #fetchRows(guids: readonly Guid[], wants: UserWants): Promise<FetchedRows> {
    const { rows, totals, lists, snapshots } = wants;
    if ([rows, totals, lists, snapshots].every((each) => each.length === 0)) return NOTHING_FETCHED;
    if (this.engine === null) throw new Error('rows of users are read from the engine, and there is none');
    const source = this.engine.rows;
    const [fetchedRows, fetchedTotals, fetchedLists, fetchedSnapshots] = await Promise.all([
      Promise.all(rows.map(async (want) => [want, await source.rows(guids, want)] as const)),
      source.totals(guids, totals),
      source.inLists(guids, lists),
      Promise.all(
        snapshots.map(
          async (one) => [snapshotKey(one.audienceId, one.version), await source.inSnapshot(guids, one)] as const,
        ),
      ),
    ]);
    return { rows: fetchedRows, totals: fetchedTotals, lists: fetchedLists, snapshots: new Map(fetchedSnapshots) };
  }
}
