import type { Guid } from '@tessera/tag-catalog';

/** Whose guids were retired by an erasure (`OnlineProfiles.retired`). */
export interface Tombstones {
  /** @returns those erased by now. @throws where that can't be known. */
  retired(users: readonly { readonly guid: Guid; readonly cuid: string }[]): Promise<readonly Guid[]>;
}

/** What rows need before they can be written. */
export interface TableNeed {
  /** The tables that they go to. */
  readonly tables: readonly string[];
  /** The highest of their guids. */
  readonly guid: number;
}

/** The tables in StarRocks. */
export interface WriterTables {
  /** Resolves when tables, columns and StarRocks partitions are there. @throws what is in the way: the rows wait. */
  demand(need: TableNeed): Promise<void>;
  /** Of all tag types that there are now and may hold anything of a user, those of removed types too. @throws where that can't be known: an erasure waits. */
  all(): Promise<readonly string[]>;
}

export interface WriterLimits {
  /** Of one statement; a shelf takes twice as many before it makes others wait. */
  readonly rows: number;
  /** Of one statement, of SQL or JSON; also of a shelf, as with rows. */
  readonly bytes: number;
  /** How long the first row waits for others, ms. */
  readonly ageMs: number;
  /** Of all shelves together. */
  readonly waitingBytes: number;
}

/** Bytes held by all shelves. */
export interface BufferedBytes {
  bytes: number;
}

/** What whoever watches is told. */
export interface WriterEvents {
  onLoad(table: string, rows: number, ms: number): void;
  /** A round of a topic was written. */
  onRound(topic: string, rows: number, ms: number): void;
  /** It is tried again. @param topic or the table that a load is for. @param isNews false: it was told before. */
  onFailure(topic: string, error: unknown, isNews: boolean): void;
}
