import { StoreUnavailableError } from '@tessera/tag-catalog';
import type { Catalog } from '@tessera/tag-catalog';
import type { StarrocksPool } from '../connection/starrocks-pool';
import { applyMigration } from './apply-migration';
import { planMigration } from './plan-migration';
import { tablesOf } from './tables-of';
import type { SchemaOptions } from './tables-of';

export interface SchemaKeeperOptions {
  /** With a user who may change tables, if they are to be changed. */
  readonly pool: StarrocksPool;
  readonly database: string;
  readonly schema: SchemaOptions;
  readonly catalog: () => Catalog;
  /** No guid that was given out is as high. When it fails, the last known one counts. */
  readonly nextGuid: () => Promise<number>;
  readonly now?: () => number;
  /** Told of each change. */
  readonly say?: (line: string) => void;
}

/** What a writer is about to write. */
export interface SchemaNeed {
  /** Of the catalogue that its rows were made with. */
  readonly catalogVersion: number;
  /** The highest of its guids. */
  readonly guid: number;
  /** The tables that it writes to. */
  readonly tables: readonly string[];
}

interface Kept {
  readonly catalogVersion: number;
  /** The first guid without a partition. */
  readonly guidEnd: number;
  readonly atMs: number;
  /** By table. */
  readonly refused: ReadonlyMap<string, string>;
}

const LOOK_MS = 60_000;
const RETRY_MS = 5_000;
/** Partitions of days are ahead by more than a day; what was looked at longer ago is looked at again. */
const TRUSTED_MS = 6 * 3_600_000;

/** Keeps the tables as the catalogue and the guids want them, beside others who do the same. */
export class SchemaKeeper {
  #kept: Kept | null = null;
  #nextGuid = 1;
  #trouble: string | null = 'the tables in StarRocks have not been looked at yet';
  #lookedMs = -Infinity;
  #hasFailed = false;
  #last: Promise<unknown> = Promise.resolve();
  #waiting: Promise<void> | null = null;

  constructor(private readonly options: SchemaKeeperOptions) {}

  /**
   * Looks at the tables and changes what has to be changed; to be called when `isDue`. Calls that wait share one look.
   *
   * @throws MigrationError, StarrocksError, StoreUnavailableError of the catalogue.
   */
  keep(): Promise<void> {
    // One that is under way may have looked at the catalogue before this call; one that waits has not.
    this.#waiting ??= this.#inTurn(async () => {
      this.#waiting = null;
      this.#lookedMs = performance.now();
      try {
        await this.#keep();
        this.#hasFailed = false;
      } catch (error) {
        this.#hasFailed = true;
        this.#trouble = error instanceof Error ? error.message : String(error);
        throw error;
      }
    });
    return this.#waiting;
  }

  /** Resolves when the rows have a place; at once if that is known. @throws as `keep`; StoreUnavailableError that says what is in the way. */
  async ensure(need: SchemaNeed): Promise<void> {
    this.#nextGuid = Math.max(this.#nextGuid, need.guid + 1);
    if (!this.#covers(need)) await this.keep();
    const refused = need.tables.map((table) => this.#kept?.refused.get(table)).find((one) => one !== undefined);
    if (refused !== undefined) throw new StoreUnavailableError(refused, false);
    if (this.#covers(need)) return;
    throw new StoreUnavailableError(
      `StarRocks has no place yet for version ${need.catalogVersion} of the catalogue`,
      true,
    );
  }

  /** True: the catalogue has changed since the last look, or that was a minute ago; after one that failed, a few seconds ago. */
  get isDue(): boolean {
    const sinceMs = performance.now() - this.#lookedMs;
    if (sinceMs > (this.#hasFailed ? RETRY_MS : LOOK_MS)) return true;
    try {
      return !this.#hasFailed && this.options.catalog().version !== this.#kept?.catalogVersion;
    } catch {
      return false;
    }
  }

  /** For readiness. */
  state(): { readonly ok: true } | { readonly ok: false; readonly detail: string } {
    return this.#trouble === null ? { ok: true } : { ok: false, detail: this.#trouble };
  }

  async #keep(): Promise<void> {
    const { pool, database, schema, say, now = Date.now } = this.options;
    const catalog = this.options.catalog();
    const nowMs = now();
    this.#nextGuid = Math.max(this.#nextGuid, await this.options.nextGuid().catch(() => 1));
    const wanted = tablesOf(catalog, schema, { nowMs, nextGuid: this.#nextGuid });
    const result = await pool.use((session) =>
      applyMigration(session, { database, wanted, nowMs }, say === undefined ? {} : { say }),
    );
    const { refusals } = planMigration(result.schema, wanted);
    const guidEnds = wanted.flatMap(({ partitions }) =>
      partitions?.by === 'guid' ? [partitions.ranges.at(-1)?.to ?? 0] : [],
    );
    this.#kept = {
      catalogVersion: catalog.version,
      guidEnd: Math.min(...guidEnds),
      atMs: performance.now(),
      refused: new Map(refusals.map(({ table, problem }) => [table, problem])),
    };
    this.#trouble = result.problems[0] ?? null;
  }

  #covers({ catalogVersion, guid }: SchemaNeed): boolean {
    const kept = this.#kept;
    if (kept === null || performance.now() - kept.atMs > TRUSTED_MS) return false;
    return kept.catalogVersion >= catalogVersion && guid < kept.guidEnd;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    // One that fails must not fail the next.
    this.#last = done.catch(() => undefined);
    return done;
  }
}
