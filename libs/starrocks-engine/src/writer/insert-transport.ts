import { StarrocksError } from '../connection/starrocks-error';
import { insertSql, rowSql } from './load-sql';
import type { SureStatements } from './statements';
import { FencedError, UnfitRowsError } from './table-load';
import type { BatchLoad, Fence, LoadRow, LoadTransport } from './table-load';

/** What one statement may have. */
export interface StatementLimits {
  /** Of the rows' text. */
  readonly bytes: number;
  readonly tokens: number;
}

/** A frontend drops the connection over a packet of more than 32 MB (`max_allowed_packet`), and reads 3,500,000 tokens (`parse_tokens_limit`). */
const LIMITS: StatementLimits = { bytes: 24 * 1024 * 1024, tokens: 3_000_000 };
/** `CAST([…] AS ARRAY<VARCHAR(n)>),` without the elements. */
const ARRAY_TOKENS = 13;

/** Rows by INSERT over the MySQL protocol. */
export class InsertTransport implements LoadTransport {
  constructor(
    private readonly statements: SureStatements,
    private readonly limits = LIMITS,
  ) {}

  async load(load: BatchLoad, fence: Fence): Promise<void> {
    for (const texts of statementsOf(load, this.limits)) await this.#insert(load, texts, fence);
  }

  async #insert({ table, columns }: BatchLoad, texts: readonly string[], fence: Fence): Promise<void> {
    const written = await this.#write(insertSql(table, columns, texts, fence));
    if (written === texts.length) return;
    if (written === 0) throw new FencedError(`a source of rows for ${table} is claimed by another process`);
    throw new UnfitRowsError(`StarRocks took ${written} of ${texts.length} rows for ${table}`);
  }

  async #write(statement: string): Promise<number> {
    try {
      return await this.statements.write(statement);
    } catch (error) {
      if (error instanceof StarrocksError && error.kind === 'refused') throw new UnfitRowsError(error.message);
      throw error;
    }
  }
}

/**
 * The rows as text, as many as fit into a statement at a time: what is escaped may be twice as long as it was counted.
 * @throws UnfitRowsError for a row that is too long by itself.
 */
function* statementsOf({ table, columns, rows }: BatchLoad, limits: StatementLimits): Generator<readonly string[]> {
  let texts: string[] = [];
  let [bytes, tokens] = [0, 0];
  for (const row of rows) {
    const text = rowSql(columns, row);
    const size = Buffer.byteLength(text) + 1;
    if (size > limits.bytes) {
      throw new UnfitRowsError(`a row for ${table} has ${size} bytes as SQL, at most ${limits.bytes} can be sent`);
    }
    const more = tokensOf(row);
    if (bytes + size > limits.bytes || (tokens + more > limits.tokens && texts.length > 0)) {
      yield texts;
      texts = [];
      [bytes, tokens] = [0, 0];
    }
    texts.push(text);
    bytes += size;
    tokens += more;
  }
  if (texts.length > 0) yield texts;
}

/** Each value and the comma behind it; brackets. Never less than there are. */
function tokensOf({ cells }: LoadRow): number {
  let tokens = 3;
  for (const cell of cells) tokens += Array.isArray(cell) ? ARRAY_TOKENS + 2 * cell.length : 3;
  return tokens;
}
