import { addressOf, Frontends, readAccount } from './frontends';
import type { Account, Frontend } from './frontends';
import { StarrocksConnection } from './starrocks-connection';
import type { StarrocksRow, StarrocksSession, StatementOptions } from './starrocks-connection';
import { StarrocksError } from './starrocks-error';
import { untilVisible } from './until-visible';
import { WaitingLine } from './waiting-line';
import type { WriteOutcome } from './write-outcome';

export interface StarrocksOptions {
  /** `mysql://user:password@host:port` of one or more frontends (not of a balancer before them); one user for all. */
  readonly urls: readonly string[];
  /** Null: none, for what is done to databases. */
  readonly database: string | null;
  /** Statements under way at once (16). */
  readonly concurrency?: number;
  /** Statements that may wait for those (256); more are refused. */
  readonly waitingMax?: number;
  /** How long a statement may take, and how long it may wait before (60 s). */
  readonly timeoutMs?: number;
  /** How long a frontend may take to let us in (3 s; 15 s if there is no other one). */
  readonly connectMs?: number;
  /**
   * Asked where a read or stream begins, in its caller's asynchronous context. True: its frontend first hears of everything that is committed by then
   * (`SYNC`, which needs no right), whichever frontend told the caller of it. Left out: never.
   */
  readonly syncsFirst?: () => boolean;
}

interface Held {
  readonly connection: StarrocksConnection;
  readonly release: () => void;
}

interface Idle {
  readonly connection: StarrocksConnection;
  readonly sinceMs: number;
}

const CONCURRENCY = 16;
const WAITING_MAX = 256;
const TIMEOUT_MS = 60_000;
const CONNECT_MS = 3_000;
const CONNECT_ALONE_MS = 15_000;
/** What asks whether StarRocks is there waits no longer. */
const STATE_MS = 3_000;
/**
 * A connection that was idle for longer is asked whether it still is one before it is used; before a statement that is sent once, any.
 */
const TRUSTED_MS = 500;
/** One that was idle for longer is closed. */
const IDLE_MS_MAX = 60_000;
const PING_MS_MAX = 1_000;

/**
 * Connections to the frontends of one StarRocks, opened when needed and used again. A frontend that does not answer is left for another one; what was sent to
 * it is repeated there only if that can do no harm.
 */
export class StarrocksPool {
  readonly #frontends: Frontends;
  readonly #account: Account;
  readonly #line: WaitingLine;
  readonly #idle: Idle[] = [];
  /** What holds a connection; each resolves when it is given back. */
  readonly #busy = new Set<Promise<void>>();
  readonly #timeoutMs: number;
  readonly #sweeper: NodeJS.Timeout;
  #isClosed = false;

  /** Connects when it is first asked. */
  constructor(private readonly options: StarrocksOptions) {
    const { urls, concurrency = CONCURRENCY, waitingMax = WAITING_MAX, timeoutMs = TIMEOUT_MS } = options;
    this.#frontends = new Frontends(urls);
    this.#account = readAccount(urls);
    this.#line = new WaitingLine(concurrency, waitingMax);
    this.#timeoutMs = timeoutMs;
    this.#sweeper = setInterval(() => {
      this.#sweep();
    }, IDLE_MS_MAX / 4).unref();
  }

  /** Statements that wait. */
  get waiting(): number {
    return this.#line.waiting;
  }

  /** What a query finds. Asked again, of another frontend, when a connection breaks. @throws StarrocksError; the signal's reason. */
  rows(statement: string, options: StatementOptions = {}): Promise<readonly StarrocksRow[]> {
    return this.read((session) => session.rows(statement, options), options);
  }

  /** INSERT, UPDATE, DELETE: sent once. @throws StarrocksError, with `isUnknown` where it may have been done; the signal's reason, and then it may have been done too. */
  write(statement: string, options: StatementOptions = {}): Promise<WriteOutcome> {
    return this.use((session) => session.write(statement, options), options);
  }

  /** DDL and the like: sent once. @throws as `write`. */
  run(statement: string, options: StatementOptions = {}): Promise<void> {
    return this.use((session) => session.run(statement, options), options);
  }

  /**
   * Statements that belong together, one after the other on one connection: they see the state of one frontend, which never goes back. When that breaks `work` is run
   * again from its beginning, on another frontend, so it must do nothing but read.
   *
   * @throws StarrocksError, the signal's reason, what `work` throws.
   */
  async read<T>(work: (session: StarrocksSession) => Promise<T>, options: StatementOptions = {}): Promise<T> {
    const untilMs = performance.now() + (options.timeoutMs ?? this.#timeoutMs);
    const syncsFirst = this.#syncsFirst();
    for (let left = this.#frontends.count; ; left--) {
      try {
        return await this.#with(syncsFirst ? inSync(work, options) : work, options, TRUSTED_MS);
      } catch (error) {
        const isWorthIt = error instanceof StarrocksError && error.kind === 'lost';
        if (!isWorthIt || left === 0 || this.#isClosed || performance.now() > untilMs) throw error;
      }
    }
  }

  /** As `read`, once: for statements that change something. @throws as `read`. */
  use<T>(work: (session: StarrocksSession) => Promise<T>, options: StatementOptions = {}): Promise<T> {
    return this.#with(work, options, 0);
  }

  async #with<T>(
    work: (session: StarrocksSession) => Promise<T>,
    options: StatementOptions,
    trustedMs: number,
  ): Promise<T> {
    const { connection, release } = await this.#hold(options, trustedMs);
    try {
      return await work(connection);
    } catch (error) {
      if (error instanceof StarrocksError && error.kind === 'lost') this.#doubt(connection.frontend);
      throw error;
    } finally {
      release();
    }
  }

  /** A query row by row. Not asked again when it breaks. @throws as `rows`. */
  async *stream(statement: string, options: StatementOptions = {}): AsyncGenerator<StarrocksRow> {
    const syncsFirst = this.#syncsFirst();
    const { connection, release } = await this.#hold(options, 0);
    try {
      if (syncsFirst) await connection.run('SYNC', options);
      yield* connection.stream(statement, options);
    } finally {
      release();
    }
  }

  /**
   * Waits until what was written is seen by every query that begins then. @throws StarrocksError `late` if that takes too long, `refused` if it will never be.
   */
  untilVisible(outcome: WriteOutcome, options: StatementOptions = {}): Promise<void> {
    if (outcome.isVisible) return Promise.resolve();
    const limits = { timeoutMs: this.#timeoutMs, ...options };
    return this.read((session) => untilVisible(session, outcome, limits), options);
  }

  /** For readiness: asks a frontend. */
  async state(): Promise<{ readonly ok: true } | { readonly ok: false; readonly detail: string }> {
    try {
      await this.rows('SELECT 1', { timeoutMs: Math.min(this.#timeoutMs, STATE_MS) });
      return { ok: true };
    } catch (error) {
      return { ok: false, detail: error instanceof Error ? error.message : String(error) };
    }
  }

  #syncsFirst(): boolean {
    return this.options.syncsFirst?.() ?? false;
  }

  /** Waits for the statements under way; those that wait for a connection fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    this.#line.close();
    await Promise.all(this.#busy);
    for (const { connection } of this.#idle.splice(0)) connection.destroy();
  }

  /** A connection and a place for it, until it is released. @param trustedMs one that was idle for no longer is used as it is. */
  async #hold({ signal, timeoutMs = this.#timeoutMs }: StatementOptions, trustedMs: number): Promise<Held> {
    const giveBack = await this.#line.take(timeoutMs, signal);
    let end: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      end = () => {
        this.#busy.delete(held);
        giveBack();
        resolve();
      };
    });
    this.#busy.add(held);
    try {
      const connection = await this.#connection(signal, trustedMs);
      return {
        connection,
        release: () => {
          this.#release(connection, end);
        },
      };
    } catch (error) {
      end();
      throw error;
    }
  }

  async #connection(signal: AbortSignal | undefined, trustedMs: number): Promise<StarrocksConnection> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      const { connection, sinceMs } = idle;
      const { isUsable } = connection;
      const isTrusted = isUsable && performance.now() - sinceMs < trustedMs;
      if (isTrusted || (await connection.ping(PING_MS_MAX))) return connection;
      connection.destroy();
      // It has fallen silent: to ask on each of its connections would take a second each.
      if (isUsable) this.#doubt(connection.frontend);
    }
    return this.#connect(signal);
  }

  /** Tries the frontends until one lets us in. */
  async #connect(signal: AbortSignal | undefined): Promise<StarrocksConnection> {
    const isAlone = this.#frontends.count === 1;
    const { database, connectMs = isAlone ? CONNECT_ALONE_MS : CONNECT_MS } = this.options;
    const reasons: string[] = [];
    for (const frontend of this.#frontends.inTurn()) {
      signal?.throwIfAborted();
      try {
        const timeoutMs = this.#timeoutMs;
        const account = this.#account;
        const connection = await StarrocksConnection.open({ frontend, account, database, connectMs, timeoutMs });
        this.#frontends.answers(frontend);
        return connection;
      } catch (error) {
        if (!(error instanceof StarrocksError) || error.kind === 'denied' || error.kind === 'refused') throw error;
        this.#frontends.failed(frontend);
        reasons.push(`${addressOf(frontend)}: ${error.message}`);
      }
    }
    throw new StarrocksError(`no frontend of StarRocks answers (${reasons.join('; ')})`, 'unreachable');
  }

  /** A connection to it broke: others that nobody uses are likely to be broken too. */
  #doubt(frontend: Frontend): void {
    this.#frontends.failed(frontend);
    const address = addressOf(frontend);
    for (const idle of this.#idle.filter(({ connection }) => addressOf(connection.frontend) === address)) {
      this.#idle.splice(this.#idle.indexOf(idle), 1);
      idle.connection.destroy();
    }
  }

  #release(connection: StarrocksConnection, end: () => void): void {
    if (connection.isUsable && !this.#isClosed) {
      this.#idle.push({ connection, sinceMs: performance.now() });
      end();
      return;
    }
    if (connection.isUsable) connection.destroy();
    // The place is free when StarRocks has stopped what was under way there.
    void connection.ended.finally(end);
  }

  #sweep(): void {
    const oldestMs = performance.now() - IDLE_MS_MAX;
    const kept = this.#idle.filter(({ connection, sinceMs }) => {
      if (connection.isUsable && sinceMs >= oldestMs) return true;
      connection.destroy();
      return false;
    });
    this.#idle.splice(0, this.#idle.length, ...kept);
  }
}

function inSync<T>(
  work: (session: StarrocksSession) => Promise<T>,
  options: StatementOptions,
): (session: StarrocksSession) => Promise<T> {
  return async (session) => {
    await session.run('SYNC', options);
    return work(session);
  };
}
