import { ReferenceEngine, ReferenceStore } from '@tessera/audience';
import type { UserView } from '@tessera/audience';
import { formatValue, INSTANT_MAX_MS } from '@tessera/tag-catalog';
import { catalogBefore, CLOCK_MS, CUIDS, usersOf } from './workload';
import type { Operation } from './workload';

interface UserLookup {
  user(cuid: string): UserView | undefined;
}

/** Everything kept of one user as text; empty: not known. `lists` are the ids of the lists, in order of their making. */
export function digestUser(users: UserLookup, cuid: string, lists: readonly string[]): string {
  const view = users.user(cuid);
  if (view === undefined) return '';
  const tags = view
    .tagStates()
    .map(({ tag, value, timeMs }) => [tag.name, value === null ? null : formatValue(tag, value), timeMs] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  const rows = catalogBefore(0)
    .types.filter((type) => type.kind === 'event')
    .map((type) =>
      view
        .events(type, null, INSTANT_MAX_MS + 1)
        .map((row) => [row.timeMs, [...row.properties].sort(([left], [right]) => left - right)]),
    );
  return JSON.stringify({ tags, rows, lists: lists.map((id) => view.inList(id)) });
}

/** What an engine holds beside its users. */
export interface Found {
  /** The id of each list, by name. */
  readonly listIds: ReadonlyMap<string, string>;
  /** Null: not looked at. */
  readonly catalogVersion: number | null;
}

/** The oracle fed with a prefix of the workload, and how it differs from what an engine holds. */
export class ExpectedState {
  /** Operations applied: those before this index. */
  applied = 0;
  /** Names of the lists made, which are their ids in the oracle. */
  readonly lists: string[] = [];
  readonly #store = new ReferenceStore({ nowMs: () => CLOCK_MS });
  readonly engine = new ReferenceEngine(this.#store);

  async apply(operation: Operation): Promise<void> {
    if (operation.kind === 'batch') await this.#store.apply(operation.batch, operation.source);
    else if (operation.kind === 'erase') await this.#store.erase(operation.cuid);
    else if (operation.kind === 'list') {
      this.#store.putList(operation.name, operation.cuids);
      this.lists.push(operation.name);
    }
    this.applied += 1;
  }

  /**
   * Goes on with the workload from what is applied up to at least `least` and at most `most` operations, until the state is the engine's.
   * @returns null, or the users that differ where most of them agreed.
   */
  async advanceTo(
    actual: UserLookup,
    bounds: { readonly least: number; readonly most: number },
    operations: (index: number) => Operation,
    found: Found,
  ): Promise<{ readonly applied: number; readonly differing: readonly string[] } | null> {
    while (this.applied < bounds.least) await this.apply(operations(this.applied));
    let best: { applied: number; differing: readonly string[] } | null = null;
    const { listIds } = found;
    let differing = this.#differing(CUIDS, actual, listIds);
    for (;;) {
      const isCatalog = found.catalogVersion === null || found.catalogVersion === this.#catalogVersion;
      const hasOthers = this.lists.length === listIds.size && isCatalog;
      if (differing.size === 0 && hasOthers) return null;
      if (best === null || differing.size < best.differing.length)
        best = { applied: this.applied, differing: [...differing] };
      if (this.applied >= bounds.most) return best;
      const operation = operations(this.applied);
      await this.apply(operation);
      const touched = usersOf(operation);
      if (touched === null) differing = this.#differing(CUIDS, actual, listIds);
      else {
        touched.forEach((cuid) => differing.delete(cuid));
        this.#differing(touched, actual, listIds).forEach((cuid) => differing.add(cuid));
      }
    }
  }

  get #catalogVersion(): number {
    return catalogBefore(this.applied).version;
  }

  #differing(cuids: readonly string[], actual: UserLookup, listIds: ReadonlyMap<string, string>): Set<string> {
    const ids = this.lists.map((name) => listIds.get(name) ?? `no list ${name}`);
    return new Set(cuids.filter((cuid) => digestUser(actual, cuid, ids) !== digestUser(this.engine, cuid, this.lists)));
  }

  /** Of one user, for messages. */
  digest(cuid: string): string {
    return digestUser(this.engine, cuid, this.lists);
  }
}
