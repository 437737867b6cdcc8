/** Header names → values; values are bytes. */
export type RecordHeaders = Readonly<Record<string, Buffer>>;

/** A record as it was read. */
export interface ReadRecord {
  readonly offset: number;
  /** ms since the epoch; set by the producer, or by the broker where the topic says so. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  /** Null: a tombstone. */
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
}

/** A record to be written. Which partition it comes to is decided by its key (murmur2, as Java clients do). */
export interface NewRecord {
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  /** Left out: the time of writing. */
  readonly timestampMs?: number;
}

/** What a record takes on its way, estimated from above: varints and attributes stand for 64 bytes. */
export function recordBytes({ key, value, headers }: NewRecord): number {
  let bytes = 64 + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, content] of Object.entries(headers)) bytes += 8 + Buffer.byteLength(name) + content.length;
  return bytes;
}

/** The client copies the records of a partition once for each further one of the request: more of them cost more than further requests. */
const RUN_RECORDS_MAX = 1_000;

/** Cuts records into runs of at most so many bytes, and 1,000 records; one that is larger comes alone. Their order stays. */
export function* splitByBytes(records: readonly NewRecord[], bytesMax: number): Generator<readonly NewRecord[]> {
  let start = 0;
  let bytes = 0;
  for (const [index, record] of records.entries()) {
    const size = recordBytes(record);
    if (index > start && (bytes + size > bytesMax || index - start === RUN_RECORDS_MAX)) {
      yield records.slice(start, index);
      start = index;
      bytes = 0;
    }
    bytes += size;
  }
  if (start < records.length) yield records.slice(start);
}
