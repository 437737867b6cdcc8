import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StarrocksError } from '../connection/starrocks-error';
import { identifier } from '../schema/names';
import { cellJson } from './cell-text';
import { InsertTransport } from './insert-transport';
import type { SourceClaims } from './source-claims';
import type { SureStatements } from './statements';
import { NotSentError } from './stream-load-client';
import type { StreamLoadAnswer, StreamLoadClient } from './stream-load-client';
import { FencedError, UnfitRowsError } from './table-load';
import type { BatchLoad, Fence, LoadColumn, LoadRow, LoadTransport } from './table-load';

const RUNNING_POLL_MS = 500;
const LOOK_MS_MIN = 1_000;
/** Of 128 that a label may have. */
const LABEL_TABLE_CHARACTERS = 60;
const HASH_CHARACTERS = 40;
/** Of the 32,768 bytes that a frontend takes for all headers together (`http_max_header_size`); the others have some hundred. */
const COLUMN_HEADERS_BYTES_MAX = 30_000;

export interface StreamLoadTransportOptions {
  readonly client: Pick<StreamLoadClient, 'load' | 'stateOf'>;
  readonly statements: SureStatements;
  /** Of the sources of the rows. */
  readonly claims: Pick<SourceClaims, 'holds'>;
  /** False: rows are whole, or the table takes NULL for "as it was": StarRocks takes partial updates for primary keys alone. */
  readonly takesPartialUpdates: (table: string) => boolean;
  /** Aborted when the process ends. */
  readonly closing: AbortSignal;
  /** Told once of each load whose end keeps it waiting. */
  readonly onWait: (table: string, error: StarrocksError) => void;
}

/** A load, sent as often as it takes. */
interface SentLoad {
  readonly table: string;
  readonly label: string;
  readonly rows: number;
}

/**
 * Rows by Stream Load over HTTP; by INSERT where they have so many columns that their names don't fit into headers. A load can't look at the claim by
 * itself, so the claim is looked at before it begins, and the rows go only if StarRocks has begun it soon after: then it has ended, by its limit of time, when
 * whoever claims the source next begins to write.
 */
export class StreamLoadTransport implements LoadTransport {
  /** Labels under which StarRocks has taken a part of the rows alone. */
  readonly #spoilt = new Set<string>();
  readonly #inserts: InsertTransport;

  constructor(private readonly options: StreamLoadTransportOptions) {
    this.#inserts = new InsertTransport(options.statements);
  }

  load(load: BatchLoad, fence: Fence): Promise<void> {
    const headers = headersOf(load.columns, this.options.takesPartialUpdates(load.table));
    const bytes = Object.values(headers).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
    return bytes > COLUMN_HEADERS_BYTES_MAX ? this.#inserts.load(load, fence) : this.#send(load, headers, fence);
  }

  async #send(
    { table, columns, rows, batch }: BatchLoad,
    headers: Readonly<Record<string, string>>,
    fence: Fence,
  ): Promise<void> {
    const { client, statements, closing, onWait } = this.options;
    const body = Buffer.from(`[${rows.map((row) => rowJson(columns, row)).join(',')}]`);
    const sent = {
      table,
      label: this.#labelOf(table, [fenceText(fence), batch, ...Object.values(headers)], body),
      rows: rows.length,
    };
    /** Since when it may be going on without anybody's knowing. */
    let sinceMs: number | null = null;
    for (;;) {
      const checkedMs = performance.now();
      try {
        await this.#demandClaims(table, fence);
        const mayGo = (): boolean => performance.now() - checkedMs < lookMs(statements.timeoutMs);
        const answer = await client.load({ table, label: sent.label, headers, body, mayGo });
        await this.#demandDone(answer, sent);
        return;
      } catch (error) {
        const isUnknown = error instanceof StarrocksError && error.isUnknown;
        if (isUnknown && sinceMs === null) {
          sinceMs = performance.now();
          onWait(table, error);
        }
        const isLong = sinceMs !== null && performance.now() - sinceMs > 2 * statements.timeoutMs;
        if (closing.aborted || isLong || !(error instanceof NotSentError || isUnknown)) {
          // It has ended by then, one way or the other, and what is sent next comes behind it.
          if (sinceMs !== null && !closing.aborted) await statements.over();
          throw error;
        }
        // Sent once more under the same label: StarRocks then says what became of it, and writes it once.
        if (isUnknown) await this.#pause();
      }
    }
  }

  /**
   * The same for the same rows of a batch under the same claims, for any try of it: StarRocks then writes them once. A claim is that of one process, so
   * nobody else has the label.
   */
  #labelOf(table: string, names: readonly string[], body: Buffer): string {
    const hash = createHash('sha256')
      .update(JSON.stringify(names))
      .update(body)
      .digest('hex')
      .slice(0, HASH_CHARACTERS);
    const label = `tessera_${table.slice(0, LABEL_TABLE_CHARACTERS)}_${hash}`;
    let fresh = label;
    for (let count = 1; this.#spoilt.has(fresh); count += 1) fresh = `${label}_${count}`;
    return fresh;
  }

  /** @throws FencedError, StarrocksError */
  async #demandClaims(table: string, fence: Fence): Promise<void> {
    if (await this.options.claims.holds(fence)) return;
    throw new FencedError(`a source of rows for ${table} is claimed by another process`);
  }

  /** @throws UnfitRowsError; StarrocksError: `late` if it is still going on. */
  async #demandDone(answer: StreamLoadAnswer, sent: SentLoad): Promise<void> {
    const { table, label } = sent;
    const { status, message, existingStatus, errorUrl, loadedRows } = answer;
    switch (status) {
      case 'Success':
      case 'OK':
        break;
      case 'Publish Timeout':
        await this.#untilVisible(sent);
        break;
      case 'Label Already Exists':
        if (existingStatus !== 'FINISHED') throw new StarrocksError(`the load ${label} of ${table} goes on`, 'late');
        await this.#untilVisible(sent);
        // It says nothing of the rows of the load that has the label.
        return;
      default: {
        const text = `Stream Load of ${table}: ${status} ${message}${errorUrl === '' ? '' : ` (rows: ${errorUrl})`}`;
        if (isOverloaded(message)) throw new StarrocksError(text, 'overloaded');
        throw new UnfitRowsError(text);
      }
    }
    if (loadedRows === sent.rows) return;
    this.#spoilt.add(label);
    throw new UnfitRowsError(`StarRocks took ${loadedRows} of ${sent.rows} rows for ${table}`);
  }

  /** What is committed can't be given up. Who asks over MySQL need not find it: `information_schema.loads` of some versions lists no Stream Loads. */
  async #untilVisible({ label, table }: SentLoad): Promise<void> {
    const { client, statements, closing, onWait } = this.options;
    const startedMs = performance.now();
    for (let isTold = false; ;) {
      const state = await client.stateOf(label).catch((error: unknown) => String(error));
      if (state === 'VISIBLE') break;
      if (state === 'ABORTED') throw new StarrocksError(`StarRocks has cancelled the load ${label}`, 'overloaded');
      const error = new StarrocksError(`the load ${label} is committed and not visible yet: ${state}`, 'late');
      if (closing.aborted) throw error;
      if (!isTold && performance.now() - startedMs > statements.timeoutMs) {
        isTold = true;
        onWait(table, error);
      }
      await this.#pause();
    }
    // It was the leader of the frontends that said so; who reads at another one finds it when that has heard of it.
    await statements.pool.use((session) => session.run('SYNC'));
  }

  async #pause(): Promise<void> {
    await sleep(RUNNING_POLL_MS, undefined, { signal: this.options.closing }).catch(() => undefined);
  }
}

/** How long ago claims may have been looked at when the rows are sent. Not all of the limit: a load that is done by its limit is to be committed then. */
function lookMs(timeoutMs: number): number {
  return Math.max(timeoutMs / 2, Math.min(timeoutMs, LOOK_MS_MIN));
}

/** Other answers are about the rows. */
function isOverloaded(message: string): boolean {
  if (/too many filtered rows/i.test(message)) return false;
  return /too many|version|timeout|timed? out|memory|rpc|backend|alive|cancel|busy|begin transaction|limit/i.test(
    message,
  );
}

/** Names are parsed as those of SQL are, so they are quoted; those of JSON paths are not. */
function headersOf(columns: readonly LoadColumn[], isPartial: boolean): Readonly<Record<string, string>> {
  const given = columns.map(({ name, type }, place) => (type.kind === 'bitmap' ? `b${place}` : name));
  const made = columns.flatMap(({ name, type }, place) =>
    type.kind === 'bitmap' ? [`${identifier(name)}=base64_to_bitmap(${identifier(`b${place}`)})`] : [],
  );
  return {
    format: 'json',
    strip_outer_array: 'true',
    jsonpaths: JSON.stringify(given.map((name) => `$.${name}`)),
    columns: [...given.map(identifier), ...made].join(','),
    ...(isPartial ? { partial_update: 'true' } : {}),
    max_filter_ratio: '0',
    // A value that does not fit is refused, and not taken for NULL.
    strict_mode: 'true',
    timezone: 'UTC',
  };
}

function fenceText(fence: Fence): string {
  return [...fence]
    .map(([source, writer]) => `${source} ${writer}`)
    .sort()
    .join('; ');
}

function rowJson(columns: readonly LoadColumn[], { cells }: LoadRow): string {
  const fields = columns.map(({ name, type }, place) => {
    const key = type.kind === 'bitmap' ? `b${place}` : name;
    return `"${key}":${cellJson(type, cells[place] ?? null)}`;
  });
  return `{${fields.join(',')}}`;
}
