import type { Connection, Query, ResultSetHeader, TypeCastField, TypeCastNext } from 'mysql2';
import { addressOf } from './frontends';
import type { Account, Frontend } from './frontends';
import { isUnknownVariable, StarrocksError, starrocksError } from './starrocks-error';
import { readWriteOutcome } from './write-outcome';
import type { WriteOutcome } from './write-outcome';

/**
 * A row by column: TINYINT to INT and BOOLEAN (0, 1) are numbers, DOUBLE too; BIGINT, LARGEINT, DECIMAL, DATE and DATETIME are the text that StarRocks
 * gives, as are texts and arrays.
 */
export interface StarrocksRow {
  readonly [column: string]: string | number | null;
}

export interface StatementOptions {
  /** Stops the statement, in StarRocks too; it then fails with the signal's reason. */
  readonly signal?: AbortSignal;
  /** How long it may take (that of the pool). */
  readonly timeoutMs?: number;
}

/** Statements one after the other, all to the same frontend: what one sees, the next one sees too. */
export interface StarrocksSession {
  /** What a query finds. */
  rows(statement: string, options?: StatementOptions): Promise<readonly StarrocksRow[]>;
  /** The same row by row, with a few of them in memory. Leaving the loop early stops the statement. */
  stream(statement: string, options?: StatementOptions): AsyncIterable<StarrocksRow>;
  /** INSERT, UPDATE, DELETE. */
  write(statement: string, options?: StatementOptions): Promise<WriteOutcome>;
  /** Anything else: DDL, KILL. */
  run(statement: string, options?: StatementOptions): Promise<void>;
}

export interface ConnectionOptions {
  readonly frontend: Frontend;
  readonly account: Account;
  /** Null: none, for what is done to databases. */
  readonly database: string | null;
  readonly connectMs: number;
  readonly timeoutMs: number;
}

const KILL_MS_MAX = 3_000;
const STREAM_ROWS = 64;

/** One connection to one frontend, by the text protocol alone. It can be used again as long as `isUsable`. */
export class StarrocksConnection implements StarrocksSession {
  #isUsable = true;
  /** Statements being stopped. */
  #ending: Promise<void> = Promise.resolve();

  private constructor(
    private readonly connection: Connection,
    private readonly options: ConnectionOptions,
  ) {
    // Of one that nobody uses now.
    connection.on('error', () => {
      this.#isUsable = false;
    });
    connection.on('end', () => {
      this.#isUsable = false;
    });
  }

  /** @throws StarrocksError */
  static async open(options: ConnectionOptions): Promise<StarrocksConnection> {
    const connection = await connect(options);
    const opened = new StarrocksConnection(connection, options);
    try {
      await opened.#setVariables();
    } catch (error) {
      opened.destroy();
      throw error;
    }
    return opened;
  }

  get frontend(): Frontend {
    return this.options.frontend;
  }

  get isUsable(): boolean {
    return this.#isUsable;
  }

  /** Resolves when nothing of it goes on in StarRocks any more, or that can't be known. */
  get ended(): Promise<void> {
    return this.#ending;
  }

  destroy(): void {
    this.#isUsable = false;
    this.connection.destroy();
  }

  async rows(statement: string, options: StatementOptions = {}): Promise<readonly StarrocksRow[]> {
    const { result } = await this.#query(withTimeout(statement, options), options);
    return Array.isArray(result) ? (result as StarrocksRow[]) : [];
  }

  async write(statement: string, options: StatementOptions = {}): Promise<WriteOutcome> {
    const { result } = await this.#query(statement, options);
    const { affectedRows, info } = result as ResultSetHeader;
    return readWriteOutcome(affectedRows, info);
  }

  async run(statement: string, options: StatementOptions = {}): Promise<void> {
    await this.#query(statement, options);
  }

  async *stream(statement: string, options: StatementOptions = {}): AsyncGenerator<StarrocksRow> {
    this.#checkUsable();
    options.signal?.throwIfAborted();
    const guard = this.#guard(options);
    let isComplete = false;
    try {
      const query: Query = this.connection.query(withTimeout(statement, options));
      const rows = query.stream({ highWaterMark: STREAM_ROWS });
      guard.stopped.catch((error: unknown) => rows.destroy(error as Error));
      for await (const row of rows) yield row as StarrocksRow;
      isComplete = true;
    } catch (error) {
      isComplete = this.#isAnswer(error);
      throw guard.reason ?? this.#failure(error);
    } finally {
      guard.end();
      if (!isComplete && guard.reason === null) this.#stop();
    }
  }

  /** False: it answers no more. @param limitMs how long it may take to say so. */
  async ping(limitMs: number): Promise<boolean> {
    if (!this.#isUsable) return false;
    const answers = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(resolve, limitMs, false);
      // Where all is well the driver gives nothing at all.
      this.connection.ping((error: unknown) => {
        clearTimeout(timer);
        resolve(!(error instanceof Error));
      });
    });
    if (!answers) this.destroy();
    return answers;
  }

  /** The connection's own limits, for statements that can't carry a hint, and what a write is to mean. */
  async #setVariables(): Promise<void> {
    const seconds = secondsOf(this.options.timeoutMs);
    const timeoutMs = this.options.connectMs;
    const variables = [
      `query_timeout = ${seconds}`,
      // Came with 3.4; before, the first was for both.
      `insert_timeout = ${seconds}`,
      // A write is answered when it is seen, not after 10 s. `untilVisible` is for frontends that do not hand the variable on to their leader.
      `tx_visible_wait_timeout = ${seconds}`,
      // In ms; 3,000 by default, which a large question on a busy frontend may need for its plan alone.
      `new_planner_optimize_timeout = ${seconds * 1_000}`,
      // Columns that an INSERT does not name keep their values, whatever a server's default says.
      'enable_insert_partial_update = true',
      // Whole rows are written then. By `auto` an INSERT of few columns writes them beside the rows, keys alone among them.
      "partial_update_mode = 'row'",
    ];
    for (const variable of variables) {
      await this.run(`SET ${variable}`, { timeoutMs }).catch((error: unknown) => {
        if (!isUnknownVariable(error)) throw error;
      });
    }
  }

  async #query(statement: string, options: StatementOptions): Promise<{ readonly result: unknown }> {
    this.#checkUsable();
    options.signal?.throwIfAborted();
    const guard = this.#guard(options);
    try {
      const answered = new Promise<{ readonly result: unknown }>((resolve, reject) => {
        this.connection.query(statement, (error, result) => {
          if (error === null) resolve({ result });
          else reject(error);
        });
      });
      // Of one that was stopped nobody waits for the answer.
      answered.catch(() => undefined);
      return await Promise.race([answered, guard.stopped]);
    } catch (error) {
      throw guard.reason ?? this.#failure(error);
    } finally {
      guard.end();
    }
  }

  #checkUsable(): void {
    if (!this.#isUsable) throw new StarrocksError('the connection to StarRocks is closed', 'lost');
  }

  /** Stops the statement that begins now when its time is over or its signal says so. */
  #guard({ signal, timeoutMs = this.options.timeoutMs }: StatementOptions): Guard {
    let fail: (error: Error) => void = () => undefined;
    const stopped = new Promise<never>((_, reject) => {
      fail = reject;
    });
    stopped.catch(() => undefined);
    const stop = (error: Error): void => {
      guard.end();
      guard.reason = error;
      this.#stop();
      fail(error);
    };
    const aborted = (): void => {
      const reason: unknown = signal?.reason;
      stop(reason instanceof Error ? reason : new Error(String(reason)));
    };
    const timer = setTimeout(() => {
      stop(new StarrocksError(`StarRocks gave no answer within ${timeoutMs / 1_000} s`, 'late'));
    }, timeoutMs);
    signal?.addEventListener('abort', aborted, { once: true });
    const guard: Guard = {
      stopped,
      reason: null,
      end: () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
      },
    };
    return guard;
  }

  /** Ends what runs here by word from another connection to the same frontend: ids of connections are each frontend's own. */
  #stop(): void {
    if (!this.#isUsable) return;
    this.#isUsable = false;
    this.#ending = kill(this.options, this.connection.threadId).finally(() => {
      this.connection.destroy();
    });
  }

  #failure(error: unknown): StarrocksError {
    if (!this.#isAnswer(error)) this.destroy();
    return starrocksError(error, [this.options.account.password]);
  }

  /** True: StarRocks has answered, and the connection goes on. */
  #isAnswer(error: unknown): boolean {
    const isFatal = error instanceof Error && 'fatal' in error && error.fatal === true;
    return !isFatal && starrocksError(error, []).kind !== 'lost';
  }
}

interface Guard {
  /** Fails when the statement is stopped. */
  readonly stopped: Promise<never>;
  /** Why it was stopped. */
  reason: Error | null;
  end(): void;
}

/** @throws StarrocksError */
async function connect({ frontend, account, database, connectMs }: ConnectionOptions): Promise<Connection> {
  // Loaded by those alone who use it.
  const { createConnection } = await import('mysql2');
  const connection = createConnection({
    host: frontend.host,
    port: frontend.port,
    ...account,
    ...(database === null ? {} : { database }),
    connectTimeout: connectMs,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    // Statements are whole. Else each character of them would be looked at for a place to put a value, which takes longer than writing them.
    queryFormat: (statement: string) => statement,
    typeCast,
  });
  return new Promise((resolve, reject) => {
    // The driver's own limit ends with the connection of the socket; a server that then says nothing has to be given up too.
    const timer = setTimeout(() => {
      settle(new StarrocksError(`${addressOf(frontend)} says nothing`, 'unreachable'));
    }, connectMs);
    const settle = (error: Error | null): void => {
      clearTimeout(timer);
      connection.removeListener('error', settle);
      if (error === null) {
        resolve(connection);
        return;
      }
      // Whatever else becomes of it.
      connection.on('error', () => undefined);
      connection.destroy();
      const known = starrocksError(error, [account.password]);
      const kind = known.kind === 'lost' ? 'unreachable' : known.kind;
      reject(new StarrocksError(known.message, kind, known.code));
    };
    connection.on('error', settle);
    connection.connect(settle);
  });
}

async function kill(options: ConnectionOptions, threadId: number | null): Promise<void> {
  if (threadId === null) return;
  const limits = { connectMs: Math.min(options.connectMs, KILL_MS_MAX), timeoutMs: KILL_MS_MAX };
  try {
    const connection = await connect({ ...options, ...limits });
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, KILL_MS_MAX);
      connection.query(`KILL QUERY ${threadId}`, () => {
        clearTimeout(timer);
        resolve();
      });
    });
    connection.destroy();
  } catch {
    // It ends by its own limit of time.
  }
}

/**
 * StarRocks labels texts as what the driver reads as CESU-8, which spoils characters of four bytes: they are UTF-8. Whole numbers of 8 bytes and decimals
 * come as text by the connection's options.
 */
function typeCast(field: TypeCastField, next: TypeCastNext): unknown {
  switch (field.type) {
    case 'VARCHAR':
    case 'VAR_STRING':
    case 'STRING':
    case 'JSON':
      return field.string('utf8');
    default:
      return next();
  }
}

/** A hint in a query that has a limit of its own; any other statement has that of the connection. */
function withTimeout(statement: string, { timeoutMs }: StatementOptions): string {
  if (timeoutMs === undefined) return statement;
  return statement.replace(
    /^\s*SELECT\b(?!\s*\/\*\+)/i,
    `SELECT /*+ SET_VAR(query_timeout = ${secondsOf(timeoutMs)}) */`,
  );
}

function secondsOf(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}
