import { setTimeout as sleep } from 'node:timers/promises';
import { StarrocksError } from '../connection/starrocks-error';
import { identifier } from '../schema/names';
import { cellJson } from './cell-text';
import { checkSql } from './load-sql';
import type { SureStatements } from './statements';
import { NotSentError } from './stream-load-client';
import type { StreamLoadAnswer, StreamLoadClient } from './stream-load-client';
import { FencedError, UnfitRowsError } from './table-load';
import type { Fence, LoadColumn, LoadRow, LoadTransport, TableLoad } from './table-load';

const RUNNING_POLL_MS = 500;

export interface StreamLoadTransportOptions {
  readonly client: Pick<StreamLoadClient, 'load'>;
  readonly statements: SureStatements;
  /** What the labels of this process begin with: letters, digits, `_`. No other process has the same. */
  readonly labelPrefix: string;
}

/**
 * Rows by Stream Load over HTTP. A load can't look at the claim by itself, so the claim is looked at before it begins, and the rows go only if
 * StarRocks has begun it soon after: then it has ended, by its limit of time, when whoever claims the source next begins to write.
 */
export class StreamLoadTransport implements LoadTransport {
  #loads = 0;

  constructor(private readonly options: StreamLoadTransportOptions) {}

  async load({ table, columns, rows }: TableLoad, fence: Fence): Promise<void> {
    const { client, statements, labelPrefix } = this.options;
    const label = `${labelPrefix}_${++this.#loads}`;
    const body = Buffer.from(`[${rows.map((row) => rowJson(columns, row)).join(',')}]`);
    const headers = headersOf(columns);
    let hasUnknown = false;
    for (;;) {
      const checkedMs = performance.now();
      try {
        await this.#demandClaims(table, fence);
        const mayGo = (): boolean => performance.now() - checkedMs < statements.timeoutMs;
        const answer = await client.load({ table, label, headers, body, mayGo });
        if (await this.#isDone(answer, table, label)) return;
      } catch (error) {
        const isUnknown = error instanceof StarrocksError && error.isUnknown;
        hasUnknown ||= isUnknown;
        if (!(error instanceof NotSentError) && !isUnknown) {
          if (hasUnknown) await statements.over();
          throw error;
        }
        // Sent once more under the same label: StarRocks then says what became of it, and writes it once.
        if (isUnknown) await sleep(RUNNING_POLL_MS);
      }
    }
  }

  /** @throws FencedError, StarrocksError */
  async #demandClaims(table: string, fence: Fence): Promise<void> {
    if ((await this.options.statements.write(checkSql(fence))) === 1) return;
    throw new FencedError(`a source of rows for ${table} is claimed by another process`);
  }

  /** @returns false: it is to be sent again. @throws UnfitRowsError, StarrocksError */
  async #isDone(answer: StreamLoadAnswer, table: string, label: string): Promise<boolean> {
    const { status, message, existingStatus, errorUrl, transaction } = answer;
    switch (status) {
      case 'Success':
      case 'OK':
        return true;
      case 'Publish Timeout':
        await this.#untilVisible(label, transaction);
        return true;
      case 'Label Already Exists':
        if (existingStatus === 'FINISHED') {
          // The number it names is not that of the load that has the label.
          await this.#untilVisible(label, null);
          return true;
        }
        await sleep(RUNNING_POLL_MS);
        return false;
      default: {
        const text = `Stream Load of ${table}: ${status} ${message}${errorUrl === '' ? '' : ` (rows: ${errorUrl})`}`;
        if (isOverloaded(message)) throw new StarrocksError(text, 'overloaded');
        throw new UnfitRowsError(text);
      }
    }
  }

  #untilVisible(label: string, transaction: string | null): Promise<void> {
    return this.options.statements.seen({ rows: 0, label, transaction, isVisible: false });
  }
}

/** Other answers are about the rows. */
function isOverloaded(message: string): boolean {
  if (/too many filtered rows/i.test(message)) return false;
  return /too many|version|timeout|timed? out|memory|rpc|backend|alive|cancel|busy|begin transaction|limit/i.test(
    message,
  );
}

/** Names are parsed as those of SQL are, so they are quoted; those of JSON paths are not. */
function headersOf(columns: readonly LoadColumn[]): Readonly<Record<string, string>> {
  const given = columns.map(({ name, type }, place) => (type.kind === 'bitmap' ? `b${place}` : name));
  const made = columns.flatMap(({ name, type }, place) =>
    type.kind === 'bitmap' ? [`${identifier(name)}=base64_to_bitmap(${identifier(`b${place}`)})`] : [],
  );
  return {
    format: 'json',
    strip_outer_array: 'true',
    jsonpaths: JSON.stringify(given.map((name) => `$.${name}`)),
    columns: [...given.map(identifier), ...made].join(','),
    partial_update: 'true',
    max_filter_ratio: '0',
    timezone: 'UTC',
  };
}

function rowJson(columns: readonly LoadColumn[], { cells }: LoadRow): string {
  const fields = columns.map(({ name, type }, place) => {
    const key = type.kind === 'bitmap' ? `b${place}` : name;
    return `"${key}":${cellJson(type, cells[place] ?? null)}`;
  });
  return `{${fields.join(',')}}`;
}
