import type { ReadUser, UserReader, UsersRead, UserWants, UseUser } from '@tessera/audience';
import type { Guid } from '@tessera/tag-catalog';

/** The engine's own reads of single users: synchronous, of the state as it stands. */
interface UserLookup {
  readonly dataVersion: number;
  user(cuid: string): ReadUser | undefined;
  cuidOf(guid: Guid): string | undefined;
  guidOf(cuid: string): Guid | undefined;
}

/** Reads single users of the embedded engine, where everything about a user is at hand. */
export class EmbeddedUserReader implements UserReader {
  readonly rows = 'near';

  constructor(private readonly engine: UserLookup) {}

  async read<T>(cuids: readonly string[], _wants: UserWants, use: UseUser<T>): Promise<UsersRead<T>> {
    const results = cuids.map((cuid, index) => use(this.engine.user(cuid), index));
    return { results, dataVersion: this.engine.dataVersion };
  }

  async readInTurns<T>(cuids: readonly string[], _wants: UserWants, use: UseUser<T>): Promise<UsersRead<T>> {
    const results: T[] = [];
    for (const [index, cuid] of cuids.entries()) {
      results.push(use(this.engine.user(cuid), index));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { results, dataVersion: this.engine.dataVersion };
  }

  async cuidsOf(guids: ArrayLike<number>): Promise<readonly (string | undefined)[]> {
    return Array.from(guids, (guid) => this.engine.cuidOf(guid as Guid));
  }

  async guidsOf(cuids: readonly string[]): Promise<readonly (Guid | undefined)[]> {
    return cuids.map((cuid) => {
      const guid = this.engine.guidOf(cuid);
      // A number alone makes nobody known: that takes an applied message.
      return guid === undefined || this.engine.cuidOf(guid) === undefined ? undefined : guid;
    });
  }
}
