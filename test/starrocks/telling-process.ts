import { setTimeout as sleep } from 'node:timers/promises';
import {
  SourceLostError,
  StarrocksError,
  StarrocksPool,
  StarrocksWriter,
  StreamLoadClient,
} from '@tessera/starrocks-engine';
import { tableOf } from '@tessera/starrocks-engine';
import type { WriterOpening } from '@tessera/starrocks-engine';
import type { Catalog, Guid } from '@tessera/tag-catalog';
import { TABLES_DATABASE } from '../streams/compare-tables';
import { GapError } from './told-source';
import type { ToldSource } from './told-source';

/** Of statements and loads. */
const TIMEOUT_MS = 700;
const LIMITS = { rows: 60, bytes: 20_000, ageMs: 30, waitingBytes: 200_000 };
const BATCH = 25;

export interface TellingOptions {
  readonly catalog: Catalog;
  readonly random: (limit: number) => number;
  readonly retired: ReadonlySet<Guid>;
  readonly clearsTags: boolean;
  readonly starrocksUrl: string;
  /** Null: rows go by INSERT. */
  readonly httpUrl: string | null;
}

interface Record {
  readonly offset: number;
}

/** A writer and its connections. */
interface Life {
  readonly writer: StarrocksWriter<Record>;
  readonly close: () => Promise<void>;
}

/** What an ingest worker does with its sources, as far as the writer can tell; it ends and begins anew now and then. */
export class TellingProcess {
  /** What must not happen. */
  readonly flaws: string[] = [];
  /** How often a source was somebody else's, or the writer over. */
  lost = 0;
  #life: Life;

  constructor(private readonly options: TellingOptions) {
    this.#life = this.#begin();
  }

  /** Tells the source until that is over, or it is lost. @returns whether all that it holds is durable. */
  async tell(source: ToldSource, signal: AbortSignal, isToEnd = false): Promise<boolean> {
    const { writer } = this.#life;
    const { topic, partition } = source.kind;
    let opening: WriterOpening | null = null;
    try {
      opening = await writer.open({ topic, partition });
      let next = source.begin(opening.next);
      writer.begin(opening, next);
      while (!signal.aborted) {
        next = await this.#tellSome(source, next, { writer, opening, signal });
        const durable = writer.settle(opening, next);
        if (durable > next) this.flaws.push(`${topic}/${partition} is durable to ${durable}, told to ${next}`);
        source.committed = Math.max(source.committed, durable);
        if (isToEnd && durable === source.entries.length) return true;
        await sleep(this.options.random(40));
      }
    } catch (error) {
      if (error instanceof SourceLostError) this.lost++;
      else if (!(error instanceof GapError || error instanceof StarrocksError || signal.aborted)) {
        this.flaws.push(error instanceof Error ? String(error.stack) : String(error));
      }
    } finally {
      if (opening !== null) writer.leave(opening);
    }
    return false;
  }

  /** @throws Error if that takes too long. */
  async tellToEnd(source: ToldSource, signal: AbortSignal): Promise<void> {
    while (!(await this.tell(source, signal, true))) {
      if (signal.aborted)
        throw new Error(`${source.kind.topic} does not end: ${[...this.#life.writer.troubles].join()}`);
    }
  }

  async restartNowAndThen(signal: AbortSignal): Promise<void> {
    const { random } = this.options;
    const pause = (): Promise<boolean> => sleep(1_500 + random(4_000), true, { signal }).catch(() => false);
    while (await pause()) {
      const before = this.#life;
      this.#life = this.#begin();
      if (random(2) === 0) await Promise.race([before.writer.finish(), sleep(500)]);
      await before.close();
    }
  }

  close(): Promise<void> {
    return this.#life.close();
  }

  async #tellSome(
    source: ToldSource,
    next: number,
    { writer, opening, signal }: { writer: Life['writer']; opening: WriterOpening; signal: AbortSignal },
  ): Promise<number> {
    const entries = source.entries.slice(next, next + 1 + this.options.random(BATCH));
    if (entries.length === 0) return next;
    const records = entries.map(({ offset }) => ({ offset }));
    const outcomes = entries.map((entry) => source.tell(entry));
    await writer.take({ origin: opening.origin, entries, records, outcomes }, opening, signal);
    return next + entries.length;
  }

  #begin(): Life {
    const { starrocksUrl, httpUrl, catalog, retired, clearsTags } = this.options;
    const database = TABLES_DATABASE;
    const timeoutMs = TIMEOUT_MS;
    const pool = new StarrocksPool({ urls: [starrocksUrl], database, timeoutMs });
    const account = { user: 'root', password: '' };
    const writer = new StarrocksWriter<Record>({
      ...{ pool, timeoutMs, clearsTags, limits: LIMITS },
      streamLoad: httpUrl === null ? null : new StreamLoadClient({ urls: [httpUrl], ...account, database, timeoutMs }),
      tables: { demand: () => Promise.resolve(), all: () => Promise.resolve(catalog.types.map(tableOf)) },
      tombstones: {
        retired: (users) => Promise.resolve(users.map(({ guid }) => guid).filter((guid) => retired.has(guid))),
      },
      bytesOf: () => 100,
      onUnfit: (row, why) => {
        this.flaws.push(`a row can not be stored: ${why}: ${JSON.stringify(row.cells)}`);
        return Promise.resolve();
      },
      events: { onLoad: () => undefined, onRound: () => undefined, onFailure: () => undefined },
    });
    return {
      writer,
      close: async () => {
        await writer.close();
        await pool.close();
      },
    };
  }
}
