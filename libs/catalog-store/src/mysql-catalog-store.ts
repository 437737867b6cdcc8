import { setTimeout as sleep } from 'node:timers/promises';
import { CommitUnknownError, DatabaseTooNewError, MysqlDatabase } from '@tessera/mysql';
import type { DependencyState } from '@tessera/platform';
import { CatalogFormatError, StoreUnavailableError } from '@tessera/tag-catalog';
import type { Catalog, CatalogChange, CatalogStore } from '@tessera/tag-catalog';
import { readCatalog, readVersion, storedFrom, writeChanges } from './catalog-rows';
import type { StoredCatalog } from './catalog-rows';

export interface MysqlCatalogOptions {
  /** How often the version is looked at (1 s). */
  readonly pollMs?: number;
  /** How long an update tries against others (10 s). */
  readonly updateMsMax?: number;
}

const POLL_MS = 1_000;
const UPDATE_MS_MAX = 10_000;
/** Between two tries of an update, up to so long: then it is not always the same one that is faster. */
const PAUSE_MS_MAX = 20;
/** A change is promised to be everywhere after this; who has heard nothing for longer says so. */
const NEWS_MS_MAX = 5_000;

/**
 * The catalogue in MySQL, shared by many processes. Each looks at its version every second and reads it when it has changed; while MySQL is
 * away the last one known goes on being used. A change is stored if the catalogue is still the one it was made from, else it is made again from the
 * newer one: no change of anybody is lost, and ids are given out once.
 */
export class MysqlCatalogStore implements CatalogStore {
  #known: StoredCatalog | null = null;
  /** Reads and updates of this process, one after the other: none sees the catalogue go back. */
  #last: Promise<unknown> = Promise.resolve();
  #waitingRefresh: Promise<void> | null = null;
  /** When the last look that succeeded began. */
  #newsMs = -Infinity;
  #trouble: StoreUnavailableError | null = null;
  readonly #closing = new AbortController();
  #polling: Promise<void> = Promise.resolve();

  private constructor(
    private readonly database: MysqlDatabase,
    private readonly updateMsMax: number,
  ) {}

  /**
   * Reads the catalogue; where MySQL can't be reached it goes on trying in the background.
   *
   * @throws StoreUnavailableError that is not retriable for tables or contents that this release can't read.
   */
  static async open(url: string, options: MysqlCatalogOptions = {}): Promise<MysqlCatalogStore> {
    const { pollMs = POLL_MS, updateMsMax = UPDATE_MS_MAX } = options;
    const store = new MysqlCatalogStore(await MysqlDatabase.open(url), updateMsMax);
    await store.refresh().catch(() => undefined);
    if (store.#trouble?.retriable === false) {
      await store.close();
      throw store.#trouble;
    }
    store.#polling = store.#poll(pollMs);
    return store;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#polling;
    await this.#last;
    await this.database.close();
  }

  current(): Catalog {
    if (this.#known === null) {
      throw this.#trouble ?? new StoreUnavailableError('the tag catalogue has not been read yet', true);
    }
    return this.#known.catalog;
  }

  update(change: CatalogChange): Promise<Catalog> {
    return this.#inTurn(() => this.#update(change));
  }

  refresh(): Promise<void> {
    // One that is under way may have looked before this call; one that waits has not.
    this.#waitingRefresh ??= this.#inTurn(async () => {
      this.#waitingRefresh = null;
      await this.#read();
    });
    return this.#waitingRefresh;
  }

  /** For readiness: not ok if changes of others may be missed. */
  state(): DependencyState {
    if (this.#known === null || this.#trouble?.retriable === false) {
      return { ok: false, detail: this.#trouble?.message ?? 'the tag catalogue has not been read yet' };
    }
    const silentMs = performance.now() - this.#newsMs;
    if (silentMs <= NEWS_MS_MAX) return { ok: true };
    const { version } = this.#known.catalog;
    const why = this.#trouble?.message ?? 'no answer';
    const detail = `no news for ${Math.round(silentMs / 1_000)} s, version ${version} goes on being used: ${why}`;
    return { ok: false, detail };
  }

  async #poll(pollMs: number): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await sleep(pollMs, undefined, { signal, ref: false }).catch(() => undefined);
      // What is in the way is remembered for `state`.
      await this.refresh().catch(() => undefined);
    }
  }

  async #update(change: CatalogChange): Promise<Catalog> {
    const untilMs = performance.now() + this.updateMsMax;
    for (;;) {
      const base = await this.#read();
      const next = await change(base.catalog);
      if (next === base.catalog) return next;
      const stored = storedFrom(base, next);
      if (await this.#write(base, stored)) {
        this.#known = stored;
        return stored.catalog;
      }
      if (performance.now() > untilMs) {
        throw new StoreUnavailableError('other processes keep changing the tag catalogue; try again', true);
      }
      await sleep(Math.random() * PAUSE_MS_MAX);
    }
  }

  /** The newest one. @throws StoreUnavailableError */
  async #read(): Promise<StoredCatalog> {
    const beganMs = performance.now();
    try {
      const known = this.#known;
      const newest = await this.database.use(async (session) => {
        if (known !== null && (await readVersion(session)) === known.catalog.version) return known;
        return readCatalog(session);
      });
      this.#known = newest;
      this.#newsMs = beganMs;
      this.#trouble = null;
      return newest;
    } catch (error) {
      this.#trouble = unavailable(error);
      throw this.#trouble;
    }
  }

  /** @returns false: somebody else was faster. @throws StoreUnavailableError */
  async #write(base: StoredCatalog, next: StoredCatalog): Promise<boolean> {
    try {
      const written = await this.database.transaction((session) => writeChanges(session, base, next));
      return written === true;
    } catch (error) {
      throw unavailable(error);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    // One that fails must not fail the next.
    this.#last = done.catch(() => undefined);
    return done;
  }
}

function unavailable(error: unknown): StoreUnavailableError {
  const detail = error instanceof Error ? error.message : String(error);
  if (error instanceof CommitUnknownError) {
    return new StoreUnavailableError(
      `MySQL went away while the tag catalogue was being changed (${detail}); look whether the change was made before trying again`,
      true,
    );
  }
  const isFinal = error instanceof CatalogFormatError || error instanceof DatabaseTooNewError;
  return new StoreUnavailableError(`the tag catalogue in MySQL can't be used: ${detail}`, !isFinal);
}
