import type { StarrocksRow, StarrocksSession } from '../connection/starrocks-connection';
import { StarrocksError } from '../connection/starrocks-error';
import { untilVisible } from '../connection/until-visible';
import { identifier, POSITIONS_TABLE } from '../schema/names';
import { textLiteral } from '../sql/literal';
import { BitmapClaims, positionsOf } from '../writer/bitmap-claims';
import { BEGUN, NEXT, SOURCE } from '../writer/load-sql';
import { SureStatements } from '../writer/statements';
import { FencedError } from '../writer/table-load';
import type { WriterPool } from '../writer/statements';
import { chunksOf } from './chunks';

/** The counter that old changes have been added to. */
const COUNTER = 'lists';
const PREFIX = `${COUNTER}/`;
/** Changes that old are nobody's any more. */
const OLD_MS = 24 * 3_600_000;
/** What a change takes at most once it is said: until it is sent to the pool, in the line of the pool, in StarRocks. */
const LIMITS_A_CHANGE = 3;
/** What StarRocks needs to end a statement. */
const SLACK_MS = 1_000;
const table = identifier(POSITIONS_TABLE);
const [source, begun, next] = [SOURCE, BEGUN, NEXT].map(identifier);

export interface ListChangesOptions {
  readonly pool: WriterPool;
  /** Limit of the pool's statements, which StarRocks keeps too. */
  readonly timeoutMs: number;
  /** Wall clock, ms. */
  readonly clock: () => number;
}

/**
 * Changes of lists as data versions. Each is a source of its own in `sys_positions`, so nobody counts at the same place: begun before it is made, ended when it is
 * visible, so no data version is one of both before and after it.
 */
export class ListChanges {
  /** Changes that are begun and not ended: since when, as of `performance.now()`. */
  #begun: ReadonlyMap<string, number> = new Map();

  constructor(private readonly options: ListChangesOptions) {}

  /**
   * Makes a change of a list. @param change resolves when it is visible.
   * @param before what the session that has said so is to do; it sees all that was written before. @throws StarrocksError; what they throw.
   */
  async make<T>(
    id: string,
    before: (session: StarrocksSession) => Promise<T>,
    change: () => Promise<void>,
  ): Promise<T> {
    const { pool, timeoutMs, clock } = this.options;
    const name = `${PREFIX}${id}/${clock()}`;
    const startedMs = performance.now();
    const end = (): Promise<void> => pool.use((session) => write(session, [name], 1)).catch(() => undefined);
    let [isBegun, isChanging] = [false, false];
    try {
      const found = await pool.use(async (session) => {
        await write(session, [name], 0);
        isBegun = true;
        return before(session);
      });
      // Whoever finds that this process has died waits for what it may have sent until then, and for no longer.
      if (performance.now() - startedMs > timeoutMs) throw new StarrocksError('StarRocks took too long', 'late');
      isChanging = true;
      await change();
      // The change is made. If this fails, `settleLeft` does it.
      await end();
      return found;
    } catch (error) {
      // What may be going on still is ended by `settleLeft`, when it is over.
      const isOver = !(isChanging && error instanceof StarrocksError && error.isUnknown);
      if (isBegun && isOver) await end();
      throw error;
    }
  }

  /**
   * Ends changes of processes that died in the middle: until then no answer has a data version. To be called every few seconds. Whether the change was made
   * does not matter: nothing of it goes on. @throws StarrocksError
   */
  async settleLeft(): Promise<void> {
    const { pool, timeoutMs } = this.options;
    const rows = await pool.rows(
      `SELECT ${source} FROM ${table} WHERE starts_with(${source}, ${textLiteral(PREFIX)}) AND ${begun} <> ${next}`,
    );
    const nowMs = performance.now();
    this.#begun = new Map(rows.map((row) => [nameOf(row), this.#begun.get(nameOf(row)) ?? nowMs] as const));
    const overMs = LIMITS_A_CHANGE * (timeoutMs + SLACK_MS);
    const over = [...this.#begun].filter(([, sinceMs]) => nowMs - sinceMs > overMs).map(([name]) => name);
    for (const some of chunksOf(over)) await pool.use((session) => write(session, some, 1));
  }

  /**
   * Adds old changes to the counter and deletes their rows. The first is one statement under a claim, so the sum of all positions is the same before and after
   * it, and after the second one too. @throws StarrocksError
   */
  async fold(): Promise<void> {
    const { pool, clock } = this.options;
    const old = (row: StarrocksRow): boolean => Number(nameOf(row).split('/').at(-1)) < clock() - OLD_MS;
    const sql =
      `SELECT ${source}, ${next} FROM ${table} ` +
      `WHERE starts_with(${source}, ${textLiteral(PREFIX)}) AND ${begun} = ${next}`;
    if (!(await pool.rows(sql)).some(old)) return;
    await this.#foldUnderClaim(sql, old).catch((error: unknown) => {
      // Another process is at it.
      if (!(error instanceof FencedError)) throw error;
    });
  }

  async #foldUnderClaim(sql: string, old: (row: StarrocksRow) => boolean): Promise<void> {
    const { pool, timeoutMs } = this.options;
    const claims = new BitmapClaims(new SureStatements(pool, timeoutMs));
    const claim = await claims.take(COUNTER);
    // Under the claim nobody else adds them.
    const changes = positionsOf((await claims.read(claim, sql)).filter(old));
    const [counter] = positionsOf(
      await claims.read(claim, `SELECT * FROM ${table} WHERE ${source} = ${textLiteral(COUNTER)}`),
    );
    let sum = counter?.next ?? 0;
    for (const some of chunksOf(changes)) {
      sum += some.reduce((added, one) => added + one.next, 0);
      const counted = { source: COUNTER, next: sum, writer: claim.writer };
      await claims.put(claim, [counted, ...some.map((one) => ({ source: one.source, next: 0, writer: '' }))]);
      const names = some.map((one) => textLiteral(one.source)).join(', ');
      await claims.delete(claim, `DELETE FROM ${table} WHERE ${source} IN (${names})`);
    }
    await claims.giveBack(claim, [{ source: COUNTER, next: sum, writer: '' }]);
  }
}

function nameOf(row: StarrocksRow): string {
  return String(row[SOURCE]);
}

/** Resolves when the session's next query sees it. */
async function write(session: StarrocksSession, names: readonly string[], ended: 0 | 1): Promise<void> {
  const values = names.map((name) => `(${textLiteral(name)}, 1, ${ended})`).join(', ');
  await untilVisible(
    session,
    await session.write(`INSERT INTO ${table} (${source}, ${begun}, ${next}) VALUES ${values}`),
    {},
  );
}
