import type { DataVersion } from '@tessera/audience';
import type { StarrocksSession, StatementOptions } from '../connection/starrocks-connection';
import { identifier, POSITIONS_TABLE } from '../schema/names';

const TRIES = 3;
const RECENT_MS = 100;
const STATEMENT =
  `SELECT sum(${identifier('sys_begun')}) AS begun, sum(${identifier('sys_next')}) AS next ` +
  `FROM ${identifier(POSITIONS_TABLE)}`;

/** How far all sources together have been written. */
interface Positions {
  /** Up to which writing has begun. */
  readonly begun: string;
  /** Up to which everything is visible. */
  readonly next: string;
  readonly atMs: number;
}

/**
 * Asks until the answer is of one moment: nobody was writing before it and nothing has been written since. A writer says what it begins before its
 * first row is visible and what it has finished after its last one, so equal sums on both sides mean that no row has become visible between. After
 * three tries the answer is of no single version.
 */
export async function answerAtOneVersion<T>(
  session: StarrocksSession,
  ask: () => Promise<T>,
  limits: () => StatementOptions,
): Promise<{ readonly value: T; readonly dataVersion: DataVersion }> {
  let before = recentOf(session) ?? (await positions(session, limits()));
  for (let left = TRIES - 1; ; left -= 1) {
    const value = await ask();
    const after = await positions(session, limits());
    if (before.begun === before.next && before.begun === after.begun && before.next === after.next) {
      return { value, dataVersion: Number(after.next) };
    }
    if (left === 0) return { value, dataVersion: null };
    before = after;
  }
}

async function positions(session: StarrocksSession, options: StatementOptions): Promise<Positions> {
  const [row] = await session.rows(STATEMENT, options);
  const read = { begun: String(row?.['begun'] ?? 0), next: String(row?.['next'] ?? 0), atMs: performance.now() };
  lastRead.set(session, read);
  return read;
}

/** Of each session the last positions read: sums only grow, and what a frontend shows never goes back. */
const lastRead = new WeakMap<StarrocksSession, Positions>();

/**
 * What stood at the end of an answer on this session just now stood before this one too, if it stands after it. Of an older one it is likely that
 * it does not, and then an answer would have been asked for in vain.
 */
function recentOf(session: StarrocksSession): Positions | undefined {
  const last = lastRead.get(session);
  return last !== undefined && performance.now() - last.atMs <= RECENT_MS ? last : undefined;
}
