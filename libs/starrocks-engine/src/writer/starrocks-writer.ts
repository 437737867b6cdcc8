import { isProfileTable } from '../schema/names';
import { InsertTransport } from './insert-transport';
import { KnownGuids } from './known-guids';
import { LeftSources } from './left-sources';
import { LoadRunner } from './load-runner';
import type { OnUnfit } from './load-runner';
import type { WriterBatch, WriterOrigin } from './row-buffer';
import { SourceClaims } from './source-claims';
import { SourceLostError } from './source-state';
import { SureStatements } from './statements';
import type { WriterPool } from './statements';
import type { StreamLoadClient } from './stream-load-client';
import { StreamLoadTransport } from './stream-load-transport';
import type { LoadTransport } from './table-load';
import { TopicShelf } from './topic-shelf';
import type { BufferedBytes, Tombstones, WriterEvents, WriterLimits, WriterTables } from './writer-options';

export interface StarrocksWriterOptions<R> {
  readonly pool: WriterPool;
  /** Limit of the pool's statements, which StarRocks keeps too. Whoever takes over from a process that died waits twice as long. */
  readonly timeoutMs: number;
  /** Null: rows are written by INSERT. */
  readonly streamLoad: Pick<StreamLoadClient, 'load' | 'stateOf'> | null;
  readonly tables: WriterTables;
  readonly tombstones: Tombstones;
  readonly limits: WriterLimits;
  /** Bytes of a record that is kept until its row is written. */
  readonly bytesOf: (record: R) => number;
  /** Told of a row that StarRocks can't take, whatever is tried; resolves when that is known for good. */
  readonly onUnfit: OnUnfit<R>;
  readonly events: WriterEvents;
  /** False: profile tables are made with REPLACE_IF_NOT_NULL, so tags can't be cleared there. */
  readonly clearsTags: boolean;
}

/** A source that somebody in this process tells. */
export interface WriterOpening {
  readonly origin: WriterOrigin;
  /** The offset from which it has to be told. */
  readonly next: number;
  /** No other opening has the same; the latest one of a source alone is listened to. */
  readonly id: number;
}

/** Users remembered to be written, 4 bytes each. */
const KNOWN_GUIDS = 2 ** 22;

/**
 * Writes what became of entries of the stream into the tables of StarRocks. What it was given is durable only as far as `settle` says; what is not
 * when the process dies has to be given again, and overwrites itself. docs/decisions/0026 says why the tables come out right whoever dies when.
 */
export class StarrocksWriter<R> {
  readonly #shelves = new Map<string, TopicShelf<R>>();
  readonly #statements: SureStatements;
  readonly #claims: SourceClaims;
  readonly #left: LeftSources;
  readonly #runner: LoadRunner<R>;
  readonly #known = new KnownGuids(KNOWN_GUIDS);
  readonly #buffered: BufferedBytes = { bytes: 0 };
  readonly #closing = new AbortController();

  constructor(private readonly options: StarrocksWriterOptions<R>) {
    const { pool, timeoutMs, limits, onUnfit, events, clearsTags } = options;
    this.#statements = new SureStatements(pool, timeoutMs);
    this.#claims = new SourceClaims(this.#statements);
    this.#left = new LeftSources(this.#claims, this.#statements);
    this.#runner = new LoadRunner<R>({
      ...{ transport: this.#transport(), statements: this.#statements, limits, onUnfit, clearsTags },
      onLoad: (table, rows, ms) => {
        events.onLoad(table, rows, ms);
      },
    });
  }

  /**
   * Takes a source over from whoever had it, in this process too.
   * @throws StarrocksError; SourceLostError when it is closed.
   */
  async open(origin: WriterOrigin): Promise<WriterOpening> {
    if (this.#closing.signal.aborted) throw new SourceLostError(sourceOf(origin));
    const { next, id } = await this.#shelf(origin).open(sourceOf(origin));
    return { origin, next, id };
  }

  /** @param position of the first entry that will be given, not after the one that is needed. @throws SourceLostError */
  begin({ origin, id }: WriterOpening, position: number): void {
    this.#shelf(origin).begin(sourceOf(origin), id, position);
  }

  /** One call at a time for each source, in its order. Resolves when there is room for them. @throws SourceLostError, the signal's reason. */
  take(batch: WriterBatch<R>, { origin, id }: WriterOpening, signal: AbortSignal): Promise<void> {
    return this.#shelf(origin).take({ source: sourceOf(origin), id }, batch, signal);
  }

  /** Everything below the offset was given. @returns everything below this one is durable. @throws SourceLostError */
  settle({ origin, id }: WriterOpening, nextOffset: number): number {
    return this.#shelf(origin).settle({ source: sourceOf(origin), id }, nextOffset);
  }

  /** The source belongs to somebody else, or is to be opened anew. */
  leave({ origin, id }: WriterOpening): void {
    this.#shelf(origin).leave({ source: sourceOf(origin), id });
  }

  /** Ends the rounds of sources that nobody reads any more; cheap, to be called now and then. See `LeftSources`. @throws StarrocksError */
  settleLeft(left: () => Promise<((origin: WriterOrigin) => boolean) | null>): Promise<readonly string[]> {
    return this.#left.settle(async () => {
      const isLeft = await left();
      if (isLeft === null) return null;
      return (source) => {
        const origin = originOf(source);
        return origin !== null && isLeft(origin);
      };
    });
  }

  /** Writes what is there, without waiting for more. */
  async flush(): Promise<void> {
    await Promise.all([...this.#shelves.values()].map((shelf) => shelf.flush()));
  }

  /** Writes what is there and begins nothing else. To be followed by `close`. */
  async finish(): Promise<void> {
    await Promise.all([...this.#shelves.values()].map((shelf) => shelf.finish()));
  }

  /** Resolves when nothing goes on any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#left.close();
    await Promise.all([...this.#shelves.values()].map((shelf) => shelf.close()));
  }

  /** What keeps rows from being written, by topic. */
  get troubles(): ReadonlyMap<string, string> {
    const troubles = new Map<string, string>();
    for (const [topic, { trouble }] of this.#shelves) if (trouble !== null) troubles.set(topic, trouble);
    return troubles;
  }

  /** Waiting to be written, records included. */
  get bufferedBytes(): number {
    return this.#buffered.bytes;
  }

  #transport(): LoadTransport {
    const { streamLoad, clearsTags, events } = this.options;
    if (streamLoad === null) return new InsertTransport(this.#statements);
    return new StreamLoadTransport({
      ...{ client: streamLoad, statements: this.#statements, claims: this.#claims, closing: this.#closing.signal },
      takesPartialUpdates: (table) => clearsTags || !isProfileTable(table),
      onWait: (table, error) => {
        events.onFailure(table, error, true);
      },
    });
  }

  #shelf({ topic }: WriterOrigin): TopicShelf<R> {
    let shelf = this.#shelves.get(topic);
    if (shelf === undefined) {
      const { tables, tombstones, limits, bytesOf, events } = this.options;
      shelf = new TopicShelf<R>({
        ...{ topic, statements: this.#statements, claims: this.#claims, runner: this.#runner },
        ...{ known: this.#known, buffered: this.#buffered, tables, tombstones, limits, bytesOf, events },
      });
      this.#shelves.set(topic, shelf);
    }
    return shelf;
  }
}

/** Null: it is not the name of a Kafka partition. */
function originOf(source: string): WriterOrigin | null {
  const [, topic, partition] = /^([^/]+)\/(\d+)$/.exec(source) ?? [];
  return topic === undefined ? null : { topic, partition: Number(partition) };
}

function sourceOf({ topic, partition }: WriterOrigin): string {
  return `${topic}/${partition}`;
}
